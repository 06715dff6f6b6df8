import { native } from '../native.js';
import { FUEL_ENTRY } from '../profile/fuel.js';
import type { ExtraSection, Profile } from '../profile/profile.js';
import { JOINED_ENTRY, RESUMED_ENTRY } from '../profile/resumed.js';
import { SAMPLERS_ENTRY, WITHOUT_FRAMES } from '../profile/sampling.js';
import type { Resumed } from './resumed-stacks.js';

/** What a reader's information panel tells of a recording, beside its samples. */
export interface RecordingFacts {
  /** Ticks of all recorders that were not sampled; undefined without a ticker. */
  readonly missedTicks: number | undefined;
  /** Units of fuel between two samples; undefined for samples by time. */
  readonly everyFuel: number | undefined;
  /** What samples were taken by; empty for those of callbacks. */
  readonly samplers: readonly string[];
  /** Samples without frames, by the reason, where that is known. */
  readonly withoutFrames: ReadonlyMap<string, number>;
  /** Samples of goroutines that went on. */
  readonly resumed: Resumed;
}

/** The section of {@link Profile.extra} about how this was recorded. */
export function recordingFacts(profile: Profile, facts: RecordingFacts): ExtraSection {
  const { missedTicks, everyFuel, samplers, withoutFrames, resumed } = facts;
  const modules = [...profile.libs].filter(({ codeId }) => codeId !== null);
  return {
    label: `Recording of ${profile.product}`,
    entries: [
      { label: 'Engine', format: 'string', value: `Wasmtime ${native.wasmtimeVersion()}` },
      { label: 'Interval', format: 'duration', value: profile.intervalMs },
      ...(everyFuel === undefined
        ? []
        : [{ label: FUEL_ENTRY, format: 'integer', value: everyFuel } as const]),
      ...(samplers.length === 0
        ? []
        : [{ label: SAMPLERS_ENTRY, format: 'string', value: samplers.join('; ') } as const]),
      ...Array.from(withoutFrames, ([reason, count]) => ({
        label: `${WITHOUT_FRAMES}${reason}`,
        format: 'integer' as const,
        value: count,
      })),
      ...(resumed.cut === 0
        ? []
        : [{ label: RESUMED_ENTRY, format: 'integer', value: resumed.cut } as const]),
      ...(resumed.joined === 0
        ? []
        : [{ label: JOINED_ENTRY, format: 'integer', value: resumed.joined } as const]),
      ...(missedTicks === undefined
        ? []
        : [{ label: 'Missed ticks', format: 'integer', value: missedTicks } as const]),
      ...modules.map(({ name, codeId }) => ({
        label: `SHA-256 of ${name}`,
        format: 'string' as const,
        value: codeId as string,
      })),
    ],
  };
}
