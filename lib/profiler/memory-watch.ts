import { wrongType } from '../runtime/errors.js';
import { checkLimiter, type ResourceLimiter } from '../runtime/limiter.js';
import { GuestProfiler } from './guest-profiler.js';

/**
 * A limiter for {@link Store.limiter} that writes down how the store's memories grow: a marker `memory.grow`
 * for each growth, and the counter `linear memory`, all memories together.
 *
 * ```ts
 * store.limiter(watchMemory(profiler, { memorySize: 64 * 1024 * 1024 }));
 * ```
 *
 * Set it before instances are made: memories that are there already are not counted. A memory keeps its
 * size until the store is gone. `limiter` limits as it would alone; its `memoryGrowing` is asked first. Once
 * the profile is finished, nothing is written down any more.
 */
export function watchMemory(
  profiler: GuestProfiler,
  limiter: ResourceLimiter = {},
): ResourceLimiter {
  if (!(profiler instanceof GuestProfiler))
    throw wrongType('profiler', 'a GuestProfiler', profiler);
  checkLimiter(limiter);
  const counter = profiler.addCounter('linear memory', { unit: 'bytes', color: 'orange' });
  let bytes = 0;
  return {
    ...limiter,
    memoryGrowing: (current, desired, maximum) => {
      const allowed = limiter.memoryGrowing?.(current, desired, maximum) ?? true;
      if (!profiler.recording) return allowed;
      const data = { from: current, to: desired };
      // Memories begin with their first pages.
      const isNew = current === 0;
      if (!isNew || !allowed) {
        profiler.addMarker(allowed ? 'memory.grow' : 'memory.grow refused', { data });
      }
      if (allowed) {
        bytes += desired - current;
        counter.sample(bytes);
      }
      return allowed;
    },
  };
}
