/** A transition between guest and host. Mirrors `wasmtime::CallHook`. */
export const CallHook = {
  /** The host enters WebAssembly. */
  CallingWasm: 'CallingWasm',
  /** WebAssembly has returned to the host, or trapped. */
  ReturningFromWasm: 'ReturningFromWasm',
  /** WebAssembly calls a host function. */
  CallingHost: 'CallingHost',
  /** A host function returns to WebAssembly. */
  ReturningFromHost: 'ReturningFromHost',
} as const;

export type CallHook = (typeof CallHook)[keyof typeof CallHook];

/** @internal By the number that native code gives. */
export const CALL_HOOKS = Object.values(CallHook);
