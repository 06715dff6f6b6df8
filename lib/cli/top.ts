import { type Command, Option } from 'commander';
import { functionWeights } from '../profile/hot-functions.js';
import { hotLines } from '../profile/hot-lines.js';
import { neighboursOf } from '../profile/neighbours.js';
import type { Profile } from '../profile/profile.js';
import { unitOf } from './amount.js';
import { functionsNamed } from './chosen-functions.js';
import { CliError } from './cli-error.js';
import { linkedLayout } from './hyperlinks.js';
import { positive } from './options.js';
import { addViewOptions, type ProfileView, readSelected } from './read-file.js';
import { markdownReportOf, type Report, textReport } from './report.js';
import { sourceLookup } from './source-lookup.js';
import { type Layout, layoutOf, PLAIN, write } from './terminal.js';
import { prepareWidths } from './text-width.js';
import { callersJson, callersReport } from './top-callers.js';
import { factsOf, markdownReport, topReport } from './top-functions.js';
import { topJson } from './top-json.js';
import { linesJson, linesReport } from './top-lines.js';
import { listingsOf, listReport } from './top-list.js';

/** What `top` is asked for. */
export interface TopOptions extends ProfileView {
  readonly limit: number;
  readonly markdown?: boolean;
  readonly json?: boolean;
  /** At most one of these three. */
  readonly callers?: string;
  readonly lines?: boolean;
  readonly list?: string;
  /** Where source files lie, with `list`. */
  readonly sources?: string;
}

const HELP = `
Self is what a function ran itself, total what it ran with all that it called. FUNC is a function's name, or a part of
it that no other name has.

Examples:
  $ wasmtime-guest-profiler top app.profile.json
  $ wasmtime-guest-profiler top --lines app.profile.json
  $ wasmtime-guest-profiler top --list parse --sources ~/app/src app.profile.json
  $ wasmtime-guest-profiler top --callers memcpy app.profile.json
  $ wasmtime-guest-profiler top --weight cpu --limit 50 app.profile.json.gz
  $ wasmtime-guest-profiler top --markdown app.profile.json > report.md`;

export function addTopCommand(program: Command): void {
  const command = program
    .command('top')
    .summary('list the hottest functions of a profile')
    .description(
      "Lists a profile's functions, those first that ran longest themselves; or lines, or callers.",
    )
    .argument(
      '<file>',
      'a profile that run has written, in the Firefox format or .jslb; - for stdin',
    )
    .option('-n, --limit <number>', 'how many functions, or lines', positive, 30)
    .option('--lines', 'the hottest source lines instead')
    .addOption(
      new Option('--callers <func>', 'who calls a function, and what it calls').conflicts('lines'),
    )
    .addOption(
      new Option('--list <func>', "a function's source, with what each line ran").conflicts([
        'lines',
        'callers',
      ]),
    )
    .option(
      '--sources <directory>',
      "with --list: where source files lie that the profile doesn't carry; here by default",
    )
    .option('--markdown', 'as a Markdown report, for people and models to read')
    .option('--json', 'as JSON, for programs: docs/schemas/')
    .addHelpText('after', HELP);
  addViewOptions(command, 'samples').action(async (path: string, options: TopOptions) => {
    if (options.json && options.markdown) throw new CliError('--json and --markdown: choose one');
    const profile = await readSelected(path, options);
    const layout = await linkedLayout(process.stdout, options.sources);
    // Whatever the source says.
    if (options.list !== undefined) await prepareWidths(['漢']);
    write(process.stdout, top(profile, options, layout));
  });
}

/**
 * What `top` prints of a profile.
 *
 * @throws CliError for a function that the profile doesn't have.
 */
export function top(
  profile: Profile,
  options: TopOptions,
  layout: Layout = layoutOf(process.stdout),
): string {
  const { weight = 'samples', limit, json, markdown } = options;
  const { threads } = profile;
  const view = viewOf(profile, options);
  if (json) {
    const report = view?.json ?? topJson(profile, threads, weight, limit);
    return `${JSON.stringify(report, null, 2)}\n`;
  }
  const plain = { style: PLAIN, width: Number.POSITIVE_INFINITY };
  const lines =
    view === undefined
      ? (markdown ? markdownReport : topReport)(profile, threads, weight, limit, layout)
      : markdown
        ? markdownReportOf(profile, view.report, plain)
        : textReport(profile, view.report, layout);
  return `${lines.join('\n')}\n`;
}

/** What is asked for instead of the list of functions; undefined for that. */
function viewOf(
  profile: Profile,
  { weight = 'samples', limit, callers, lines, list, sources }: TopOptions,
): { readonly report: Report; readonly json: object } | undefined {
  if (sources !== undefined && list === undefined) throw new CliError('--sources needs --list');
  if (callers === undefined && lines === undefined && list === undefined) return undefined;
  const { threads } = profile;
  const unit = unitOf(profile, weight);
  const whole = functionWeights(profile, threads, weight).reduce((sum, { self }) => sum + self, 0);
  const facts = factsOf(profile, threads, weight, whole);
  const head = (of: string) => ({
    format: `wasmtime-guest-profiler/${of}`,
    version: 1,
    name: profile.product,
    weight,
  });
  if (callers !== undefined) {
    const { name, funcs } = functionsNamed(profile, callers);
    const around = neighboursOf(profile, threads, weight, funcs);
    return {
      report: callersReport(profile, name, around, { limit, unit, facts }),
      json: { ...head('callers'), function: name, ...callersJson(profile, around, limit) },
    };
  }
  if (list !== undefined) {
    const chosen = functionsNamed(profile, list);
    const listings = listingsOf(profile, chosen, weight, sourceLookup(profile, sources));
    return {
      report: listReport(listings, { unit, facts, whole }),
      json: { ...head('list'), whole, functions: listings },
    };
  }
  const hot = hotLines(profile, threads, weight);
  return {
    report: linesReport(profile, hot, { limit, unit, facts }),
    json: { ...head('lines'), ...linesJson(profile, hot, limit) },
  };
}
