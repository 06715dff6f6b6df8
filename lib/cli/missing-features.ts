/** How refusals of Wasmtime 48 name what is off, and the names of `--wasm-features` for it. */
const WORDS: readonly (readonly [refusal: RegExp, feature: string])[] = [
  [/tail calls support is not enabled/, 'tail-call'],
  [/custom page sizes proposal must be enabled/, 'custom-page-sizes'],
  [/threads support is not enabled|threads must be enabled/, 'threads'],
  [/shared memory support is disabled/, 'shared-memory'],
  [/shared-everything-threads/, 'shared-everything-threads'],
  [/reference types support is not enabled/, 'reference-types'],
  [/function references required/, 'function-references'],
  [/wide arithmetic support is not enabled/, 'wide-arithmetic'],
  [/without the gc feature|gc support is not enabled/, 'gc'],
  [/(?<!relaxed )SIMD support is not enabled/, 'simd'],
  [/relaxed SIMD support is not enabled/, 'relaxed-simd'],
  [/bulk memory support is not enabled/, 'bulk-memory'],
  [/multi-value feature is not enabled/, 'multi-value'],
  [/: multiple memories|^multiple memories|\n\s*multiple memories/, 'multi-memory'],
  [/memory64 must be enabled/, 'memory64'],
  [/constant expression required: non-constant operator/, 'extended-const'],
  [/stack switching is disabled|stack switching support is not enabled/, 'stack-switching'],
  [/exceptions proposal not enabled|exceptions support is not enabled/, 'exceptions'],
  [/component model async feature/, 'component-model-async'],
  [/component model error-context feature/, 'component-model-error-context'],
  [/component model feature is not enabled/, 'component-model'],
];

/** For the end of a message that says what a module needs: the option that turns it on. */
export function missingFeatures(message: string): string {
  const names = WORDS.filter(([refusal]) => refusal.test(message)).map(([, feature]) => feature);
  return names.length === 0 ? '' : `\n\nTurn it on with --wasm-features ${names.join(',')}`;
}
