/** What a page shows of a profile: sums, so that it is small whatever the number of samples. */

import { fuelBetweenSamples } from '../profile/fuel.js';
import { funcPlace } from '../profile/func-place.js';
import { hostCallsOf } from '../profile/host-calls.js';
import { functionWeights, hottestLines } from '../profile/hot-functions.js';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS } from '../profile/sample-weight.js';
import { NO_SOURCE } from '../profile/source-table.js';
import type { Thread } from '../profile/thread.js';
import { codesOf } from './page-code.js';
import { hostShare, pageCounter } from './page-counters.js';
import { pageName, pagePath } from './page-names.js';
import { pageOrder } from './page-order.js';
import { byWeight, PageTrees } from './page-tree.js';
import type { PageCounter, PageData, PageFunction, PageSource, PageThread } from './page-types.js';

/** All that a page needs of a profile. */
export function pageData(profile: Profile): PageData {
  const trees = new PageTrees(profile);
  const fuel = fuelBetweenSamples(profile);
  return {
    name: pageName(profile.product),
    intervalMs: profile.intervalMs,
    startTimeUnixMs: profile.startTimeUnixMs,
    ...(fuel !== undefined && { fuel }),
    functions: Array.from({ length: profile.funcs.length }, (_, func) =>
      pageFunction(profile, func),
    ),
    categories: [...profile.categories].map(({ name, color }) => ({ name, color })),
    threads: profile.threads.map((thread) => pageThread(profile, trees, thread)),
    counters: pageCounters(profile),
    sources: pageSources(profile),
    codes: [...codesOf(profile)].map(([func, { lines }]) => ({ func, lines })),
  };
}

function pageFunction(profile: Profile, func: number): PageFunction {
  const { name, module, file, line } = funcPlace(profile, func);
  const path = pagePath(file ?? '');
  return { name: pageName(name), module: pageName(module ?? ''), file: path, line: line ?? 0 };
}

function pageThread(profile: Profile, trees: PageTrees, thread: Thread): PageThread {
  const { time, length } = thread.samples;
  const { tree, rowOf } = trees.prune(thread);
  return {
    name: pageName(thread.name),
    samples: length,
    startMs: thread.startMs,
    durationMs: (thread.endMs ?? (length > 0 ? time.get(length - 1) : 0)) - thread.startMs,
    tree,
    order: pageOrder(profile, thread, rowOf),
    functions: pageFunctions(profile, thread),
    hostCalls: hostCallsOf(profile, thread).map((call) => ({ ...call, name: pageName(call.name) })),
  };
}

/** Those of the profile, and the host's time where markers alone tell of it. */
function pageCounters(profile: Profile): PageCounter[] {
  const counters = profile.counters.map(pageCounter);
  if (counters.some(({ unit }) => unit === 'share')) return counters;
  const shares = profile.threads.map((thread) => hostShare(profile, thread));
  return [...counters, ...shares.filter((share) => share !== undefined)];
}

/** The texts that the profile has of files with functions in it. */
function pageSources(profile: Profile): PageSource[] {
  const { funcs, sources, strings } = profile;
  const used = new Set(funcs.source.view());
  used.delete(NO_SOURCE);
  return [...used].flatMap((source) => {
    const text = sources.content(source);
    const file = pagePath(strings.get(sources.filename.get(source)));
    return text === undefined ? [] : [{ file, text }];
  });
}

function pageFunctions(profile: Profile, thread: Thread): PageThread['functions'] {
  const lines = hottestLines(profile, thread);
  const rows = new Map<number, { self: number[]; total: number[] }>();
  for (const [i, weight] of WEIGHTS.entries()) {
    for (const { func, self, total } of functionWeights(profile, [thread], weight)) {
      const row = rows.get(func) ?? { self: [0, 0, 0], total: [0, 0, 0] };
      row.self[i] = self;
      row.total[i] = total;
      rows.set(func, row);
    }
  }
  return [...rows].map(([func, { self, total }]) => ({
    func,
    line: lines.get(func) ?? 0,
    self: byWeight((weight) => self[WEIGHTS.indexOf(weight)] as number),
    total: byWeight((weight) => total[WEIGHTS.indexOf(weight)] as number),
  }));
}
