import type { Profile } from './profile.js';

/** The entry of {@link Profile.extra} that tells what samples were taken by. */
export const SAMPLERS_ENTRY = 'Sampled by';
/** What it tells of samples that fall as a thread's CPU time does. */
export const SIGNALS_BY_CPU = 'signals, CPU time';
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

/** Whether each sample of a profile was as likely as any other for the CPU time of its thread. */
export function isSampledByCpuTime(profile: Profile): boolean {
  const { by } = samplingOf(profile);
  return by.length > 0 && by.every((sampler) => sampler === SIGNALS_BY_CPU);
}
