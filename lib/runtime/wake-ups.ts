import { common, native } from '../native.js';

/** @internal A number for what native code tells of when it can go on: what `common.calls` has under it is scheduled. */
export function nextCall(): number {
  listen();
  common.lastCall = (common.lastCall + 1) % 2 ** 32;
  return common.lastCall;
}

function listen(): void {
  if (common.isListening) return;
  // Of the first copy of the library alone; it may be of a realm that is gone, and asks for nothing of it.
  const { calls } = common;
  native.initializeAsync((id) => calls.get(id)?.schedule());
  common.isListening = true;
}
