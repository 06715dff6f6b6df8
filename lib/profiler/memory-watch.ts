import { wrongType } from '../runtime/errors.js';
import { checkLimiter, type ResourceLimiter } from '../runtime/limiter.js';
import { GuestProfiler } from './guest-profiler.js';
import { MEMORY_GROW } from './memory-growths.js';

/**
 * A limiter for {@link Store.limiter} that writes down how the store's memories grow: a marker `memory.grow`
 * for each growth, `memory.grow refused` for one that the limiter refuses, and the counter `linear memory`,
 * all memories together.
 *
 * ```ts
 * store.limiter(watchMemory(profiler, { memorySize: 64 * 1024 * 1024 }));
 * ```
 *
 * Set it before instances are made: memories that are there already are not counted. A memory keeps its
 * size until the store is gone. `limiter` limits as it would alone; its `memoryGrowing` is asked first. Once
 * the profile is finished, nothing is written down any more.
 *
 * @throws TypeError `ERR_PROFILER_FINISHED` after `finish`, and what {@link Store.limiter} throws.
 */
export function watchMemory(
  profiler: GuestProfiler,
  limiter: ResourceLimiter = {},
): ResourceLimiter {
  if (!GuestProfiler.is(profiler)) throw wrongType('profiler', 'a GuestProfiler', profiler);
  checkLimiter(limiter);
  const counter = profiler.addCounter('linear memory', {
    unit: 'bytes',
    graph: 'steps',
    color: 'orange',
  });
  let bytes = 0;
  // Native code doesn't ask for what is beyond its limits. A refusal that traps must stay its own.
  const { memorySize, ...others } = limiter;
  const most = limiter.trapOnGrowFailure ? undefined : memorySize;
  return {
    ...(most === undefined ? limiter : others),
    memoryGrowing: (current, desired, maximum) => {
      const isWithin = most === undefined || desired <= most;
      const allowed = isWithin && (limiter.memoryGrowing?.(current, desired, maximum) ?? true);
      if (!profiler.recording) return allowed;
      const data = { from: current, to: desired };
      // Memories begin with their first pages.
      const isNew = current === 0;
      if (!isNew || !allowed) {
        const name = allowed ? MEMORY_GROW : `${MEMORY_GROW} refused`;
        profiler.addMarker(name, { data, formats: { from: 'bytes', to: 'bytes' } });
      }
      if (allowed) {
        bytes += desired - current;
        counter.sample(bytes);
      }
      return allowed;
    },
  };
}
