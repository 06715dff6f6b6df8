import { native } from '../native.js';

/** SHA-256 of the parts, one behind the other. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.from(native.sha256([...parts]));
}
