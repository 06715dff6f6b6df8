import { describe, expect, it } from 'vitest';
import {
  type Config,
  Engine,
  GuestProfiler,
  Linker,
  Module,
  type ProfilerOptions,
  Store,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';
import { type ReadProfile, readProfile } from './support.js';

const LOOP = 'wasm_pc_f_loop';

interface Run {
  readonly profile: ReadProfile;
  /** Stacks that `spin` was called on, outermost first, as Go's runtime tells them. */
  readonly told: readonly string[];
  /** Those of the samples in `spin`, from the goroutine's own first function. */
  readonly seen: readonly string[];
}

/** Each stack is that of some 15 ms. */
const ROUNDS = 5_000_000;

async function run(config: Config = {}, options: ProfilerOptions = {}): Promise<Run> {
  const engine = new Engine(config);
  const module = Module.fromFile(engine, guestPath('go/goroutines.wasm'));
  const store = new Store(engine);
  const args = ['goroutines', String(ROUNDS)];
  store.setWasi(new WasiConfig({ args, stdout: 'capture' }));
  const profiler = new GuestProfiler('p', 0.2, [['guest', module]], options);
  profiler.attach(store, { sampler: 'signal', intervalMs: 0.2 });
  const instance = new Linker(engine).addWasi().instantiate(store, module);
  try {
    instance.getFunc(store, '_start').call(store);
  } catch (error) {
    if (!(error instanceof WasiExit)) throw error;
  }
  const told = Buffer.from(store.wasiOutput('stdout') ?? '')
    .toString()
    .trim()
    .split('\n');
  const profile = readProfile(await profiler.finishProfile().write());
  const spinning = profile.stacks.filter((names) => names.at(-1) === 'main.spin');
  const seen = spinning.map((names) => {
    const own = names.slice(names.lastIndexOf(LOOP) + 1);
    return own.slice(own.indexOf('runtime.main') + 1).join(';');
  });
  return { profile, told, seen };
}

/** What the profile says of samples, by the label. */
function fact({ profile }: Run, label: string): number {
  const entries: { label: string; value: number }[] = profile.json.meta.extra[0].entries;
  return entries.find((entry) => entry.label === label)?.value ?? 0;
}

const CUT = 'Samples that begin where a goroutine went on';
const JOINED = "Samples with callers from a goroutine's own stack";

describe('the stacks of goroutines that went on', () => {
  it.each<[string, Config]>([
    ['that stays where it is', {}],
    ['that moves when it grows', { memoryReservation: 0, craneliftOptLevel: 'none' }],
  ])('are those that Go tells, in a memory %s', async (_, config) => {
    const { told, seen, ...rest } = await run(config);
    expect(told.length).toBeGreaterThan(8);
    const cut = seen.filter((stack) => !told.includes(stack));
    // A sample between the instructions of a return or a call may lack callers, but has no others.
    const isPart = (stack: string) => told.some((whole) => whole.endsWith(`;${stack}`));
    expect(cut.filter((stack) => !isPart(stack))).toEqual([]);
    expect(cut.length).toBeLessThan(seen.length / 20);
    expect(new Set(seen.filter((stack) => told.includes(stack)))).toEqual(new Set(told));
    expect(fact({ told, seen, ...rest }, JOINED)).toBeGreaterThan(seen.length / 2);
  });

  it('begin where they went on without what was read in the memory', async () => {
    const result = await run({}, { goroutineCallers: false });
    const { told, seen } = result;
    expect(seen.every((stack) => told.some((whole) => whole.endsWith(stack)))).toBe(true);
    expect(seen.filter((stack) => stack === 'main.spin').length).toBeGreaterThan(seen.length / 2);
    expect(fact(result, JOINED)).toBe(0);
    expect(fact(result, CUT)).toBeGreaterThan(seen.length / 2);
  });
});
