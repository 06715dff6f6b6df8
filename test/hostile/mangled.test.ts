// Linkage names that stand for texts without end: what they cost is bounded, wherever they are read.
import { describe, expect, it, vi } from 'vitest';
import {
  Engine,
  GuestProfiler,
  Linker,
  Module,
  Store,
  Trap,
  UpdateDeadline,
} from '../../lib/index.js';
import { thrownBy } from '../runtime/support.js';
import { seededRandom } from '../support/random.js';
import { mangledName } from './mangled.js';

vi.setConfig({ testTimeout: 60_000 });

const RUNS = Number(process.env['HOSTILE_RUNS'] ?? 20);

/** Each pair of substitutions doubles what the one before stands for. */
function doubling(pairs: number): string {
  let name = '_Z1fSt4pairI1AS0_E';
  for (let i = 0; i < pairs; i++) {
    const number = (2 * i + 1).toString(36).toUpperCase();
    name += `St4pairIS${number}_S${number}_E`;
  }
  return name;
}

/** Functions of these names, each of which calls the next; the last one traps. */
function chain(names: readonly string[]): string {
  const functions = names.map((name, i) => {
    const body = i + 1 < names.length ? `(call $f${i + 1})` : '(unreachable)';
    const exported = i === 0 ? '(export "f")' : '';
    return `(func $f${i} (@name ${JSON.stringify(name)}) ${exported} ${body})`;
  });
  return `(module ${functions.join('\n')})`;
}

function trapIn(names: readonly string[]): { trap: Trap; profiled: string[] } {
  const engine = new Engine({ epochInterruption: true, wasmBacktraceMaxFrames: 1000 });
  const module = Module.compile(engine, chain(names));
  const store = new Store(engine);
  const profiler = new GuestProfiler('p', 1, [['m', module]]);
  store.setEpochDeadline(1);
  // A sample at each function's entry.
  store.epochDeadlineCallback((caller) => {
    profiler.sample(caller, 1);
    return UpdateDeadline.continue(0);
  });
  engine.incrementEpoch();
  const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
  const trap = thrownBy(() => f.call(store)) as Trap;
  const functions = profiler.finishProfile().hotFunctions();
  return { trap, profiled: functions.map(({ name }) => name) };
}

describe('a name that doubles', () => {
  it('is shown as it is in a trap, which is made in no time', () => {
    const name = doubling(40);
    const { trap, profiled } = trapIn(Array.from({ length: 20 }, () => name));
    expect(new Set(profiled)).toEqual(new Set([name]));
    expect(trap).toBeInstanceOf(Trap);
    expect(trap.frames).toHaveLength(20);
    expect(trap.message.split(name)).toHaveLength(21);
    expect(trap.message).toMatch(
      /^error while executing at wasm backtrace:\n {4}0: +0x[0-9a-f]+ - /,
    );
    expect(trap.message).toMatch(
      /Caused by:\n {4}wasm trap: wasm `unreachable` instruction executed$/,
    );
  });

  it('is demangled where it is short', () => {
    const { trap } = trapIn([doubling(2)]);
    expect(trap.message).toContain('f(std::pair<A, A>, ');
  });
});

it('random names of C++ and Rust cost no more than they may', () => {
  const random = seededRandom(17);
  for (let run = 0; run < RUNS; run++) {
    const names = Array.from({ length: 200 }, () => mangledName(random));
    const { trap } = trapIn(names);
    expect(trap.trapCode).toBe('UnreachableCodeReached');
    expect(trap.frames).toHaveLength(200);
    // Each name is bounded, and what is made of it.
    expect(trap.message.length).toBeLessThan(200 * 20_000);
  }
});
