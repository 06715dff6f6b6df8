import { median, probit } from 'simple-statistics';
import { comparePairs, type PairedRow } from '../statistics/compare-pairs.js';
import { compareRuns, type MeasuredRow, SIGNIFICANCE_LEVEL } from '../statistics/compare-runs.js';
import type { Shift } from '../statistics/shift.js';
import { fuelBetweenSamples } from './fuel.js';
import { funcPlace } from './func-place.js';
import { type MatchedFunction, matchFunctions } from './match-functions.js';
import type { Profile } from './profile.js';
import { type RunWeights, weighRuns } from './run-weights.js';
import { areAlike, runsOf } from './runs.js';
import type { Weight } from './sample-weight.js';
import type { Thread } from './thread.js';

/** A profile and those of its threads that count. */
export interface ComparedProfile {
  readonly profile: Profile;
  readonly threads: readonly Thread[];
}

/**
 * What a change is worth: `significant`, where runs tell it from noise; `noise`, where they or the number of samples
 * don't; `unknown`, where there is one run of each, and what runs differ by can't be told.
 */
export type Verdict = 'significant' | 'noise' | 'unknown';

/** What something weighed before and after: the medians of the runs. */
export interface Change {
  readonly before: number;
  readonly after: number;
  readonly verdict: Verdict;
  /** By how much: in the weight's unit, with an interval of 95 %, if there are several runs. */
  readonly shift: Shift | undefined;
  /** Corrected for all functions; undefined for one too small to be tested, and without several runs. */
  readonly p: number | undefined;
  /** Whether the shift is beside the rest of the program, without what slowed whole runs down. */
  readonly paced: boolean;
}

/** What a function weighed before and after. */
export interface FunctionChange {
  /** As it is called after, if it is there then. */
  readonly name: string;
  readonly module: string | undefined;
  readonly file: string | undefined;
  /** What it was called before, if otherwise. */
  readonly oldName: string | undefined;
  /** The profile that alone has it; undefined for a function of both. */
  readonly only: 'before' | 'after' | undefined;
  readonly self: Change;
  readonly totalBefore: number;
  readonly totalAfter: number;
}

/** How two profiles differ. */
export interface ProfileDiff {
  readonly weight: Weight;
  /** Whether both are profiles by fuel: times are fuel then. */
  readonly byFuel: boolean;
  /** Whether they are, and all runs of one side are alike: then nothing is noise but where samples fall. */
  readonly isExact: boolean;
  readonly runsBefore: number;
  readonly runsAfter: number;
  /** Whether runs of the one were made between those of the other. */
  readonly interleaved: boolean;
  /** Whether each run before was made at the same time as one after: these are compared with each other. */
  readonly paired: boolean;
  /** How much slower the slowest run was than the fastest, by what its functions have in common. */
  readonly paceSpread: number | undefined;
  readonly whole: Change;
  /** What is significant first, then by how much it changed. */
  readonly functions: readonly FunctionChange[];
}

/** Compares functions, matched by {@link matchFunctions}; `map` has modules that are called otherwise after. */
export function diffProfiles(
  before: ComparedProfile,
  after: ComparedProfile,
  weight: Weight,
  map?: ReadonlyMap<string, string>,
): ProfileDiff {
  const matched = matchFunctions(before.profile, after.profile, map);
  const runs = { before: runsIn(before), after: runsIn(after) };
  const old = weighRuns(before.profile, runs.before, matched, 'before', weight);
  const recent = weighRuns(after.profile, runs.after, matched, 'after', weight);
  const seen = [...matched.keys()].filter((row) =>
    [old.total[row], recent.total[row]].some((runs) => runs?.some((value) => value > 0)),
  );
  const byFuel = [before, after].every(({ profile }) => fuelBetweenSamples(profile) !== undefined);
  const paired = !byFuel && arePaired(before, runs.before, after, runs.after);
  const interleaved = paired || areInterleaved(before, runs.before, after, runs.after);
  const isExact = byFuel && areAlike(runs.before) && areAlike(runs.after);
  const facts = {
    weight,
    byFuel,
    isExact,
    runsBefore: runs.before.length,
    runsAfter: runs.after.length,
    interleaved,
    paired,
  };
  // Only single runs and pairs are compared by these too.
  const sampled = () => ({
    old: weighRuns(before.profile, runs.before, matched, 'before', 'samples'),
    recent: weighRuns(after.profile, runs.after, matched, 'after', 'samples'),
  });
  const row = (row: number, self: Change): FunctionChange => ({
    ...names(before.profile, after.profile, matched[row] as MatchedFunction),
    self,
    totalBefore: medianOf(old.total[row]),
    totalAfter: medianOf(recent.total[row]),
  });
  if (isExact || Math.min(runs.before.length, runs.after.length) < 2) {
    const { whole, rows } = withoutRuns(seen, old, recent, sampled(), isExact);
    const functions = seen.map((at, i) => row(at, rows[i] as Change));
    return { ...facts, paceSpread: undefined, whole, functions: sorted(functions) };
  }
  const measured = rowsOf(seen, old, recent);
  const change = paired
    ? comparePairs(pairedRows(seen, measured, sampled()))
    : compareRuns(measured, interleaved);
  const sums = (side: 'before' | 'after') =>
    runs[side].map((_, run) => measured.reduce((sum, row) => sum + (row[side][run] as number), 0));
  const told = ({ significant, ...rest }: (typeof change.rows)[number]) => ({
    ...rest,
    verdict: significant ? ('significant' as const) : ('noise' as const),
  });
  const functions = seen.map((at, i) =>
    row(at, {
      before: medianOf(measured[i]?.before),
      after: medianOf(measured[i]?.after),
      ...told(change.rows[i] as (typeof change.rows)[number]),
    }),
  );
  return {
    ...facts,
    paceSpread: change.paceSpread,
    whole: {
      before: medianOf(sums('before')),
      after: medianOf(sums('after')),
      ...told(change.whole),
    },
    functions: sorted(functions),
  };
}

/** What functions weigh by themselves, run by run. */
function rowsOf(seen: readonly number[], old: RunWeights, recent: RunWeights): MeasuredRow[] {
  return seen.map((row) => ({
    before: old.self[row] as Float64Array,
    after: recent.self[row] as Float64Array,
  }));
}

function pairedRows(
  seen: readonly number[],
  measured: readonly MeasuredRow[],
  sampled: { readonly old: RunWeights; readonly recent: RunWeights },
): PairedRow[] {
  const samples = rowsOf(seen, sampled.old, sampled.recent);
  return measured.map((row, i) => ({ ...row, samples: samples[i] as MeasuredRow }));
}

function runsIn({ profile, threads }: ComparedProfile): readonly Thread[][] {
  return runsOf(profile, threads).filter((threads) => threads.length > 0);
}

/** Whether runs are several and as many, and each of either side was made while its like of the other was. */
function arePaired(
  before: ComparedProfile,
  runsBefore: readonly Thread[][],
  after: ComparedProfile,
  runsAfter: readonly Thread[][],
): boolean {
  const times = ({ profile }: ComparedProfile, [thread]: readonly Thread[] = []) => ({
    start: profile.startTimeUnixMs + (thread?.startMs ?? 0),
    end: profile.startTimeUnixMs + (thread?.endMs ?? 0),
  });
  return (
    runsBefore.length > 1 &&
    runsBefore.length === runsAfter.length &&
    runsBefore.every((run, i) => {
      const [a, b] = [times(before, run), times(after, runsAfter[i])];
      return a.start < b.end && b.start < a.end;
    })
  );
}

/** Whether each side has a run that began between two of the other's. */
function areInterleaved(
  before: ComparedProfile,
  runsBefore: readonly Thread[][],
  after: ComparedProfile,
  runsAfter: readonly Thread[][],
): boolean {
  const starts = ({ profile }: ComparedProfile, runs: readonly Thread[][]) =>
    runs.map(([first]) => profile.startTimeUnixMs + (first?.startMs ?? 0));
  const order = [
    ...starts(before, runsBefore).map((start) => ({ start, side: 0 })),
    ...starts(after, runsAfter).map((start) => ({ start, side: 1 })),
  ].sort((a, b) => a.start - b.start);
  const changes = order.filter(({ side }, i) => i > 0 && side !== order[i - 1]?.side).length;
  // ABAB… has one less than it has runs, AABB has one.
  return changes >= order.length / 2;
}

/**
 * Of one run each, the least that can be told: whether a change is more than chance alone makes of the number of
 * samples, which is a Poisson variable; corrected for all functions by Bonferroni's inequality.
 */
function withoutRuns(
  seen: readonly number[],
  old: RunWeights,
  recent: RunWeights,
  sampled: { readonly old: RunWeights; readonly recent: RunWeights },
  isExact: boolean,
): { whole: Change; rows: Change[] } {
  const threshold = -probit(SIGNIFICANCE_LEVEL / 2 / Math.max(1, seen.length));
  const of = (weights: RunWeights, row: number) => weights.self[row]?.[0] ?? 0;
  const change = (before: number, after: number, isNoise: boolean): Change => ({
    ...{ before, after, shift: undefined, p: undefined, paced: false },
    verdict: before === after || isNoise ? 'noise' : isExact ? 'significant' : 'unknown',
  });
  const rows = seen.map((row) => {
    const [was, is] = [of(sampled.old, row), of(sampled.recent, row)];
    const isNoise = Math.abs(is - was) <= threshold * Math.sqrt(is + was);
    return change(of(old, row), of(recent, row), isNoise);
  });
  const sum = (weights: RunWeights) => seen.reduce((sum, row) => sum + of(weights, row), 0);
  return { whole: change(sum(old), sum(recent), false), rows };
}

function names(
  before: Profile,
  after: Profile,
  { before: [old], after: [recent] }: MatchedFunction,
): Pick<FunctionChange, 'name' | 'module' | 'file' | 'oldName' | 'only'> {
  const was = old === undefined ? undefined : funcPlace(before, old);
  const is = recent === undefined ? undefined : funcPlace(after, recent);
  const { name, module, file } = is ?? was ?? { name: '', module: undefined, file: undefined };
  const oldName = was !== undefined && was.name !== name ? was.name : undefined;
  const only = was === undefined ? 'after' : is === undefined ? 'before' : undefined;
  return { name, module, file, oldName, only };
}

/** What a change comes to. */
export function differenceOf({ before, after, shift }: Change): number {
  return shift?.estimate ?? after - before;
}

const RANKS: readonly Verdict[] = ['significant', 'unknown', 'noise'];

function sorted(functions: readonly FunctionChange[]): FunctionChange[] {
  const size = ({ self }: FunctionChange) => Math.abs(differenceOf(self));
  return [...functions].sort(
    (a, b) =>
      RANKS.indexOf(a.self.verdict) - RANKS.indexOf(b.self.verdict) ||
      size(b) - size(a) ||
      b.self.after - a.self.after ||
      (a.name < b.name ? -1 : 1),
  );
}

function medianOf(values: ArrayLike<number> | undefined): number {
  return values === undefined || values.length === 0 ? 0 : median(Array.from(values));
}
