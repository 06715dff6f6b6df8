import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { printable } from '../formats/terminal-text.js';
import type { ComparedProfile } from '../profile/diff.js';
import { areAlike, runsOf } from '../profile/runs.js';
import type { Weight } from '../profile/sample-weight.js';
import { select } from '../profile/select.js';
import { FinishedProfile } from '../profiler/finished-profile.js';
import type { Engine } from '../runtime/engine.js';
import { chosenSampler } from './chosen-sampler.js';
import { CliError, reasonOf } from './cli-error.js';
import { commandEngine } from './command-module.js';
import { describeEnding, errorTextOf } from './ending.js';
import { invocation, START } from './entry.js';
import { loadGuest } from './guest.js';
import { checkPrintDiff, printDiff, usualWeight } from './print-diff.js';
import type { PrintDiffOptions } from './print-diff-options.js';
import { unwritable } from './profile-path.js';
import {
  type AllRuns,
  endsByItself,
  type Repeated,
  type Runs,
  recordRuns,
  recordSlicedRuns,
  type SlicedPair,
} from './record-runs.js';
import { guestOf, limits, wasiOptions } from './run.js';
import type { GuestOptions } from './run-options.js';
import { writeError } from './terminal.js';
import { prepareWidths } from './text-width.js';

/** What `compare` is asked for. */
export interface CompareOptions extends GuestOptions, PrintDiffOptions {
  readonly repeat?: number;
  readonly warmup?: number;
  readonly weight?: Weight;
  readonly profiles?: string;
  readonly foldInlined?: boolean;
}

/** As many runs of each tell a change from noise. */
const RUNS = 10;

/** Runs two programs in turn and compares them; the exit code. */
export async function compare(
  apps: readonly [string, string],
  args: readonly string[],
  options: CompareOptions,
): Promise<number> {
  checkPrintDiff(options, [...apps, ...options.preload.map(({ path }) => path)]);
  const { profiles } = options;
  if (profiles !== undefined) makeDirectory(profiles);
  const { runs, last } = await recordAll(apps, args, options);
  for (const warning of new Set(runs.flatMap(({ warnings }) => warnings))) {
    writeError(`warning: ${printable(warning)}`);
  }
  if (!endsByItself(last.ending)) {
    const error = errorTextOf(last.ending);
    const reason = error === undefined ? '' : `: ${error}`;
    throw new CliError(
      `a run ${describeEnding(last.ending)}, so there is nothing to compare${reason}`,
    );
  }
  const [first, second] = runs as [Runs, Runs];
  if (profiles !== undefined) {
    await save(first.profile, join(profiles, 'before.profile.json'));
    await save(second.profile, join(profiles, 'after.profile.json'));
  }
  const { foldInlined = false } = options;
  const [old, recent] = [compared(first, foldInlined), compared(second, foldInlined)];
  await prepareWidths([...old.profile.strings, ...recent.profile.strings]);
  return printDiff(old, recent, options.weight ?? usualWeight(old, recent), options);
}

/** Runs by fuel are all alike, so that two of each show it, or else are compared as others are. */
async function recordAll(
  apps: readonly [string, string],
  args: readonly string[],
  options: CompareOptions,
): Promise<AllRuns> {
  const isByFuel = options.by === 'fuel';
  const { repeat, warmup = isByFuel ? 0 : 1 } = options;
  const pair = await slicedPair(apps, args, options);
  if (pair !== undefined) return recordSlicedRuns(pair, { repeat: repeat ?? RUNS, warmup });
  const guests = await Promise.all(apps.map((app) => repeated(app, args, options)));
  if (isByFuel && repeat === undefined) {
    const twice = recordRuns(guests, { repeat: 2, warmup });
    if (!endsByItself(twice.last.ending) || twice.runs.every(areRunsAlike)) return twice;
  }
  return recordRuns(guests, { repeat: repeat ?? RUNS, warmup });
}

function areRunsAlike({ profile }: Runs): boolean {
  const model = FinishedProfile.model(profile);
  return areAlike(runsOf(model, model.threads));
}

/** Two modules that can run at the same time, where signals sample them and code may have epoch checks. */
async function slicedPair(
  apps: readonly [string, string],
  args: readonly string[],
  options: CompareOptions,
): Promise<SlicedPair | undefined> {
  const { by, precompiled = false } = options;
  if (by === 'fuel' || precompiled || chosenSampler(options) !== 'signal') return undefined;
  const engine = commandEngine({ ...options, epochs: true });
  const guests = await Promise.all(apps.map((app) => repeated(app, args, options, engine)));
  const sliced = guests.flatMap(({ guest, ...repeated }) => {
    const { runAsync } = guest;
    return runAsync === undefined ? [] : [{ ...repeated, guest: { ...guest, runAsync } }];
  });
  return sliced.length === guests.length ? { engine, guests: sliced } : undefined;
}

/** With an engine of its own, if none is given. */
async function repeated(
  app: string,
  args: readonly string[],
  options: CompareOptions,
  engine?: Engine,
): Promise<Repeated> {
  const { invoke } = options;
  const entry = invoke === undefined ? START : invocation(invoke, args);
  const name = basename(app);
  const wasi = wasiOptions(invoke === undefined ? [name, ...args] : [name], options);
  return {
    ...(engine === undefined
      ? await guestOf(app, entry, options)
      : { engine, guest: await loadGuest(engine, app, entry, { ...options, precompiled: false }) }),
    options: {
      ...limits(name, options),
      hostCalls: false,
      progress: false,
      symbols: {},
      sources: false,
      arguments: [],
      wasi: { ...wasi, stdout: 'null' },
    },
  };
}

function compared({ profile }: Runs, foldInlined: boolean): ComparedProfile {
  const model = FinishedProfile.model(profile);
  if (foldInlined) select(model, { foldInlined });
  return { profile: model, threads: model.threads };
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new CliError(`can't make ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

async function save(profile: FinishedProfile, path: string): Promise<void> {
  await profile.write(path).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}
