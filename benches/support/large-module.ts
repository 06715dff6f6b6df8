import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const FUNCTIONS_OF_FILE = 500;
const COMPILER = 'clang-19';
/** As on every platform of WebAssembly that clang knows; no libc is needed. */
const FLAGS = ['--target=wasm32-wasi', '-nostdlib'];

/**
 * Builds a module of `functions` C functions with names and DWARF, and the same one without DWARF; their paths.
 * Needs clang 19.
 */
export async function buildLargeModule(
  directory: string,
  functions: number,
): Promise<{ file: string; stripped: string }> {
  const sources = Array.from({ length: functions / FUNCTIONS_OF_FILE }, (_, i) => {
    const file = path.join(directory, `part-${i}.c`);
    writeFileSync(file, part(i * FUNCTIONS_OF_FILE));
    return file;
  });
  sources.push(path.join(directory, 'main.c'));
  writeFileSync(sources.at(-1) as string, main(functions));
  const objects = sources.map((source) => `${source}.o`);
  const queue = [...sources];
  const compileAll = async (): Promise<void> => {
    for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
      await run([...FLAGS, '-O1', '-g', '-c', source, '-o', `${source}.o`]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileAll));
  const file = path.join(directory, 'large.wasm');
  const stripped = path.join(directory, 'stripped.wasm');
  await run([...FLAGS, '-Wl,--no-entry', ...objects, '-o', file]);
  await run([...FLAGS, '-Wl,--no-entry', '-Wl,--strip-debug', ...objects, '-o', stripped]);
  return { file, stripped };
}

async function run(args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(COMPILER, args);
  } catch (error) {
    throw new Error(`${COMPILER} failed: scripts/install-clang.sh installs it`, { cause: error });
  }
}

const HEAD = `
__attribute__((import_module("env"), import_name("sample"))) void sample(void);
typedef struct { int seed, low, high; int cells[4]; } State;
static int clamp(const State *state, int value) {
  if (value < state->low) return state->low;
  return value > state->high ? state->high : value;
}
static int mix(State *state, int value) {
  int mixed = clamp(state, state->seed * 31 + value);
  state->seed = mixed ^ mixed >> 7;
  return state->seed;
}
static int visit(State *state, int value) {
  int mixed = mix(state, value);
  sample();
  return mixed + state->cells[mixed & 3];
}
`;

/** Each function asks for a sample once, two inlined functions deep. */
function part(first: number): string {
  const functions = Array.from({ length: FUNCTIONS_OF_FILE }, (_, i) => {
    const n = first + i;
    return `
int function_${n}(State *state, int value) {
  return visit(state, value + ${n}) ^ state->cells[${n % 4}];
}`;
  });
  return `${HEAD}${functions.join('\n')}\n`;
}

/** `run(step)` calls every `step`-th function. */
function main(functions: number): string {
  const names = Array.from({ length: functions }, (_, i) => `function_${i}`);
  return `${HEAD}
typedef int Function(State *, int);
${names.map((name) => `Function ${name};`).join('\n')}
static Function *const all[] = {${names.join(', ')}};
__attribute__((export_name("run"))) int run(int step) {
  State state = {1, -100000, 100000, {0}};
  int total = 0;
  for (int i = 0; i < ${functions}; i += step) total = all[i](&state, total);
  return total;
}
`;
}

/** What a process needed at most since {@link forgetPeak}, in bytes; Linux alone can tell. */
export function peakBytes(): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}

/** The next {@link peakBytes} is that of what comes now. */
export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}
