import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { v8 } from './v8-wasm.js';

/** Why rows of JSPI are empty, if they are. */
export const HOW_TO_INSTALL_NODE_24 =
  'This Node has no JSPI, so its numbers are ‘not run’: `npm run test:node24` installs one that has.';

/** V8's JavaScript Promise Integration, as much of it as the benches use. */
interface Jspi {
  readonly promising?: (f: unknown) => (...args: unknown[]) => Promise<unknown>;
  readonly Suspending?: new (f: (...args: number[]) => Promise<number>) => object;
}

const node24 = fileURLToPath(
  new URL('../../target/node-24/node_modules/node/bin/node', import.meta.url),
);
const major = Number.parseInt(process.versions.node, 10);

/** A Node that has JSPI, and the options that it needs: this one, else the one of `npm run test:node24`, if it is there. */
export const NODE_WITH_JSPI =
  major >= 24
    ? { node: process.execPath, options: major === 24 ? ['--experimental-wasm-jspi'] : [] }
    : existsSync(node24)
      ? { node: node24, options: ['--experimental-wasm-jspi'] }
      : undefined;

/**
 * The module's exports `add` and `call_host`, which return promises; the host function that it imports is `add`. Undefined
 * where there is no JSPI.
 */
export function startJspi(bytes: Uint8Array, add: (a: number, b: number) => Promise<number>) {
  const { promising, Suspending }: Jspi = v8 as Jspi;
  if (promising === undefined || Suspending === undefined) return undefined;
  const imports = { env: { add: new Suspending(add) } };
  const { exports } = new v8.Instance(new v8.Module(bytes), imports);
  return { add: promising(exports['add']), callHost: promising(exports['call_host']) };
}
