import type { NativeShare } from '../generated/native.js';
import { native } from '../native.js';
import { checkInteger } from './check.js';
import { misuse } from './errors.js';

/** What threads of a process can share. */
type Kind = 'engine' | 'module' | 'component' | 'memory';

/** @internal The number in a token under which native code keeps what another thread has shared. */
export function checkToken(what: string, id: unknown): number {
  return checkInteger(what, id, 0, 2 ** 32 - 1);
}

/**
 * @internal What another thread has shared under a token's number, and what keeps it shared as long as it lives.
 *
 * @throws TypeError `ERR_NOT_SHARED` when it isn't shared any more, or is something else.
 */
export function takeShared<K extends Kind>(
  kind: K,
  id: number,
): { readonly share: NativeShare; readonly taken: NonNullable<NativeShare[K]> } {
  const share = native.NativeShare.take(id);
  const taken = share?.[kind] ?? null;
  if (share === null || taken === null) {
    throw misuse('ERR_NOT_SHARED', `the ${kind} is not shared any more`);
  }
  return { share, taken };
}
