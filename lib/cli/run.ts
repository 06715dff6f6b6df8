import { basename } from 'node:path';
import { FORMATS, formatOfPath } from '../formats/format-list.js';
import { printable } from '../formats/terminal-text.js';
import { FinishedProfile } from '../profiler/finished-profile.js';
import { GuestProfiler } from '../profiler/guest-profiler.js';
import { Component } from '../runtime/component/component.js';
import type { Engine } from '../runtime/engine.js';
import type { WasiOptions } from '../runtime/wasi-config.js';
import { chosenSampler } from './chosen-sampler.js';
import { CliError } from './cli-error.js';
import { commandEngine } from './command-module.js';
import { describeEnding, errorTextOf, exitCodeOf } from './ending.js';
import { type Entry, invocation, resultText, START } from './entry.js';
import { environmentOf } from './environment.js';
import { ExitCode } from './exit-code.js';
import { loadGuest } from './guest.js';
import { addGuestCode } from './guest-code.js';
import { type Guest, hasEpochChecks } from './guest-file.js';
import { linkedLayout } from './hyperlinks.js';
import {
  checkDistinct,
  checkExtensionOf,
  checkWritable,
  defaultProfilePath,
} from './profile-path.js';
import { type Recording, type RecordOptions, record } from './record.js';
import type { GuestOptions, RunOptions } from './run-options.js';
import { seededRandom } from './seeded-random.js';
import { sourcesIn } from './sources.js';
import { summaryOf } from './summary.js';
import { type Layout, write, writeError, writeNow } from './terminal.js';
import { prepareWidths } from './text-width.js';
import { type ProfileFile, writeOutputs } from './write-outputs.js';

/** Runs and profiles `app`; the exit code. */
export async function run(
  app: string,
  args: readonly string[],
  options: RunOptions,
): Promise<number> {
  const outputs = outputsOf(app, options);
  const { debugInfo, sourceMap, symbolMap, wasm } = options;
  const paths = outputs.map(({ path }) => path);
  const preloaded = options.preload.map(({ path }) => path);
  checkDistinct([app, debugInfo, sourceMap, symbolMap, wasm, ...preloaded], paths);
  for (const path of paths) {
    if (options.format === undefined) checkExtensionOf(path);
    checkWritable(path);
  }
  const name = basename(app);
  const entry = options.invoke === undefined ? START : invocation(options.invoke, args);
  const { engine, guest } = await guestOf(app, entry, options);
  if (Component.is(guest.code)) {
    const given = sourceMap !== undefined ? '--source-map' : symbolMap && '--symbol-map';
    if (given) throw new CliError(`${app} is a component: ${given} is for modules`);
  }
  if (options.precompiled && !options.quiet) {
    writeNow(
      `warning: ${printable(app)} is machine code that runs unchecked: it must be yours to trust\n`,
    );
  }
  const wasi = wasiOptions(options.invoke === undefined ? [name, ...args] : [name], options);
  const how = recordOptions(name, args, wasi, options);
  if (options.repeat !== undefined) {
    const { runRepeatedly } = await import('./run-more.js');
    return runRepeatedly({ engine, guest, options: how, outputs }, options);
  }
  const recording = record(engine, guest, how);

  const { ending, profiler } = recording;
  if (ending.kind === 'returned') {
    for (const result of ending.results) write(process.stdout, `${resultText(result)}\n`);
  }
  const error = errorTextOf(ending);
  if (error !== undefined) writeError(printable(error));
  const exitCode = exitCodeOf(ending);
  // The profile first: the summary's reader may be gone.
  const profile = profiler.finishProfile();
  addGuestCode(FinishedProfile.model(profile), guest, how, outputs);
  const { failures, written } = await writeOutputs(profile, outputs);
  for (const warning of profiler.warnings) writeError(`warning: ${printable(warning)}`);
  if (!options.quiet) {
    await prepareWidths([app, ...FinishedProfile.model(profile).strings]);
    writeError(summary(recording, written, await linkedLayout(process.stderr)));
  }
  for (const { message } of failures) writeError(`error: ${printable(message)}`);
  if (options.open) {
    recording.interrupt.dispose();
    const { openProfile } = await import('./run-more.js');
    await openProfile(GuestProfiler.end(profiler), { open: true });
  }
  return failures.length > 0 && exitCode === 0 ? ExitCode.Failure : exitCode;
}

/** The files to write, and how. */
function outputsOf(app: string, options: RunOptions): readonly ProfileFile[] {
  const { profile, format, weight } = options;
  const paths = profile.length > 0 ? profile : [defaultProfilePath(app)];
  return paths.map((path) => {
    const name = format ?? formatOfPath(path) ?? 'firefox';
    // One weight for several files: those that say no weight have all of them.
    const chosen = weight !== undefined && FORMATS[name].weights.includes(weight);
    return { path, format: name, ...(chosen && { weight }) };
  });
}

function recordOptions(
  name: string,
  args: readonly string[],
  wasi: WasiOptions,
  options: RunOptions,
): RecordOptions {
  const { debugInfo, sourceMap, symbolMap, sources, wasm } = options;
  return {
    ...limits(name, options),
    hostCalls: options.hostTime ? 'frames' : options.hostCalls ? 'markers' : false,
    progress: !options.quiet,
    symbols: {
      ...(debugInfo !== undefined && { debugInfo }),
      ...(sourceMap !== undefined && { sourceMap }),
      ...(symbolMap !== undefined && { symbolMap }),
      ...(wasm !== undefined && { wasm }),
    },
    sources: sources === undefined ? false : sourcesIn(sources),
    arguments: options.showArguments ? args : [],
    wasi,
  };
}

/** Some ten thousand samples in a second. */
const EVERY_FUEL = 100_000;
/** By fuel: Go and Rust seed their hash tables by random numbers, and take another way through them then. */
const SEED_BY_FUEL = 0;

/**
 * The guest that is run so, and its engine.
 *
 * @throws CliError that says what the file is instead.
 */
export async function guestOf(
  app: string,
  entry: Entry,
  { by, fuel, precompiled = false, ...options }: GuestOptions & { readonly quiet?: boolean },
): Promise<{ readonly engine: Engine; readonly guest: Guest }> {
  const sampler = chosenSampler({ by, ...options });
  const load = async (epochs: boolean) => {
    const engine = commandEngine({ ...options, epochs, fuel: fuel ?? by === 'fuel' });
    return { engine, guest: await loadGuest(engine, app, entry, { precompiled, ...options }) };
  };
  if (sampler === 'epoch') return load(true);
  try {
    return await load(false);
  } catch (error) {
    // Signals do without epoch checks, but what was compiled with them needs an engine that has them.
    if (precompiled && hasEpochChecks(error)) return load(true);
    throw error;
  }
}

/** What is recorded of a guest, and how far it may go. */
export function limits(
  name: string,
  { hz, interval, by, everyFuel = EVERY_FUEL, timeout, fuel, maxMemory, ...options }: GuestOptions,
): Pick<
  RecordOptions,
  | ('name' | 'intervalMs' | 'everyFuel' | 'sampler' | 'clock')
  | ('timeoutMs' | 'fuel' | 'maxMemoryBytes')
> {
  return {
    name,
    sampler: chosenSampler({ by, ...options }),
    clock: options.clock ?? 'cpu',
    ...(by === 'fuel'
      ? { intervalMs: everyFuel / 1e6, everyFuel }
      : { intervalMs: hz ?? interval }),
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(fuel !== undefined && { fuel }),
    ...(maxMemory !== undefined && { maxMemoryBytes: maxMemory }),
  };
}

/** `repeat` runs can't share what stands on our stdin: they read a file, or nothing. */
export function wasiOptions(
  args: readonly string[],
  options: GuestOptions & Pick<RunOptions, 'repeat'>,
): WasiOptions {
  const { stdin, repeat, seed = options.by === 'fuel' ? SEED_BY_FUEL : undefined } = options;
  return {
    args,
    ...(seed !== undefined && { random: seededRandom(seed) }),
    env: environmentOf(options.env, process.env),
    stdin: stdin === undefined ? (repeat === undefined ? 'inherit' : 'null') : { file: stdin },
    stdout: 'inherit',
    stderr: 'inherit',
    preopens: options.dir,
    network: {
      tcpConnect: options.tcpConnect,
      tcpListen: options.tcpListen,
      nameLookup: options.allowDns === true,
    },
  };
}

function summary(recording: Recording, paths: readonly string[], layout: Layout): string {
  const { profiler, ...facts } = recording;
  const ending = describeEnding(recording.ending);
  return summaryOf(GuestProfiler.end(profiler), { ...facts, ending, paths }, layout);
}
