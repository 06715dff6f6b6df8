import { mergeRuns } from '../profile/merge.js';
import type { Profile } from '../profile/profile.js';
import { FinishedProfile } from '../profiler/finished-profile.js';
import { GuestProfiler } from '../profiler/guest-profiler.js';
import type { Engine } from '../runtime/engine.js';
import { INTERNAL } from '../runtime/internal.js';
import type { Ending } from './ending.js';
import type { Guest } from './guest-file.js';
import { type Recording, type RecordOptions, record } from './record.js';

/** What is run again and again. */
export interface Repeated {
  readonly engine: Engine;
  readonly guest: Guest;
  readonly options: RecordOptions;
}

/** The runs of one guest. */
export interface Runs {
  /** Of those that ended by themselves; of the last one, if none did. */
  readonly profile: FinishedProfile;
  readonly runs: number;
  readonly warnings: readonly string[];
}

/** The runs of several guests. */
export interface AllRuns {
  /** By guest. */
  readonly runs: readonly Runs[];
  /** Of the last run: the first that did not end by itself, if one didn't. */
  readonly last: Recording;
}

/**
 * Runs guests in turn, A B A B …, `repeat` times each, after `warmup` times of which nothing is kept. A run that is
 * ended from outside, or traps, is the last, and is no run of a comparison.
 */
export function recordRuns(
  guests: readonly Repeated[],
  { repeat, warmup }: { readonly repeat: number; readonly warmup: number },
): AllRuns {
  const kept = guests.map((): Profile[] => []);
  const warnings = guests.map(() => new Set<string>());
  for (let round = 0; ; round++) {
    for (const [i, { engine, guest, options }] of guests.entries()) {
      const last = record(engine, guest, options);
      last.interrupt.dispose();
      const isWhole = endsByItself(last.ending);
      const profile = GuestProfiler.end(last.profiler);
      for (const warning of last.profiler.warnings) warnings[i]?.add(warning);
      const own = kept[i] as Profile[];
      // A profile of nothing is of no use to anyone.
      if (isWhole ? round >= warmup : own.length === 0) own.push(profile);
      const isEnd = i === guests.length - 1 && round === warmup + repeat - 1;
      if (isWhole && !isEnd) continue;
      const runs = kept.map((profiles, i) => ({
        profile: new FinishedProfile(
          INTERNAL,
          mergeRuns(profiles.length > 0 ? profiles : [profile]),
        ),
        runs: profiles.length,
        warnings: [...(warnings[i] ?? [])],
      }));
      return { runs, last };
    }
  }
}

/** Whether it came to where the same work ends each time, be it with an exit code. */
export function endsByItself({ kind }: Ending): boolean {
  return kind === 'returned' || kind === 'exited';
}
