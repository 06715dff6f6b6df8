import { expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { readProfileBytes } from '../../lib/formats/read.js';
import { diffProfiles } from '../../lib/profile/diff.js';
import { mergeProfiles, mergeRuns } from '../../lib/profile/merge.js';
import { areAlike, runsOf } from '../../lib/profile/runs.js';
import { madeProfile } from '../support/made-profile.js';

const f = (samples: number, startMs: number) =>
  madeProfile(
    [
      {
        name: 'app',
        hash: 'aa',
        functions: [
          { name: 'f', code: [0, 100], samples },
          { name: 'g', inlinedInto: 'f', samples: 10 },
          { name: 'worker', code: [100, 50], samples: 4 },
          { name: 'worker', code: [150, 60], samples: 4 },
        ],
      },
    ],
    startMs,
  );

it('makes one module and one function of those that the runs have in common', async () => {
  const merged = mergeRuns([f(10, 0), f(20, 1000), f(30, 2000)]);
  expect([merged.libs.length, merged.funcs.length]).toEqual([1, 4]);
  expect(merged.threads.map(({ name }) => name)).toEqual([
    'made, run 1',
    'made, run 2',
    'made, run 3',
  ]);
  expect(runsOf(merged, merged.threads).map(({ length }) => length)).toEqual([1, 1, 1]);
  // As the file tells.
  const read = await readProfileBytes(Buffer.concat([...firefoxJson(merged)]));
  expect(runsOf(read, read.threads)).toHaveLength(3);
});

it('tells whether runs had the same samples', () => {
  const runs = (...profiles: Parameters<typeof mergeRuns>[0]) => {
    const merged = mergeRuns(profiles);
    return runsOf(merged, merged.threads);
  };
  expect(areAlike(runs(f(10, 0), f(10, 1000), f(10, 5000)))).toBe(true);
  expect(areAlike(runs(f(10, 0), f(10, 1000), f(11, 5000)))).toBe(false);
  // As many, in another order.
  const [, ...same] = runs(f(10, 0), f(10, 1000), f(10, 2000));
  const [first, second] = same.map(([thread]) => thread?.samples);
  expect(areAlike(same)).toBe(true);
  first?.push(0, 1, 1);
  second?.push(1, 1, 1);
  expect(areAlike(same)).toBe(false);
  expect(areAlike([])).toBe(true);
});

it('takes threads that were only put together for one run', () => {
  const merged = mergeProfiles([f(10, 0), f(20, 1000)]);
  expect([merged.libs.length, runsOf(merged, merged.threads).length]).toEqual([2, 1]);
});

it('keeps what was inlined in one run and compiled in another as one function', () => {
  const functions = (inlinedInto: string | undefined) => [
    { name: 'f', code: [0, 100] as const, samples: 4 },
    {
      name: 'g',
      samples: 4,
      ...(inlinedInto === undefined ? { code: [100, 50] as const } : { inlinedInto }),
    },
  ];
  const run = (inlinedInto?: string) =>
    madeProfile([{ name: 'app', hash: 'aa', functions: functions(inlinedInto) }]);
  expect(mergeRuns([run('f'), run(), run('f')]).funcs.length).toBe(2);
  expect(mergeRuns([run(), run('f'), run()]).funcs.length).toBe(2);
});

it('knows whether runs were interleaved', () => {
  const compared = (starts: number[]) => {
    const profile = mergeRuns(starts.map((start) => f(10, start)));
    return { profile, threads: profile.threads };
  };
  const interleaved = (a: number[], b: number[]) =>
    diffProfiles(compared(a), compared(b), 'samples').interleaved;
  expect(interleaved([0, 2000, 4000], [1000, 3000, 5000])).toBe(true);
  expect(interleaved([0, 1000, 2000], [3000, 4000, 5000])).toBe(false);
});

it('pairs runs that were made at the same time', () => {
  const compared = (starts: number[]) => {
    const profile = mergeRuns(starts.map((start) => f(10, start)));
    return { profile, threads: profile.threads };
  };
  const told = (a: number[], b: number[]) => {
    const { paired, interleaved } = diffProfiles(compared(a), compared(b), 'samples');
    return [paired, interleaved];
  };
  // A run takes 28 ms.
  expect(told([0, 1000, 2000], [1, 999, 2002])).toEqual([true, true]);
  expect(told([0, 1000, 2000], [1, 999, 2100])[0]).toBe(false);
  expect(told([0, 1000, 2000], [1, 999])[0]).toBe(false);
});

it('shares a run’s CPU time out by its samples, where these fall as it does', () => {
  const made = (entries: { label: string; format: 'string'; value: string }[]) => {
    const functions = [
      { name: 'f', code: [0, 100] as const, samples: 30 },
      { name: 'g', code: [100, 50] as const, samples: 10 },
    ];
    const profile = madeProfile([{ name: 'app', hash: 'aa', functions }]);
    // One that came late.
    profile.threads[0]?.samples.push(profile.stacks.length - 1, 101, 60);
    profile.extra.push({ label: 'Recording of made', entries });
    return { profile, threads: profile.threads };
  };
  const of = (value: string) => {
    const side = made([{ label: 'Sampled by', format: 'string', value }]);
    const { whole, functions } = diffProfiles(side, side, 'cpu');
    expect(whole.before).toBeCloseTo(100e6, 0);
    return functions.map(({ name, self }) => `${name} ${Math.round(self.before / 1e6)}`).sort();
  };
  expect(of('signals, CPU time')).toEqual(['f 73', 'g 27']);
  expect(of('epochs')).toEqual(['f 30', 'g 70']);
  expect(of('signals, CPU time; epochs')).toEqual(['f 30', 'g 70']);
});
