import { native } from '../native.js';
import { checkOneOf } from '../runtime/check.js';
import { Engine } from '../runtime/engine.js';
import { misuse } from '../runtime/errors.js';
import { SAMPLERS, type Sampler } from './sampler.js';

/** Why stores, or those of `engine`, aren't sampled by signals, which may have been asked for; undefined when they are. */
export function signalObstacle(isAskedFor: boolean, engine?: Engine): string | undefined {
  if (engine?.isPulley) return 'the engine interprets its code';
  return native.signalObstacle(isAskedFor) ?? undefined;
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
  const obstacle = epochs ? undefined : signalObstacle(asked === 'signal', engine);
  if (!epochs && obstacle === undefined) return 'signal';
  if (asked === 'signal') throw misuse('ERR_SAMPLER', `no samples by signals: ${obstacle}`);
  if (Engine.hasEpochs(engine)) return 'epoch';
  const why = obstacle === undefined ? '' : `: ${obstacle}`;
  throw misuse('ERR_NO_EPOCHS', `the engine needs epochInterruption: true${why}`);
}
