/** The options of a {@link Config} that turn a proposal on or off; in a file that needs no addon. */
export const WASM_FEATURES = [
  'wasmTailCall',
  'wasmBranchHinting',
  'wasmCustomPageSizes',
  'wasmThreads',
  'wasmSharedEverythingThreads',
  'wasmReferenceTypes',
  'wasmFunctionReferences',
  'wasmWideArithmetic',
  'wasmGc',
  'wasmSimd',
  'wasmRelaxedSimd',
  'wasmBulkMemory',
  'wasmMultiValue',
  'wasmMultiMemory',
  'wasmMemory64',
  'wasmExtendedConst',
  'wasmStackSwitching',
  'wasmExceptions',
  'wasmComponentModel',
  'wasmComponentModelAsync',
  'wasmComponentModelErrorContext',
  'wasmComponentModelGc',
] as const;

/** One of them. */
export type WasmFeature = (typeof WASM_FEATURES)[number];
