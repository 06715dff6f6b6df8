// The other end of inFreshProcess. An error ends the process with its stack on stderr, and exit code 1.
import { once } from 'node:events';
import type { Order } from './fresh-process.js';

const [message] = await once(process, 'message');
const { module, name, params } = message as Order;
const exported = await import(module);
const result = await exported[name](params);
await new Promise<void>((resolve, reject) => {
  process.send?.({ result }, (error: Error | null) => (error ? reject(error) : resolve()));
});
process.disconnect();
