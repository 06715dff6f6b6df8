import { funcPlace } from '../profile/func-place.js';
import { functionWeights, hottestLines } from '../profile/hot-functions.js';
import type { Profile } from '../profile/profile.js';
import type { Weight } from '../profile/sample-weight.js';
import { samplingOf } from '../profile/sampling.js';
import type { Thread } from '../profile/thread.js';

/** What `top --json` prints, as docs/schemas/top.schema.json has it. */
export function topJson(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
  limit: number,
): object {
  const hot = functionWeights(profile, threads, weight);
  const lines = new Map(threads.flatMap((thread) => [...hottestLines(profile, thread)]));
  const { by, withoutFrames } = samplingOf(profile);
  return {
    format: 'wasmtime-guest-profiler/top',
    version: 1,
    name: profile.product,
    intervalMs: profile.intervalMs,
    samples: threads.reduce((sum, { samples }) => sum + samples.length, 0),
    sampledBy: by,
    withoutFrames: Object.fromEntries(withoutFrames),
    weight,
    whole: hot.reduce((sum, { self }) => sum + self, 0),
    functions: hot.slice(0, limit).map(({ func, self, total }) => {
      const { name, module, file } = funcPlace(profile, func);
      const line = lines.get(func) ?? null;
      return { name, module: module ?? null, file: file ?? null, line, self, total };
    }),
    others: Math.max(0, hot.length - limit),
  };
}
