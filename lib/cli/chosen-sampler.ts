import type { Sampler } from '../profiler/sampler.js';
import { signalObstacle } from '../profiler/signal-sampler.js';
import { CliError } from './cli-error.js';
import type { GuestOptions } from './run-options.js';

/**
 * The sampler that is asked for, or the best one that there is. Samples by fuel have none of these; the guest then
 * looks at epochs, for the terminal's progress line.
 *
 * @throws CliError where signals are asked for and not to be had.
 */
export function chosenSampler({
  by,
  sampler,
}: {
  readonly by?: GuestOptions['by'] | undefined;
  readonly sampler?: Sampler;
}): Sampler {
  if (by === 'fuel' || sampler === 'epoch') return 'epoch';
  const obstacle = signalObstacle(sampler === 'signal');
  if (obstacle === undefined) return 'signal';
  if (sampler === 'signal') throw new CliError(`--sampler signal: ${obstacle}`);
  return 'epoch';
}
