/** Node's own WebAssembly, as much of it as the benches use: its types are part of the DOM's. */
interface V8WebAssembly {
  readonly Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): { module: string; name: string }[];
  };
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const v8: V8WebAssembly = Reflect.get(globalThis, 'WebAssembly');
