import type { Profile } from '../profile/profile.js';
import { resumedSamples } from '../profile/resumed.js';
import { percent } from './amount.js';

/** Says how many stacks lack callers, if some are known to. */
export function resumedLine(profile: Profile, samples: number): string | undefined {
  const resumed = resumedSamples(profile);
  if (resumed === 0) return undefined;
  return `${percent(resumed, samples)} of the stacks begin where a goroutine went on, without its callers`;
}
