import { expect, it } from 'vitest';
import {
  type Config,
  Engine,
  type FunctionSamples,
  GuestProfiler,
  Linker,
  Module,
  type ProfilerOptions,
  Store,
} from '../../lib/index.js';
import { OraclePair } from '../oracle/oracle-pair.js';
import { guestPath } from '../runtime/support.js';
import { readProfile } from './support.js';

/** Two builds of one C program, which take the same samples: at the calls of an import. */
const INLINED = 'c/inlining.wasm';
const NOT_INLINED = 'c/inlining-none.wasm';

/** A frame of a sample. */
interface Frame {
  readonly name: string;
  readonly line: number | null;
  readonly inlineDepth: number;
}

async function profileOf(guest: string, options: ProfilerOptions = {}, config: Config = {}) {
  const engine = new Engine(config);
  const module = Module.fromFile(engine, guestPath(guest));
  const store = new Store(engine);
  const profiler = new GuestProfiler('p', 1, [['guest', module]], options);
  const linker = new Linker(engine);
  linker.funcWrap('env', 'sample', { params: [], results: [] }, () => profiler.sample(store, 0));
  const run = linker.instantiate(store, module).getFunc(store, 'run');
  const result = run.call(store, 10);
  const finished = profiler.finishProfile();
  expect(profiler.warnings).toEqual([]);
  const { json, stacks } = readProfile(await finished.write());
  return { result, stacks, frames: framesOf(json), functions: byName(finished.hotFunctions()) };
}

/** Each sample's frames, outermost first. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of a known form, checked before.
function framesOf({ shared, threads }: any): Frame[][] {
  const { stringArray, stackTable, frameTable, funcTable } = shared;
  return threads[0].samples.stack.map((stack: number | null) => {
    const frames: Frame[] = [];
    for (let row = stack; row !== null; ) {
      const frame = stackTable.frame[row];
      const name = stringArray[funcTable.name[frameTable.func[frame]]];
      frames.unshift({
        name,
        line: frameTable.line[frame],
        inlineDepth: frameTable.inlineDepth[frame],
      });
      const offset: number = stackTable.prefixOffset[row];
      row = offset === 0 ? null : row - offset;
    }
    return frames;
  });
}

/** Totals of functions; a name stands for one function here. */
function byName(functions: readonly FunctionSamples[]): Map<string, FunctionSamples> {
  const map = new Map(functions.map((counted) => [counted.name, counted]));
  expect(map.size).toBe(functions.length);
  return map;
}

const shown = (frames: readonly Frame[]) => frames.map(({ name, line }) => `${name}:${line}`);

it('changes neither the totals of functions nor any stack and line, as inline frames count as calls', async () => {
  const inlined = await profileOf(INLINED);
  const plain = await profileOf(NOT_INLINED);
  expect(inlined.result).toBe(plain.result);
  expect(inlined.frames.length).toBeGreaterThan(8000);
  expect(inlined.functions).toEqual(plain.functions);
  expect(inlined.functions.size).toBeGreaterThan(14);
  expect(inlined.frames.map(shown)).toEqual(plain.frames.map(shown));
  // The one has what the other has not.
  const deepest = (frames: Frame[][]) => Math.max(...frames.flat().map((f) => f.inlineDepth));
  expect(deepest(plain.frames)).toBe(0);
  expect(deepest(inlined.frames)).toBeGreaterThan(2);
});

it('folds into the functions that were compiled, where inline frames are not wanted', async () => {
  const whole = await profileOf(INLINED);
  const folded = await profileOf(INLINED, { inlineFrames: false });
  const plain = await profileOf(NOT_INLINED, { inlineFrames: false });
  expect(folded.frames).toEqual(
    whole.frames.map((frames) => frames.filter(({ inlineDepth }) => inlineDepth === 0)),
  );
  // Functions that one build has inlined nowhere, and the other has too.
  const inlinedSomewhere = new Set(
    whole.frames.flat().flatMap(({ name, inlineDepth }) => (inlineDepth > 0 ? [name] : [])),
  );
  const never = [...folded.functions].filter(([name]) => !inlinedSomewhere.has(name));
  expect(never.map(([name]) => name).sort()).toEqual([
    'doubled',
    'insert',
    'run',
    'squared',
    'sum',
  ]);
  for (const [name, { totalSamples }] of never) {
    expect(plain.functions.get(name)?.totalSamples).toBe(totalSamples);
  }
});

it.each([INLINED, NOT_INLINED])(
  "of Wasmtime's own leaves frames of %s out, as upstream, and tells no wrong line",
  async (guest) => {
    const whole = await profileOf(guest);
    const fewer = await profileOf(guest, {}, { compilerInlining: 'yes' });
    expect(fewer.result).toBe(whole.result);
    expect(fewer.frames.length).toBe(whole.frames.length);
    let missing = 0;
    let lines = 0;
    for (const [i, frames] of fewer.frames.entries()) {
      const all = whole.frames[i] as Frame[];
      let at = 0;
      for (const { name, line } of frames) {
        const found = all.findIndex(
          (frame, j) => j >= at && frame.name === name && (line === null || frame.line === line),
        );
        expect(found, `${shown(frames)} in ${shown(all)}`).toBeGreaterThanOrEqual(at);
        at = found + 1;
        if (line !== null) lines++;
      }
      missing += all.length - frames.length;
    }
    expect(lines).toBeGreaterThan(1000);
    if (guest === NOT_INLINED) expect(missing).toBeGreaterThan(1000);
  },
);

it.each(['yes', 'no'] as const)(
  "compilerInlining: '%s' gives upstream's stacks",
  async (compilerInlining) => {
    const engine = new Engine({ epochInterruption: true, compilerInlining });
    const module = Module.fromFile(engine, guestPath(NOT_INLINED));
    const store = new Store(engine);
    store.setEpochDeadline(1);
    const pair = new OraclePair(engine, [['guest', module]]);
    const linker = new Linker(engine);
    linker.funcWrap('env', 'sample', { params: [], results: [] }, () => pair.sample(store));
    linker.instantiate(store, module).getFunc(store, 'run').call(store, 10);
    expect((await pair.compare()).samples).toBeGreaterThan(8000);
  },
);
