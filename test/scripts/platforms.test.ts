import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const {
  machineOf,
  platformOf,
}: {
  machineOf(bytes: Buffer): string;
  platformOf(triple: string): Readonly<Record<string, string>>;
} = await import(new URL('../../scripts/platforms.mjs', import.meta.url).href);

describe('platformOf', () => {
  it.each([
    ['x86_64-unknown-linux-gnu', { name: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' }],
    [
      'aarch64-unknown-linux-musl',
      { name: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
    ],
    ['aarch64-apple-darwin', { name: 'darwin-arm64', os: 'darwin', cpu: 'arm64' }],
    ['x86_64-pc-windows-msvc', { name: 'win32-x64-msvc', os: 'win32', cpu: 'x64' }],
  ])('%s', (triple, expected) => {
    expect(platformOf(triple)).toEqual(expected);
  });
});

describe('machineOf', () => {
  const bytes = (write: (bytes: Buffer) => void) => {
    const made = Buffer.alloc(128);
    write(made);
    return made;
  };

  it.each([
    [
      'ELF',
      'linux arm64',
      bytes((file) => {
        file.write('\x7fELF', 'latin1');
        file.writeUInt16LE(0xb7, 18);
      }),
    ],
    [
      'Mach-O',
      'darwin x64',
      bytes((file) => {
        file.writeUInt32LE(0xfeedfacf, 0);
        file.writeUInt32LE(0x1000007, 4);
      }),
    ],
    [
      'PE',
      'win32 x64',
      bytes((file) => {
        file.write('MZ');
        file.writeUInt32LE(64, 60);
        file.writeUInt16LE(0x8664, 68);
      }),
    ],
    [
      'a processor that none of ours is',
      'linux 0x28',
      bytes((file) => {
        file.write('\x7fELF', 'latin1');
        file.writeUInt16LE(0x28, 18);
      }),
    ],
  ])('%s', (_, expected, file) => {
    expect(machineOf(file)).toBe(expected);
  });

  it('this Node', () => {
    expect(machineOf(readFileSync(process.execPath))).toBe(`${process.platform} ${process.arch}`);
  });

  it.each([Buffer.alloc(0), Buffer.alloc(128), Buffer.from('MZ')])('what is none', (file) => {
    expect(machineOf(file)).toBe('no program');
  });
});
