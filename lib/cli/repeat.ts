import { median } from 'simple-statistics';
import { printable } from '../formats/terminal-text.js';
import { runsOf } from '../profile/runs.js';
import { sampleWeights } from '../profile/sample-weight.js';
import { FinishedProfile } from '../profiler/finished-profile.js';
import { amount } from './amount.js';
import { describeEnding, errorTextOf, exitCodeOf } from './ending.js';
import { ExitCode } from './exit-code.js';
import { addGuestCode } from './guest-code.js';
import { linkedLayout } from './hyperlinks.js';
import { type AllRuns, type Repeated, recordRuns } from './record-runs.js';
import type { RunOptions } from './run-options.js';
import { profileLine } from './summary.js';
import { type Layout, writeError } from './terminal.js';
import { prepareWidths } from './text-width.js';
import { topReport } from './top-functions.js';
import { type ProfileFile, writeOutputs } from './write-outputs.js';

/** Functions that the summary names. */
const HOTTEST = 5;

/** What `run --repeat` does: the exit code, which is the last run's. */
export async function runRepeatedly(
  { outputs, ...repeated }: Repeated & { readonly outputs: readonly ProfileFile[] },
  { repeat = 1, warmup = 0, quiet = false }: RunOptions,
): Promise<number> {
  const recorded = recordRuns([repeated], { repeat, warmup });
  const [runs] = recorded.runs;
  if (runs === undefined) throw new Error('expected the runs of one guest, got none');
  const { ending } = recorded.last;
  const error = errorTextOf(ending);
  if (error !== undefined) writeError(printable(error));
  addGuestCode(FinishedProfile.model(runs.profile), repeated.guest, repeated.options, outputs);
  const { written, failures } = await writeOutputs(runs.profile, outputs);
  for (const warning of runs.warnings) writeError(`warning: ${printable(warning)}`);
  if (!quiet) {
    const layout = await linkedLayout(process.stderr);
    await prepareWidths([...written, ...FinishedProfile.model(runs.profile).strings]);
    writeError(summary(recorded, written, layout).join('\n'));
  }
  for (const { message } of failures) writeError(`error: ${printable(message)}`);
  const exitCode = exitCodeOf(ending);
  return failures.length > 0 && exitCode === 0 ? ExitCode.Failure : exitCode;
}

function summary(
  { runs: [runs], last }: AllRuns,
  paths: readonly string[],
  layout: Layout,
): string[] {
  if (runs === undefined) return [];
  const profile = FinishedProfile.model(runs.profile);
  const cpu = runsOf(profile, profile.threads).map((threads) =>
    threads.reduce((sum, thread) => {
      const weightOf = sampleWeights(profile, thread, 'cpu');
      for (let sample = 0; sample < thread.samples.length; sample++) sum += weightOf(sample);
      return sum;
    }, 0),
  );
  const range = [Math.min(...cpu), median(cpu), Math.max(...cpu)].map((ns) => amount(ns, 'cpu'));
  return [
    '',
    `${runs.runs} runs, the last of which ${describeEnding(last.ending)}; CPU time ${range[1]} a run, ` +
      `from ${range[0]} to ${range[2]}`,
    ...topReport(profile, profile.threads, 'samples', HOTTEST, layout),
    '',
    ...paths.map((path) => profileLine(path, layout)),
  ];
}
