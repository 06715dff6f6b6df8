import type { Command } from 'commander';
import { foldedDiff } from '../formats/folded.js';
import { formatOfPath } from '../formats/formats.js';
import { writeProfile } from '../formats/output.js';
import { htmlPageOf } from '../formats/page.js';
import { comparedPageData } from '../formats/page-diff.js';
import { type ComparedProfile, functionChanges, pathChanges } from '../profile/diff.js';
import type { Weight } from '../profile/sample-weight.js';
import { amount, change, percent, unitName } from './amount.js';
import { CliError } from './cli-error.js';
import { checkWritable, unwritable } from './profile-path.js';
import { addViewOptions, type ProfileView, readFile, threadsOf } from './read-file.js';
import { type TableColumn, textTable } from './table.js';
import { type Layout, layoutOf, oneLine, write } from './terminal.js';

interface DiffOptions extends ProfileView {
  readonly output?: string;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'change', align: 'right' },
  { title: 'before', align: 'right' },
  { title: '', align: 'right' },
  { title: 'after', align: 'right' },
  { title: '', align: 'right' },
  { title: 'function', align: 'left' },
];

const SHOWN = 15;

const HELP = `
Functions are the same by name and module. Times depend on the machine and what else it does:
compare profiles of the same work, made one after the other.

Examples:
  $ wasmtime-guest-profiler diff before.profile.json after.profile.json
  $ wasmtime-guest-profiler diff --weight cpu -o diff.html before.json after.json
  $ wasmtime-guest-profiler diff -o diff.folded before.json after.json
  $ inferno-flamegraph < diff.folded > diff.svg`;

export function addDiffCommand(program: Command): void {
  const command = program
    .command('diff')
    .summary('compare two profiles')
    .description('Tells which functions ran longer and which shorter in the second profile.')
    .argument('<before>', 'a profile, in the Firefox format or .jslb')
    .argument('<after>', 'the one to compare with it')
    .option(
      '-o, --output <file>',
      'also a differential flame graph: .html, or .folded for its tools',
    )
    .addHelpText('after', HELP);
  addViewOptions(command, 'wall').action(diff);
}

async function diff(before: string, after: string, options: DiffOptions): Promise<void> {
  if (options.output !== undefined) {
    const format = formatOfPath(options.output);
    if (format !== 'html' && format !== 'folded') {
      throw new CliError(`${options.output}: a comparison is written as .html or .folded`);
    }
    checkWritable(options.output);
  }
  const { weight = 'wall' } = options;
  const [old, recent] = [await compared(before, options), await compared(after, options)];
  const layout = layoutOf(process.stdout);
  const lines = diffReport(old, recent, weight, layout);
  write(process.stdout, `${lines.join('\n')}\n`);
  if (options.output === undefined) return;
  const { output } = options;
  const chunks =
    formatOfPath(output) === 'html'
      ? htmlPageOf(comparedPageData(old, recent, weight))
      : foldedDiff(pathChanges(old, recent, weight));
  await writeProfile(chunks, output).catch((error: unknown) => {
    throw unwritable(output, error);
  });
}

async function compared(path: string, view: ProfileView): Promise<ComparedProfile> {
  const profile = await readFile(path);
  return { profile, threads: threadsOf(profile, path, view) };
}

/** What `diff` prints: the whole, what grew, what shrank. */
export function diffReport(
  before: ComparedProfile,
  after: ComparedProfile,
  weight: Weight,
  layout: Layout,
): string[] {
  const changes = functionChanges(before, after, weight);
  const wholeBefore = changes.reduce((sum, { selfBefore }) => sum + selfBefore, 0);
  const wholeAfter = changes.reduce((sum, { selfAfter }) => sum + selfAfter, 0);
  const section = (title: string, sign: 1 | -1): string[] => {
    const chosen = changes.filter((row) => sign * (row.selfAfter - row.selfBefore) > 0);
    if (chosen.length === 0) return [];
    const rows = chosen
      .slice(0, SHOWN)
      .map(({ name, selfBefore, selfAfter }) => [
        change(selfAfter - selfBefore, weight),
        amount(selfBefore, weight),
        percent(selfBefore, wholeBefore),
        amount(selfAfter, weight),
        percent(selfAfter, wholeAfter),
        oneLine(name),
      ]);
    const others = chosen.length - rows.length;
    const rest = others > 0 ? [layout.style.dim(`… and ${others} more`)] : [];
    return ['', layout.style.bold(title), ...textTable(COLUMNS, rows, layout), ...rest];
  };
  const whole =
    `${unitName(weight)}: ${amount(wholeBefore, weight)} before, ` +
    `${amount(wholeAfter, weight)} after (${change(wholeAfter - wholeBefore, weight)})`;
  const names = `${oneLine(before.profile.product)} → ${oneLine(after.profile.product)}`;
  const grown = [...section('Grew', 1), ...section('Shrank', -1)];
  const same = grown.length > 0 ? [] : ['', 'No function changed.'];
  return [`${layout.style.bold(names)}: ${whole}`, ...grown, ...same];
}
