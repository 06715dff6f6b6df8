import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { guestFile } from './support/guests.js';
import { type Bench, type Report, rowBeside, type Target } from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound, spreadOf } from './support/spread.js';

const DIST = new URL('../dist/', import.meta.url);
const MAIN = fileURLToPath(new URL('cli/main.cjs', DIST));

const HELLO = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (i32.const 16) "hello\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 40)))))`;

/** Promised, as multiples of Node's own start and of the first run. */
const IMPORT = 1.5;
const RUN = 2;
const AGAIN = 1 / 5;

export const start: Bench = {
  name: 'start',
  question: 'What does it cost to import the package, and to run a command?',
  async run({ quick }): Promise<Report> {
    const directory = mkdtempSync(path.join(tmpdir(), 'start-'));
    try {
      const file = (name: string) => path.join(directory, name);
      writeFileSync(file('hello.wat'), HELLO);
      const run = (guest: string, ...more: string[]) =>
        cpuOf(MAIN, 'run', '-q', '-o', file('p.json'), '--cache', file('cache'), guest, ...more);
      const index = JSON.stringify(new URL('index.js', DIST).href);
      const count = quick ? 1 : 15;
      const small = await rounds(
        count,
        {
          node: () => cpuOf('-e', '0'),
          import: () => cpuOf('--input-type=module', '-e', `import ${index}`),
          help: () => cpuOf(MAIN, '--help'),
          hello: () => run(file('hello.wat')),
        },
        quick ? 0 : 1,
      );
      const go = guestFile('go/pipeline.wasm');
      const large: { first: number[]; again: number[] } = { first: [], again: [] };
      for (let i = 0; i < (quick ? 1 : 5); i++) {
        rmSync(file('cache'), { recursive: true, force: true });
        large.first.push(run(go, '1'));
        large.again.push(run(go, '1'));
      }
      return report(small, large);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** Milliseconds of CPU time, of all threads, that Node takes with these arguments: bash tells those of its children. */
function cpuOf(...args: string[]): number {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', '"$@" > /dev/null && times', 'bash', process.execPath, ...args],
    { encoding: 'utf8' },
  );
  const children = stdout.trim().split('\n')[1]?.split(' ') ?? [];
  if (status !== 0 || children.length !== 2) {
    throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  }
  return children.reduce((sum, time) => {
    const [minutes = '', seconds = ''] = time.split('m');
    return sum + 60_000 * Number(minutes) + 1000 * Number.parseFloat(seconds);
  }, 0);
}

const ratios = (times: number[], base: number[]) => byRound(times, base, (a, b) => a / b);

type Small = Record<'node' | 'import' | 'help' | 'hello', number[]>;

function report(small: Small, large: { first: number[]; again: number[] }): Report {
  const promised = (what: string, times: number[], base: number[], most: number): Target => {
    const { median } = spreadOf(ratios(times, base));
    return { promise: what, measured: median.toFixed(2), holds: median <= most };
  };
  return {
    tables: [
      {
        title: 'CPU time of the process, in milliseconds',
        columns: ['', 'CPU time', 'times Node’s own start'],
        rows: [
          rowBeside('`node -e 0`', small.node, small.node),
          rowBeside('`import` of the package', small.import, small.node),
          rowBeside('`--help`', small.help, small.node),
          rowBeside('`run` of a hello world', small.hello, small.node),
        ],
      },
      {
        title: '`run` of go/pipeline.wasm, CPU time in milliseconds',
        columns: ['', 'CPU time', 'times the first'],
        rows: [
          rowBeside('the first, which compiles', large.first, large.first),
          rowBeside('again, from the cache', large.again, large.first),
        ],
        notes: ['Of all threads; the hello world’s code is in the cache too.'],
      },
    ],
    targets: [
      promised(`\`import\` ≤ ${IMPORT} × \`node -e 0\``, small.import, small.node, IMPORT),
      promised(`\`run\` of a hello world ≤ ${RUN} × \`node -e 0\``, small.hello, small.node, RUN),
      promised('the second `run` ≤ 1/5 of the first', large.again, large.first, AGAIN),
    ],
  };
}
