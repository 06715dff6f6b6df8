import type { NativeInterfaces } from '../../generated/native.js';
import { native } from '../../native.js';
import { checkBytesOrWat } from '../check.js';

/**
 * @internal Names of what a component itself imports and exports, told without compiling it; none where the
 * bytes are something else.
 */
export function componentInterfaces(
  bytesOrWat: Uint8Array | ArrayBuffer | string,
): NativeInterfaces {
  return native.componentInterfaces(checkBytesOrWat(bytesOrWat));
}
