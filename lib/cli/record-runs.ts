import { mergeRuns } from '../profile/merge.js';
import type { Profile } from '../profile/profile.js';
import { FinishedProfile } from '../profiler/finished-profile.js';
import { GuestProfiler } from '../profiler/guest-profiler.js';
import type { Engine } from '../runtime/engine.js';
import { INTERNAL } from '../runtime/internal.js';
import type { Ending } from './ending.js';
import type { Guest } from './guest-file.js';
import { type Recording, type RecordOptions, record, recordAmongOthers } from './record.js';
import { seededRandom } from './seeded-random.js';

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
 * ended from outside, or traps, is the last, and is no run of a comparison. Several guests have the same random numbers in each
 * round, unless their options say which.
 */
export function recordRuns(
  guests: readonly Repeated[],
  { repeat, warmup }: { readonly repeat: number; readonly warmup: number },
): AllRuns {
  const kept = new KeptRuns(guests.length);
  for (let round = 0; ; round++) {
    for (const [i, { engine, guest, options }] of guests.entries()) {
      const isAlone = guests.length === 1;
      const last = record(engine, guest, isAlone ? options : inRound(options, round));
      const isWhole = kept.add(i, last, round >= warmup);
      const isEnd = i === guests.length - 1 && round === warmup + repeat - 1;
      if (!isWhole || isEnd) return kept.all(last);
    }
  }
}

/**
 * Milliseconds until it is the other's turn: short beside what a busy machine takes to become faster or slower, and long
 * beside what it takes to fill caches again.
 */
const SLICE_MS = 3;

/** Guests of one engine, with epoch checks. */
export interface SlicedPair {
  readonly engine: Engine;
  readonly guests: readonly (Repeated & {
    readonly guest: Guest & Required<Pick<Guest, 'runAsync'>>;
  })[];
}

/**
 * {@link recordRuns}, but of guests that run at the same time, each a slice of it in turn: so what the machine does
 * meanwhile, it does to all of them.
 */
export async function recordSlicedRuns(
  { engine, guests }: SlicedPair,
  { repeat, warmup }: { readonly repeat: number; readonly warmup: number },
): Promise<AllRuns> {
  const kept = new KeptRuns(guests.length);
  using _ticker = engine.startEpochTicker(SLICE_MS);
  for (let round = 0; ; round++) {
    // Each is the first in every other round.
    const order = [...guests.keys()];
    if (round % 2 === 1) order.reverse();
    const ended = await Promise.all(
      order.map(async (i) => {
        const { guest, options } = guests[i] as (typeof guests)[number];
        return { i, last: await recordAmongOthers(engine, guest, inRound(options, round)) };
      }),
    );
    const areWhole = ended.map(({ i, last }) => kept.add(i, last, round >= warmup));
    const broken = ended[areWhole.indexOf(false)];
    const [last] = ended;
    if (broken !== undefined) return kept.all(broken.last);
    if (round === warmup + repeat - 1 && last !== undefined) return kept.all(last.last);
  }
}

/**
 * Runs of one round have the same random numbers, those of others have others: hash tables that are seeded by them are then
 * no difference between two guests.
 */
function inRound({ wasi, ...options }: RecordOptions, round: number): RecordOptions {
  return { ...options, wasi: { random: seededRandom(round), ...wasi } };
}

/** The profiles of runs, by guest. */
class KeptRuns {
  readonly #profiles: readonly Profile[][];
  readonly #warnings: readonly Set<string>[];

  constructor(guests: number) {
    this.#profiles = Array.from({ length: guests }, () => []);
    this.#warnings = Array.from({ length: guests }, () => new Set<string>());
  }

  /** Takes a run, if it is to count; whether it ended by itself. */
  add(guest: number, { profiler, interrupt, ending }: Recording, counts: boolean): boolean {
    interrupt.dispose();
    const profile = GuestProfiler.end(profiler);
    for (const warning of profiler.warnings) this.#warnings[guest]?.add(warning);
    const own = this.#profiles[guest] as Profile[];
    const isWhole = endsByItself(ending);
    // A profile of nothing is of no use to anyone.
    if (isWhole ? counts : own.length === 0) own.push(profile);
    return isWhole;
  }

  all(last: Recording): AllRuns {
    const runs = this.#profiles.map((profiles, guest) => ({
      profile: new FinishedProfile(
        INTERNAL,
        mergeRuns(profiles.length > 0 ? profiles : [GuestProfiler.end(last.profiler)]),
      ),
      runs: profiles.length,
      warnings: [...(this.#warnings[guest] ?? [])],
    }));
    return { runs, last };
  }
}

/** Whether it came to where the same work ends each time, be it with an exit code. */
export function endsByItself({ kind }: Ending): boolean {
  return kind === 'returned' || kind === 'exited';
}
