import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createContext } from '@emnapi/runtime';
import {
  emnapiAsyncWorkPlugin,
  emnapiTSFNPlugin,
  instantiateNapiModuleSync,
  WASI,
} from '@napi-rs/wasm-runtime';
import type { NativeCode } from './generated/native.js';
import { ownDirectories, packageAround, requireFrom } from './own-files.js';
import type { WasmFeature } from './runtime/wasm-features.js';

/** Compiled code of one module, what of it shows where its instructions come from. */
export type CompiledCode = Pick<
  NativeCode,
  | 'number'
  | 'name'
  | 'hasBinary'
  | 'sha256'
  | 'functions'
  | 'disassemble'
  | 'wasmOffsets'
  | 'addressMap'
>;

/** What decides which code a module becomes. */
export interface CompilerConfig extends Partial<Record<WasmFeature, boolean>> {
  /** A target triple. */
  readonly target: string;
  /** What Cranelift calls the processor, and what it has besides: `haswell`, `has_avx512f`. */
  readonly flags: readonly string[];
  readonly epochInterruption?: boolean;
  readonly consumeFuel?: boolean;
  readonly sharedMemory?: boolean;
}

/** Wasmtime's compiler, which can't run what it makes. */
export interface Compiler {
  /**
   * Compiles a module or a component, binary or text; the code of each module that has functions.
   *
   * @throws Error with Wasmtime's message, with the `code` `InvalidArg` where the configuration is wrong.
   */
  compile(config: CompilerConfig, bytes: Uint8Array): CompiledCode[];
  wasmtimeVersion(): string;
}

/** What to install where there is none: the few who need it alone download it. */
export const COMPILER_PACKAGE = 'wasmtime-guest-profiler-compiler';

/** 64 KiB each: what its data and stack take at the start, and the most that WebAssembly has. */
const PAGES = { initial: 1536, maximum: 65_536 };

/** TypeScript has the types of browsers for this alone. */
const { Memory } = (
  globalThis as unknown as { WebAssembly: { Memory: new (pages: typeof PAGES) => object } }
).WebAssembly;

let loaded: Compiler | undefined;

/** Whether there is one: its package is installed, or it was built here. */
export function hasCompiler(): boolean {
  return findCompiler() !== undefined;
}

/**
 * The compiler as WebAssembly, which needs no addon. Loaded once.
 *
 * @throws Error where there is none ({@link hasCompiler}), or where its package is of another version than this one.
 */
export function loadCompiler(): Compiler {
  loaded ??= instantiate(findCompiler());
  return loaded;
}

/** The compiler's file: what was built here, else that of its package. */
function findCompiler(): string | undefined {
  for (const place of ownDirectories()) {
    const root = packageAround(place);
    if (root === undefined) continue;
    const built = path.join(root, 'wasm', 'compiler.wasm');
    if (existsSync(built)) return built;
    const { resolve } = requireFrom(path.join(root, 'package.json'));
    try {
      const installed = resolve(`${COMPILER_PACKAGE}/compiler.wasm`);
      checkVersion(path.dirname(installed), root);
      return installed;
    } catch (error) {
      if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

/** What loads the compiler has to be of the version of what is linked into it. */
function checkVersion(installed: string, root: string): void {
  const [theirs, ours] = [installed, root].map((directory) => {
    const { version } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
    return version as string;
  });
  if (theirs !== ours) {
    throw new Error(
      `${COMPILER_PACKAGE} is of version ${theirs}, and wasmtime-guest-profiler of ${ours}: ` +
        `npm install ${COMPILER_PACKAGE}@${ours}`,
    );
  }
}

function instantiate(file: string | undefined): Compiler {
  if (file === undefined) throw new Error(`${COMPILER_PACKAGE} is not installed`);
  const memory = new Memory(PAGES);
  const { napiModule } = instantiateNapiModuleSync(readFileSync(file), {
    context: createContext(),
    asyncWorkPoolSize: 0,
    plugins: [emnapiAsyncWorkPlugin, emnapiTSFNPlugin],
    // No file, argument or variable of the machine is given to it.
    wasi: new WASI({ version: 'preview1' }),
    overwriteImports: (imports) => ({
      ...imports,
      env: { ...imports['env'], ...imports['napi'], ...imports['emnapi'], memory },
    }),
    // napi-rs registers what it exports by calling functions of such a name.
    beforeInit: ({ instance }) => {
      for (const [name, register] of Object.entries(instance.exports)) {
        if (name.startsWith('__napi_register__')) (register as () => void)();
      }
    },
  });
  return napiModule.exports as Compiler;
}
