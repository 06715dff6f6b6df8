/** What runs the tests: Node, or another runtime that vitest works in (scripts/test-runtime.mjs). */
export const runtime = 'Bun' in globalThis ? 'Bun' : 'Deno' in globalThis ? 'Deno' : 'Node';

/** Arguments that run the text of an ES module, which has the function `gc` where that is asked for. */
export function scriptArgs(script: string, { gc = false } = {}): readonly string[] {
  if (runtime === 'Deno') return ['eval', ...(gc ? ['--v8-flags=--expose-gc'] : []), script];
  return [...(gc ? ['--expose-gc'] : []), '--input-type=module', '--eval', script];
}
