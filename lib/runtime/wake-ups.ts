import { common, native } from '../native.js';

/** @internal Has native code tell of those that can go on, by the numbers of `common.calls`. */
export function listen(): void {
  if (common.isListening) return;
  // Of the first copy of the library alone; it may be of a realm that is gone, and asks for nothing of it.
  const { calls } = common;
  native.initializeAsync((id) => calls.get(id)?.schedule());
  common.isListening = true;
}
