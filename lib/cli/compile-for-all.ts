import {
  type CompiledCode,
  type Compiler,
  type CompilerConfig,
  loadCompiler,
} from '../compiler.js';
import { CliError } from './cli-error.js';
import type { EngineOptions } from './command-module.js';
import { readGuest } from './guest-bytes.js';

const AVX512 = ['f', 'dq', 'vl', 'bitalg', 'vbmi', 'vnni'].map((part) => `has_avx512${part}`);
const ARM = ['has_lse', 'has_pauth', 'has_fp16', 'has_dotprod'];

/**
 * The machines that profiles come from, by the code that Cranelift makes for them, newest first; without a flag,
 * code that Wasmtime compiled for any. Functions are the same on all operating systems, but for macOS on ARM.
 */
const MACHINES: readonly { arch: string; target: string; flags: readonly string[] }[] = [
  { arch: 'x64', target: 'x86_64-unknown-linux-gnu', flags: ['haswell', ...AVX512] },
  { arch: 'x64', target: 'x86_64-unknown-linux-gnu', flags: ['haswell'] },
  { arch: 'x64', target: 'x86_64-unknown-linux-gnu', flags: ['skylake-avx512'] },
  { arch: 'x64', target: 'x86_64-unknown-linux-gnu', flags: [] },
  { arch: 'arm64', target: 'aarch64-unknown-linux-gnu', flags: ARM },
  {
    arch: 'arm64',
    target: 'aarch64-apple-darwin',
    flags: [...ARM, 'sign_return_address', 'sign_return_address_with_bkey'],
  },
];

/** Compiles for each kind of machine, those like this one first, without the addon. */
export async function* compileForAll(
  path: string,
  options: readonly EngineOptions[],
): AsyncIterable<CompiledCode[]> {
  const bytes = readGuest(path);
  const compiler = loadCompiler();
  const isLikeThis = ({ arch }: { arch: string }) => arch === process.arch;
  const others = MACHINES.filter((machine) => !isLikeThis(machine));
  for (const { target, flags } of [...MACHINES.filter(isLikeThis), ...others]) {
    for (const { wasmFeatures, fuel = false, epochs } of options) {
      yield compile(compiler, path, bytes, {
        ...wasmFeatures,
        epochInterruption: epochs,
        consumeFuel: fuel !== false,
        target,
        flags,
      });
    }
  }
}

function compile(
  compiler: Compiler,
  path: string,
  bytes: Uint8Array,
  config: CompilerConfig,
): CompiledCode[] {
  try {
    return compiler.compile(config, bytes);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const what = code === 'InvalidArg' ? '' : `${path} is no valid WebAssembly: `;
    throw new CliError(`${what}${message}`, { cause: error });
  }
}
