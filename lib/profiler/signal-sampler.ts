import { native } from '../native.js';
import type { Engine } from '../runtime/engine.js';

/** Why stores, or those of `engine`, can't be sampled by signals; undefined when they can. */
export function signalObstacle(engine?: Engine): string | undefined {
  if (engine?.isPulley) return 'the engine interprets its code';
  return native.signalObstacle() ?? undefined;
}
