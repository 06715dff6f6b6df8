import { readFileSync } from 'node:fs';
import { measure } from 'mitata';
import { Component, ComponentLinker, Engine, Store } from '../lib/index.js';
import { native } from '../lib/native.js';
import { Component as ComponentClass } from '../lib/runtime/component/component.js';
import { Engine as EngineClass } from '../lib/runtime/engine.js';
import { inFreshProcess } from './support/fresh-process.js';
import { HOW_TO_INSTALL_JCO, startJco } from './support/jco.js';
import { type Bench, type Budget, type Report, withSpread } from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound } from './support/spread.js';

const BYTES = 1 << 20;

type Measured = Awaited<ReturnType<typeof measureComponents>>;

export const components: Bench = {
  name: 'components',
  question: 'What do values cost on their way into a component and out of it?',
  async run(budget) {
    return report(await inFreshProcess(import.meta.url, measureComponents, budget));
  },
};

/** Arguments of one call, by what they show. */
const CALLS = {
  'a call of (s32, s32) → s32': ['add', () => [1, 2]],
  'a record of four fields, there and back': [
    'move',
    () => [{ id: 1, x: 0.5, y: 1.5, isNew: true }],
  ],
  '`list<u8>` of 1 MiB, in': ['take-u8', () => [new Uint8Array(BYTES)]],
  '`list<u8>` of 1 MiB, out': ['give-u8', () => [BYTES]],
  '`list<u32>` of 1 MiB, in': ['take-u32', () => [new Uint32Array(BYTES / 4)]],
  '`list<u32>` of 1 MiB, out': ['give-u32', () => [BYTES / 4]],
  '`list<f64>` of 1 MiB, in': ['take-f64', () => [new Float64Array(BYTES / 8)]],
  '`list<f64>` of 1 MiB, out': ['give-f64', () => [BYTES / 8]],
  'a string of 1 MiB, in': ['take-text', () => ['a'.repeat(BYTES)]],
  'a string of 1 MiB, out': ['give-text', () => [BYTES]],
  'a string of 10 letters, in': ['take-text', () => ['abcdefghij']],
  'a string of 10 letters, out': ['give-text', () => [10]],
} as const;

/** Nanoseconds of a call, by rounds: `ours …` and `jco …`. */
export async function measureComponents({ quick }: Budget) {
  const wat = readFileSync(new URL('./guests/components.wat', import.meta.url), 'utf8');
  const jco = await startJco(wat);
  const engine = new Engine();
  const store = new Store(engine);
  const component = Component.compile(engine, wat);
  const instance = new ComponentLinker(engine).instantiate(store, component);
  const one = async (call: () => unknown): Promise<number> => {
    const stats = await measure(call, { min_cpu_time: (quick ? 1 : 50) * 1e6, warmup_samples: 1 });
    return stats.p50;
  };
  const work: Record<string, () => Promise<number>> = {};
  const ticker = native.NativeEpochTicker.start(EngineClass.native('engine', engine), 60_000);
  work['floor'] = () => one(() => ticker.ticks());
  const calls = quick ? 100 : 20_000;
  const inRust = ComponentClass.native('component', component);
  work['rust'] = async () => native.benchComponentCall(inRust, calls);
  for (const [name, [exported, make]] of Object.entries(CALLS)) {
    const func = instance.getFunc(store, exported);
    const args = make();
    work[`ours ${name}`] = () => one(() => func.call(store, ...args));
    const camelCase = exported.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const theirs = jco?.[camelCase];
    if (theirs !== undefined) work[`jco ${name}`] = () => one(() => theirs(...args));
  }
  const measured = await rounds(quick ? 2 : 11, work, 1);
  ticker.stop();
  return { measured, hasJco: jco !== undefined };
}

function report({ measured, hasJco }: Measured): Report {
  const rows = Object.keys(CALLS).map((name) => {
    const ours = measured[`ours ${name}`] as number[];
    const theirs = measured[`jco ${name}`];
    const ratio = theirs && withSpread(byRound(ours, theirs, (a, b) => a / b));
    return [name, withSpread(ours), theirs ? withSpread(theirs) : 'not run', ratio ?? 'not run'];
  });
  const row = (name: string, key: string) => [name, withSpread(measured[key] as number[]), '', ''];
  return {
    tables: [
      {
        title: 'Nanoseconds a call',
        columns: ['values', 'ours', 'jco', 'times jco'],
        rows: [
          ...rows,
          row('of the first, Wasmtime’s own call, in Rust', 'rust'),
          row('an ordinary method of the addon, through napi-rs', 'floor'),
        ],
        notes: [
          'Median (min–max) of rounds; the ratio is of each round. jco makes JavaScript and modules for V8 of a component, so that its calls need no crossing from one runtime into another.',
          ...(hasJco ? [] : [HOW_TO_INSTALL_JCO]),
        ],
      },
    ],
  };
}
