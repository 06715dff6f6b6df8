import { type Command, InvalidArgumentError } from 'commander';
import { regex } from './select-options.js';

/** How a comparison is told. */
export interface PrintDiffOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly all?: boolean;
  readonly failAbove?: number;
  readonly function?: RegExp;
  readonly map: ReadonlyMap<string, string>;
}

/** Adds the options of `printDiff`. */
export function addPrintDiffOptions(command: Command): Command {
  return command
    .option(
      '-o, --output <file>',
      'also a differential flame graph: .html, or .folded for its tools',
    )
    .option('--all', 'also list the functions that are within noise')
    .option('--json', 'as JSON, for programs: docs/schemas/diff.schema.json')
    .option('--markdown', 'as Markdown, for a pull request')
    .option(
      '--fail-above <share>',
      'exit with 3 if the whole grew significantly by more, such as 5%, or a function by so much of the whole',
      share,
    )
    .option('--function <regex>', 'look at these functions alone, each by a share of itself', regex)
    .option(
      '--map <old=new>',
      'a module whose name has changed; repeat it for more',
      mapping,
      new Map<string, string>(),
    );
}

/** `5%`, or `5`; as a share. */
function share(text: string): number {
  const [, digits] = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('Expected a share such as 5%.');
  return Number(digits) / 100;
}

function mapping(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) {
    throw new InvalidArgumentError('Expected the names of a module, old=new.');
  }
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}
