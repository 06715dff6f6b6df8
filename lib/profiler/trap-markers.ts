import type { NativeTrap } from '../generated/native.js';
import { TRAP_SCHEMA } from '../profile/marker-schema.js';
import type { Profile } from '../profile/profile.js';
import type { Thread } from '../profile/thread.js';
import type { StackInterner } from './stack-interner.js';

/** Marks the traps that ended calls, each with its code and its stack, which is the interner's still. */
export function addTraps(
  profile: Profile,
  { markers }: Thread,
  interner: StackInterner,
  traps: readonly NativeTrap[],
): void {
  if (traps.length === 0) return;
  const kind = {
    name: profile.strings.intern(TRAP_SCHEMA.name),
    schema: profile.markerSchemas.intern(TRAP_SCHEMA),
  };
  for (const { timeMs, code, addresses } of traps) {
    const cause = interner.intern(addresses, 0, addresses.length, 0);
    markers.setFields(markers.pushInstant(kind, timeMs, cause), { code });
  }
}
