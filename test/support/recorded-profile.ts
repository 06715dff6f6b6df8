import { readFileSync } from 'node:fs';
import {
  Engine,
  type FinishedProfile,
  GuestProfiler,
  Linker,
  Module,
  Store,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';

const PARSER = new URL('../guests/c/parser.wasm', import.meta.url);

/** A profile of a real program, with source lines and inlined functions: some hundred samples. */
export function recordedProfile(): FinishedProfile {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, readFileSync(PARSER));
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: ['parser', '40'], stdin: 'null', stdout: 'null' }));
  const profiler = new GuestProfiler('parser', 0.25, [['parser.wasm', module]]);
  profiler.attach(store, { sampler: 'epoch' });
  try {
    const instance = new Linker(engine).addWasi().instantiate(store, module);
    instance.getFunc(store, '_start').call(store);
  } catch (error) {
    if (!(error instanceof WasiExit)) throw error;
  }
  return profiler.finishProfile();
}

/** The line with which each function begins, in a source of that program. */
export function firstLines(source: string): Map<string, number> {
  const path = new URL(`../guests/c/parser/${source}`, import.meta.url);
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Map(
    lines.flatMap((line, i): [string, number][] => {
      const name = /^(?:__attribute__\(\(\w+\)\) )?\w[\w *]*?(\w+)\(.*[{,]$/.exec(line)?.[1];
      return name === undefined ? [] : [[name, i + 1]];
    }),
  );
}
