import {
  Engine,
  type FinishedProfile,
  GuestProfiler,
  Linker,
  Module,
  type ModuleSymbols,
  type ProfilerOptions,
  Store,
  UpdateDeadline,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';
import { type ReadProfile, readProfile } from './support.js';

export interface SymbolProfile extends ReadProfile {
  readonly warnings: readonly string[];
  /** `name file:line@inlineDepth` of every frame, once each. */
  readonly frames: ReadonlySet<string>;
}

/** A file's name, or what makes the module. */
export type Guest = string | ((engine: Engine) => Module);

/** {@link profiledGuest}, read. */
export async function profileGuest(
  guest: Guest,
  symbols: ModuleSymbols = {},
  options: ProfilerOptions = {},
  args?: readonly string[],
  every?: number,
): Promise<SymbolProfile> {
  const { profile, warnings } = profiledGuest(guest, symbols, options, args, every);
  const read = readProfile(await profile.write());
  return { ...read, warnings, frames: framesOf(read.json.shared) };
}

/**
 * Profiles a WASI guest, a sample at each of its first epoch checks, or at one of `every` so many: the same ones at
 * each run.
 */
export function profiledGuest(
  guest: Guest,
  symbols: ModuleSymbols = {},
  options: ProfilerOptions = {},
  args: readonly string[] = ['guest', '1'],
  every = 1,
): { profile: FinishedProfile; module: Module; warnings: readonly string[] } {
  const engine = new Engine({ epochInterruption: true });
  const module =
    typeof guest === 'string' ? Module.fromFile(engine, guestPath(guest)) : guest(engine);
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args, stdout: 'capture' }));
  const profiler = new GuestProfiler('p', 1, [['guest', module, symbols]], options);
  let left = 3000 * every;
  store.setEpochDeadline(0);
  store.epochDeadlineCallback((store) => {
    if (left % every === 0) profiler.sample(store, 0);
    return UpdateDeadline.continue(left-- > 0 ? 0 : 1e9);
  });
  try {
    const instance = new Linker(engine).addWasi().instantiate(store, module);
    instance.getFunc(store, '_start').call(store);
  } catch (error) {
    if (!(error instanceof WasiExit)) throw error;
  }
  const profile = profiler.finishProfile();
  return { profile, module, warnings: profiler.warnings };
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of a known form, checked before.
function framesOf({ frameTable, funcTable, sources, stringArray }: any): Set<string> {
  return new Set(
    frameTable.func.map((func: number, i: number) => {
      const source = funcTable.source[func];
      const file = source === null ? '?' : stringArray[sources.filename[source]];
      const line = frameTable.line[i] ?? '?';
      return `${stringArray[funcTable.name[func]]} ${file}:${line}@${frameTable.inlineDepth[i]}`;
    }),
  );
}
