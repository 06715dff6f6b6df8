import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ReadOptions } from '../formats/row-limit.js';
import { WEIGHTS, type Weight } from '../profile/sample-weight.js';
import { duration, positive } from './options.js';

/** Which part of a profile a command looks at. */
export interface SelectOptions extends ReadOptions {
  readonly thread?: number;
  /** Milliseconds since the profile's start. */
  readonly from?: number;
  readonly to?: number;
  readonly focus?: RegExp;
  readonly ignore?: RegExp;
  readonly root?: string;
  readonly foldInlined?: boolean;
}

/** Which part of a profile a command looks at, and in what unit. */
export interface ProfileView extends SelectOptions {
  readonly weight?: Weight;
}

/** Adds the options of a {@link ProfileView}. */
export function addViewOptions(command: Command, weights: string): Command {
  return addSelectOptions(
    command.addOption(
      new Option('--weight <unit>', `what samples count for; default: ${weights}`).choices(WEIGHTS),
    ),
  );
}

/** Adds {@link SelectOptions}. */
export function addSelectOptions(command: Command): Command {
  return command
    .option('--thread <number>', 'one thread only, counted from 0', threadNumber)
    .option('--from <time>', "samples from this time of the profile's on, such as 1.5s", duration)
    .option('--to <time>', 'samples up to this time', duration)
    .option('--focus <regex>', 'samples with such a function on the stack', regex)
    .option('--ignore <regex>', 'samples without such a function', regex)
    .option('--root <function>', 'samples in that function, which becomes the outermost')
    .option('--fold-inlined', 'what was inlined counts for the function around it')
    .addOption(maxRowsOption());
}

/** The option of {@link ReadOptions}. */
export function maxRowsOption(): Option {
  const [flags, help] = [
    '--max-rows <number>',
    'read profiles of more samples and markers than 50 million',
  ];
  return new Option(flags, help).argParser(positive);
}

/** A pattern for functions' names. */
export function regex(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Which thread, counted from 0. */
export function threadNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a number from 0.');
  return Number(text);
}
