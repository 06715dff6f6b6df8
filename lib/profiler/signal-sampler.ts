import { native } from '../native.js';
import { checkOneOf } from '../runtime/check.js';
import { Engine } from '../runtime/engine.js';
import { misuse } from '../runtime/errors.js';
import { SAMPLERS, type Sampler } from './sampler.js';

/** Of the whole process; null where there is none. */
let obstacle: string | null | undefined;

/** Why stores, or those of `engine`, can't be sampled by signals; undefined when they can. */
export function signalObstacle(engine?: Engine): string | undefined {
  if (engine?.isPulley) return 'the engine interprets its code';
  if (obstacle === undefined) obstacle = native.signalObstacle();
  return obstacle ?? undefined;
}

/**
 * The sampler that is asked for, or else the best one that there is.
 *
 * @throws TypeError `ERR_SAMPLER` or `ERR_NO_EPOCHS` where there is none.
 */
export function samplerFor(
  engine: Engine,
  { sampler, everyEpoch = false }: { readonly sampler?: Sampler; readonly everyEpoch?: boolean },
): Sampler {
  const asked =
    sampler === undefined ? undefined : checkOneOf('options.sampler', sampler, SAMPLERS);
  if (asked === 'signal' && everyEpoch) {
    throw misuse('ERR_SAMPLER', "everyEpoch is of the sampler 'epoch'");
  }
  const epochs = asked === 'epoch' || everyEpoch;
  const obstacle = epochs ? undefined : signalObstacle(engine);
  if (!epochs && obstacle === undefined) return 'signal';
  if (asked === 'signal') throw misuse('ERR_SAMPLER', `no samples by signals: ${obstacle}`);
  if (Engine.hasEpochs(engine)) return 'epoch';
  const why = obstacle === undefined ? '' : `: ${obstacle}`;
  throw misuse('ERR_NO_EPOCHS', `the engine needs epochInterruption: true${why}`);
}
