import { readFileSync } from 'node:fs';
import { Engine, Linker, Module, Store, WasiConfig } from '../lib/index.js';
import { inFreshProcess } from './support/fresh-process.js';
import { guestFile } from './support/guests.js';
import { atMost, type Bench, type Report, withSpread } from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound } from './support/spread.js';
import { v8 } from './support/v8-wasm.js';
import { HOW_TO_INSTALL, WasmtimePy } from './support/wasmtime-py.js';

const PROGRAMS = ['c/parser.wasm', 'go/pipeline.wasm'] as const;

/** V8 compiles a function when it is first called, quickly, and again when it is hot. This: all, well. */
const V8_OPTIMIZING = ['--no-wasm-lazy-compilation', '--no-liftoff', '--no-wasm-dynamic-tiering'];

/** Milliseconds. */
interface Times {
  readonly compile: number;
  /** CPU time of all threads, of compiling. */
  readonly cpu: number;
  readonly instantiate: number;
}

const WAYS = ['ours', 'oursEpochs', 'python', 'node', 'nodeOptimizing'] as const;
type Way = (typeof WAYS)[number];

const NAMES: Readonly<Record<Way, string>> = {
  ours: 'ours',
  oursEpochs: 'ours, with epoch checks',
  python: 'wasmtime-py',
  node: 'Node’s `WebAssembly` (lazy)',
  nodeOptimizing: 'Node’s, all functions, optimizing',
};

export const compile: Bench = {
  name: 'compile',
  question: 'How long do compilation and instantiation take?',
  async run({ quick }) {
    const times = new Map<string, Record<Way, Times[]>>();
    for (const program of quick ? PROGRAMS.slice(0, 1) : PROGRAMS) {
      times.set(program, await measure(program, quick ? 1 : 5));
    }
    return report(times);
  },
};

/** A process for each number: V8 keeps what it has compiled. */
async function measure(program: string, count: number): Promise<Record<Way, Times[]>> {
  const path = guestFile(program);
  const times: Record<Way, Times[]> = {
    ours: [],
    oursEpochs: [],
    python: [],
    node: [],
    nodeOptimizing: [],
  };
  const keep = (way: Way, measured: Times): number => {
    times[way].push(measured);
    return measured.compile;
  };
  await rounds(count, {
    ours: async () => keep('ours', await inFreshProcess(import.meta.url, ours, { path })),
    oursEpochs: async () =>
      keep('oursEpochs', await inFreshProcess(import.meta.url, ours, { path, epochs: true })),
    node: async () => keep('node', await inFreshProcess(import.meta.url, nodes, { path })),
    nodeOptimizing: async () =>
      keep('nodeOptimizing', await inFreshProcess(import.meta.url, nodes, { path }, V8_OPTIMIZING)),
    python: async () => {
      const python = WasmtimePy.start();
      if (python === undefined) return 0;
      const times = await python.ask<[number, number, number]>({ do: 'compile', path });
      await python.end();
      const [compile, cpu, instantiate] = times.map((ns) => ns / 1e6) as typeof times;
      return keep('python', { compile, cpu, instantiate });
    },
  });
  return times;
}

export function ours({ path, epochs = false }: { path: string; epochs?: boolean }): Times {
  const bytes = readFileSync(path);
  const engine = new Engine({ epochInterruption: epochs });
  const before = process.cpuUsage();
  const start = performance.now();
  const module = Module.compile(engine, bytes);
  const compiled = performance.now();
  const cpu = cpuSince(before);
  const linker = new Linker(engine).addWasi();
  const store = new Store(engine);
  store.setWasi(new WasiConfig());
  const linked = performance.now();
  linker.instantiate(store, module);
  return { compile: compiled - start, cpu, instantiate: performance.now() - linked };
}

/** Of the process, in milliseconds. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export function nodes({ path }: { path: string }): Times {
  const bytes = readFileSync(path);
  const before = process.cpuUsage();
  const start = performance.now();
  const module = new v8.Module(bytes);
  const compiled = performance.now();
  const cpu = cpuSince(before);
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of v8.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => 0;
  }
  const linked = performance.now();
  new v8.Instance(module, imports);
  return { compile: compiled - start, cpu, instantiate: performance.now() - linked };
}

function report(times: ReadonlyMap<string, Record<Way, Times[]>>): Report {
  const column = (times: readonly Times[], part: keyof Times) => times.map((time) => time[part]);
  const ratio = (times: readonly Times[], peer: readonly Times[], part: keyof Times) =>
    byRound(column(times, part), column(peer, part), (a, b) => a / b);
  const rows = [...times].flatMap(([program, ways]) =>
    WAYS.map((way) => {
      const own = ways[way];
      if (own.length === 0) return [program, NAMES[way], ...Array(5).fill('not run')];
      return [
        program,
        NAMES[way],
        withSpread(column(own, 'compile')),
        withSpread(ratio(own, ways.ours, 'compile')),
        withSpread(column(own, 'cpu')),
        withSpread(ratio(own, ways.ours, 'cpu')),
        withSpread(column(own, 'instantiate')),
      ];
    }),
  );
  const beside = [...times].filter(([, { python }]) => python.length > 0);
  return {
    tables: [
      {
        title: 'Milliseconds',
        columns: [
          'guest',
          'runtime',
          'compile, by the wall',
          'times ours',
          'compile, CPU',
          'times ours',
          'instantiate, by the wall',
        ],
        rows,
        notes: [
          'Each number from a process of its own. Wasmtime compiles every function, optimizing, on all cores. Node puts that off: its first row compiles next to nothing until the guest runs; ' +
            'its second one has V8’s optimizing compiler for all functions, as Wasmtime does. Ours and wasmtime-py link WASI, Node’s rows functions that do nothing.',
          ...(beside.length === 0 ? [HOW_TO_INSTALL] : []),
        ],
      },
    ],
    targets: beside.map(([program, { ours, python }]) =>
      atMost(
        `compiling ${program}: at most 1.05 times wasmtime-py’s CPU time`,
        column(ours, 'cpu'),
        column(python, 'cpu'),
        1.05,
      ),
    ),
  };
}
