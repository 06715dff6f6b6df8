import { foldedDiff } from '../formats/folded.js';
import { formatOfPath } from '../formats/format-list.js';
import { writeProfile } from '../formats/output.js';
import { htmlPageOf } from '../formats/page.js';
import { comparedPageData } from '../formats/page-diff.js';
import { type ComparedProfile, diffProfiles } from '../profile/diff.js';
import { pathChanges } from '../profile/path-changes.js';
import type { Weight } from '../profile/sample-weight.js';
import { CliError } from './cli-error.js';
import { diffJson } from './diff-json.js';
import { diffMarkdown } from './diff-markdown.js';
import { diffReport } from './diff-report.js';
import { ExitCode } from './exit-code.js';
import { exceeding } from './fail-above.js';
import type { PrintDiffOptions } from './print-diff-options.js';
import { checkDistinct, checkWritable, unwritable } from './profile-path.js';
import { layoutOf, write } from './terminal.js';

/** @throws CliError for options that don't go together, and for a file that can't be written or is one of those read. */
export function checkPrintDiff(
  { output, json, markdown, ...options }: PrintDiffOptions,
  inputs: readonly string[],
): void {
  if (json && markdown) throw new CliError('--json and --markdown: choose one');
  if (options.function !== undefined && options.failAbove === undefined) {
    throw new CliError('--function is for --fail-above');
  }
  if (output === undefined) return;
  const format = formatOfPath(output);
  if (format !== 'html' && format !== 'folded') {
    throw new CliError(`${output}: a comparison is written as .html or .folded`);
  }
  checkDistinct(inputs, [output]);
  checkWritable(output);
}

/** Prints and writes what differs; the exit code. */
export async function printDiff(
  before: ComparedProfile,
  after: ComparedProfile,
  weight: Weight,
  options: PrintDiffOptions,
): Promise<number> {
  const { output, all = false, failAbove, map } = options;
  const diff = diffProfiles(before, after, weight, map);
  const names = [before.profile.product, after.profile.product] as const;
  const exceeded =
    failAbove === undefined ? undefined : exceeding(diff, failAbove, options.function);
  if (options.json) {
    write(process.stdout, `${JSON.stringify(diffJson(diff, names, exceeded), null, 2)}\n`);
  } else {
    const lines = options.markdown
      ? diffMarkdown(diff, names, all, exceeded ?? [])
      : [
          ...diffReport(diff, names, all, layoutOf(process.stdout)),
          ...(exceeded ?? []).map((line) => `Beyond the limit: ${line}`),
        ];
    write(process.stdout, `${lines.join('\n')}\n`);
  }
  if (output !== undefined) {
    const chunks =
      formatOfPath(output) === 'html'
        ? htmlPageOf(comparedPageData(before, after, diff, map))
        : foldedDiff(pathChanges(before, after, weight, map));
    await writeProfile(chunks, output).catch((error: unknown) => {
      throw unwritable(output, error);
    });
  }
  return exceeded !== undefined && exceeded.length > 0 ? ExitCode.Above : 0;
}

/** CPU time, where both profiles have it, and else samples. */
export function usualWeight(...compared: readonly ComparedProfile[]): Weight {
  const hasCpu = ({ threads }: ComparedProfile) =>
    threads.some(({ samples }) => {
      for (const deltas of samples.cpuDelta.segments()) {
        if (deltas.some((delta) => delta > 0)) return true;
      }
      return false;
    });
  return compared.every(hasCpu) ? 'cpu' : 'samples';
}
