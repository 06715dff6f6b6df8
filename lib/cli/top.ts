import { functionWeights } from '../profile/hot-functions.js';
import { hotLines } from '../profile/hot-lines.js';
import { neighboursOf } from '../profile/neighbours.js';
import type { Profile } from '../profile/profile.js';
import { unitOf } from './amount.js';
import { functionsNamed } from './chosen-functions.js';
import { CliError } from './cli-error.js';
import { linkedLayout } from './hyperlinks.js';
import { readSelected } from './read-file.js';
import { markdownReportOf, type Report, textReport } from './report.js';
import type { ProfileView } from './select-options.js';
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

/** Prints what `top` tells of a profile. */
export async function printTop(path: string, options: TopOptions): Promise<void> {
  if (options.json && options.markdown) throw new CliError('--json and --markdown: choose one');
  const profile = await readSelected(path, options);
  const layout = await linkedLayout(process.stdout, options.sources);
  // Whatever the source says.
  if (options.list !== undefined) await prepareWidths(['漢']);
  write(process.stdout, top(profile, options, layout));
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
