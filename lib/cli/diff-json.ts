import { type Change, differenceOf, type ProfileDiff } from '../profile/diff.js';

/** What `diff --json` prints, as docs/schemas/diff.schema.json has it. Amounts are samples or nanoseconds. */
export function diffJson(
  diff: ProfileDiff,
  [before, after]: readonly [string, string],
  exceeded: readonly string[] | undefined,
): object {
  const { weight, functions } = diff;
  return {
    format: 'wasmtime-guest-profiler/diff',
    version: 1,
    weight,
    byFuel: diff.byFuel,
    exact: diff.isExact,
    before: { name: before, runs: diff.runsBefore },
    after: { name: after, runs: diff.runsAfter },
    interleaved: diff.interleaved,
    paired: diff.paired,
    paceSpread: diff.paceSpread ?? null,
    whole: changeJson(diff.whole),
    functions: functions.map(
      ({ name, oldName, module, file, only, self, totalBefore, totalAfter }) => ({
        name,
        oldName: oldName ?? null,
        module: module ?? null,
        file: file ?? null,
        only: only ?? null,
        self: changeJson(self),
        total: { before: totalBefore, after: totalAfter },
      }),
    ),
    ...(exceeded !== undefined && { exceeded }),
  };
}

function changeJson(change: Change): object {
  const { before, after, verdict, p, paced, shift } = change;
  return {
    before,
    after,
    difference: differenceOf(change),
    low: shift?.low ?? null,
    high: shift?.high ?? null,
    verdict,
    p: p ?? null,
    paced,
  };
}
