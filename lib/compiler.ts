import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext } from '@emnapi/runtime';
import {
  emnapiAsyncWorkPlugin,
  emnapiTSFNPlugin,
  instantiateNapiModuleSync,
  WASI,
} from '@napi-rs/wasm-runtime';
import type { NativeCode } from './generated/native.js';
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

const FILE = fileURLToPath(new URL('../wasm/compiler.wasm', import.meta.url));
/** 64 KiB each: what its data and stack take at the start, and the most that WebAssembly has. */
const PAGES = { initial: 1536, maximum: 65_536 };

/** TypeScript has the types of browsers for this alone. */
const { Memory } = (
  globalThis as unknown as { WebAssembly: { Memory: new (pages: typeof PAGES) => object } }
).WebAssembly;

let loaded: Compiler | undefined;

/** Whether the compiler was built, as it is in the published package. */
export function hasCompiler(): boolean {
  return existsSync(FILE);
}

/** The compiler as WebAssembly, which needs no addon. Loaded once. */
export function loadCompiler(): Compiler {
  loaded ??= instantiate();
  return loaded;
}

function instantiate(): Compiler {
  const memory = new Memory(PAGES);
  const { napiModule } = instantiateNapiModuleSync(readFileSync(FILE), {
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
