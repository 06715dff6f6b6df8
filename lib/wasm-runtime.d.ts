/** What is used of `@napi-rs/wasm-runtime`, which has no types of its own. */
declare module '@napi-rs/wasm-runtime' {
  import type { Context } from '@emnapi/runtime';

  type Imports = Record<string, Record<string, unknown>>;

  export function instantiateNapiModuleSync(
    wasm: Uint8Array,
    options: {
      context: Context;
      asyncWorkPoolSize: number;
      plugins: readonly unknown[];
      wasi: WASI;
      overwriteImports(imports: Imports): Imports;
      beforeInit(source: { instance: { exports: Record<string, unknown> } }): void;
    },
  ): { napiModule: { exports: unknown } };
  export const emnapiAsyncWorkPlugin: unknown;
  export const emnapiTSFNPlugin: unknown;
  export class WASI {
    constructor(options: { version: 'preview1' });
  }
}
