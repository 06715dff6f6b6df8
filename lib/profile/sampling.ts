import type { Profile } from './profile.js';
import { SAMPLERS_ENTRY } from './sampled-by.js';

/** What the entries begin with that count samples without frames; the reason follows. */
export const WITHOUT_FRAMES = 'Samples without frames: ';

/** What a profile says of its samples. */
export interface Sampling {
  /** What they were taken by, and of what time. */
  readonly by: readonly string[];
  /** How many have no frames, by the reason. */
  readonly withoutFrames: ReadonlyMap<string, number>;
}

/** What a profile says of its samples; nothing where it doesn't, as those of callbacks. */
export function samplingOf(profile: Profile): Sampling {
  const by = new Set<string>();
  const withoutFrames = new Map<string, number>();
  for (const { entries } of profile.extra) {
    for (const { label, value } of entries) {
      if (label === SAMPLERS_ENTRY) by.add(String(value));
      else if (label.startsWith(WITHOUT_FRAMES) && Number(value) > 0) {
        const reason = label.slice(WITHOUT_FRAMES.length);
        withoutFrames.set(reason, (withoutFrames.get(reason) ?? 0) + Number(value));
      }
    }
  }
  return { by: [...by], withoutFrames };
}
