import { DAY_MS } from './check.js';

let users = 0;
let timer: NodeJS.Timeout | undefined;

/** @internal Keeps the process alive while native code has something to tell, as a timer does, until `release`. */
export function keepAlive(): { release(): void } {
  users++;
  timer ??= setInterval(() => {}, DAY_MS);
  return {
    release: () => {
      users--;
      if (users > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
}
