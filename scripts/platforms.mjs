// What package.json's targets are to npm, and which machine an addon is for. Of pack.mjs and of tests.
import { parseTriple } from '@napi-rs/cli';

/**
 * What a target is to npm: the end of its package's name, and the fields of its manifest.
 *
 * @param {string} triple
 */
export function platformOf(triple) {
  const { platformArchABI, platform, arch, abi } = parseTriple(triple);
  const libc = { gnu: 'glibc', musl: 'musl' };
  return {
    name: platformArchABI,
    os: platform,
    cpu: arch,
    libc: platform === 'linux' ? libc[abi] : undefined,
  };
}

/** `e_machine` of ELF, `cputype` of Mach-O, `Machine` of PE: by the names of npm. */
const CPUS = {
  linux: { 62: 'x64', 183: 'arm64' },
  darwin: { 16777223: 'x64', 16777228: 'arm64' },
  win32: { 34404: 'x64', 43620: 'arm64' },
};

/**
 * The system and the processor that a program or a dynamic library is for, as `linux x64`.
 *
 * @param {Buffer} bytes
 */
export function machineOf(bytes) {
  const [os, cpu] = fieldsOf(bytes) ?? [];
  if (os === undefined) return 'no program';
  return `${os} ${CPUS[os][cpu] ?? `0x${cpu.toString(16)}`}`;
}

function fieldsOf(bytes) {
  // None is shorter than the longest header.
  if (bytes.length < 64) return undefined;
  if (bytes.toString('latin1', 0, 4) === '\x7fELF') return ['linux', bytes.readUInt16LE(18)];
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return ['darwin', bytes.readUInt32LE(4)];
  if (bytes.toString('latin1', 0, 2) === 'MZ') {
    const header = bytes.readUInt32LE(60);
    return ['win32', bytes.readUInt16LE(Math.min(header + 4, bytes.length - 2))];
  }
  return undefined;
}
