// What goes wrong around a recording: the profile so far is whole on the disk, or an error says that it isn't.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProfileBytes } from '../../lib/formats/read.js';
import {
  Engine,
  FORMAT_NAMES,
  GuestProfiler,
  Linker,
  Module,
  Store,
  UpdateDeadline,
} from '../../lib/index.js';
import { rejection, runNode, thrownBy } from '../runtime/support.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';

const LIB = new URL('../../dist/index.js', import.meta.url).href;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'faults-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A store that is sampled at each turn of a loop, and the function that turns. */
const GUEST = `
  const engine = new lib.Engine({ epochInterruption: true });
  const module = lib.Module.compile(engine, \`(module
    (import "env" "bump" (func $bump))
    (func (export "run") (param i32)
      (loop $again
        (call $bump)
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0)))))\`);
  const store = new lib.Store(engine);
  const linker = new lib.Linker(engine);
  let bump = () => engine.incrementEpoch();
  linker.funcWrap('env', 'bump', { params: [], results: [] }, () => bump());
  const profiler = new lib.GuestProfiler('guest', 1, [['guest', module]]);
  profiler.attach(store, { everyEpoch: true, hostCalls: 'markers' });
  const run = linker.instantiate(store, module).getFunc(store, 'run');
`;

/** A profile of `samples` samples. */
function record(samples: number, clock?: { wall(): number; monotonic(): number }): GuestProfiler {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, '(module (func (export "f") (loop)))');
  const store = new Store(engine);
  const modules = [['guest', module]] as const;
  const profiler = new GuestProfiler('guest', 1, modules, clock === undefined ? {} : { clock });
  store.setEpochDeadline(0);
  store.epochDeadlineCallback((store) => {
    profiler.sample(store, 1);
    return UpdateDeadline.continue(0);
  });
  const func = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
  for (let i = 0; i < samples / 2; i++) func.call(store);
  return profiler;
}

async function expectWhole(bytes: Uint8Array, samples: number): Promise<void> {
  assertProfileIntegrity(JSON.parse(Buffer.from(bytes).toString()));
  const profile = await readProfileBytes(bytes);
  expect(profile.threads[0]?.samples.length).toBe(samples);
}

describe('an output that fails', () => {
  it.each([
    ['a full disk', () => '/dev/full', 'ENOSPC'],
    ['a directory that is none', () => join(directory, 'file', 'profile.json'), 'ENOTDIR'],
    ['a directory that is missing', () => join(directory, 'none', 'profile.json'), 'ENOENT'],
    ['a directory', () => directory, 'EISDIR'],
  ])('%s: the error says so, and the profile is still there', async (_, path, code) => {
    writeFileSync(join(directory, 'file'), '');
    const profiler = record(100);
    expect(await rejection(profiler.finish(path()))).toMatchObject({ code });
    expect(thrownBy(() => profiler.finishSync(path()))).toMatchObject({ code });
    const good = join(directory, 'good.json');
    await profiler.finish(good);
    await expectWhole(readFileSync(good), 100);
    expect(readdirSync(directory).sort()).toEqual(['file', 'good.json']);
  });

  it.each(['finish', 'finishSync'])(
    '%s beyond the size that a file may have: the old one stays',
    (how) => {
      const path = join(directory, 'profile.json');
      writeFileSync(path, 'the one before');
      // In blocks of 1,024 bytes.
      const script = `
      import * as lib from ${JSON.stringify(LIB)};
      ${GUEST}
      run.call(store, 20_000);
      try {
        await profiler.${how}(${JSON.stringify(path)});
      } catch (error) {
        console.log(error.code);
      }
      const bytes = await profiler.finish();
      console.log(JSON.parse(Buffer.from(bytes).toString()).threads[0].samples.length);`;
      const node = [process.execPath, '--input-type=module', '--eval', script];
      const limited = ['-c', 'ulimit -f 64; exec "$@"', 'bash', ...node];
      expect(execFileSync('bash', limited, { encoding: 'utf8' })).toBe('EFBIG\n19999\n');
      expect(readFileSync(path, 'utf8')).toBe('the one before');
      expect(readdirSync(directory)).toEqual(['profile.json']);
    },
  );

  it('a pipe that its reader closed', async () => {
    const reader = spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(reader, 'exit');
    const profiler = record(1000);
    const error = await rejection(profiler.finish(reader.stdin));
    expect(error).toMatchObject({
      code: expect.toBeOneOf(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']),
    });
    await expectWhole(await profiler.finish(), 1000);
  });
});

it('a process that is killed while it writes leaves no half file under the name', async () => {
  const path = join(directory, 'profile.json');
  const script = `
    import * as lib from ${JSON.stringify(LIB)};
    ${GUEST}
    run.call(store, 30_000);
    const profile = profiler.finishProfile();
    for (;;) {
      await profile.write(${JSON.stringify(path)});
      console.log('written');
    }`;
  for (let i = 0; i < 12; i++) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 7 * i));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expectWhole(readFileSync(path), 29_999);
  }
});

describe('the end of a process or thread with a recording open', () => {
  it.each([
    ['process.exit in a host function', 'process.exit(7)'],
    [
      'an exception that nobody catches',
      'queueMicrotask(() => { throw 7 }); throw new Error("first")',
    ],
    ['process.exit while the store is disposed by nobody', 'setImmediate(() => process.exit(7))'],
  ])('%s', (_, end) => {
    const script = `
      import * as lib from ${JSON.stringify(LIB)};
      process.on('uncaughtException', () => process.exit(7));
      ${GUEST}
      let calls = 0;
      bump = () => { engine.incrementEpoch(); if (++calls === 50) { ${end} } };
      run.call(store, 100);`;
    const error = thrownBy(() =>
      execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
        timeout: 60_000,
      }),
    ) as { status: number; signal: string | null };
    expect({ status: error.status, signal: error.signal }).toEqual({ status: 7, signal: null });
  });

  it('a Worker that is terminated while its guest runs, ten times', async () => {
    for (let i = 0; i < 10; i++) {
      const script = `
        const { parentPort } = require('node:worker_threads');
        import(${JSON.stringify(LIB)}).then((lib) => {
          ${GUEST}
          const other = new lib.GuestProfiler('ticked', 0.1, [['guest', module]]);
          const second = new lib.Store(engine);
          other.attach(second, { sampler: 'epoch' });
          let calls = 0;
          bump = () => { engine.incrementEpoch(); if (++calls === 1000) parentPort.postMessage('runs'); };
          run.call(store, 2 ** 30);
        });`;
      const worker = new Worker(script, { eval: true });
      await once(worker, 'message');
      expect(await worker.terminate()).toBe(1);
    }
    // This thread's guests are as they were.
    await expectWhole(await record(10).finish(), 10);
  });

  it('leaves no file: what was not finished is not there', () => {
    runNode(`
      import * as lib from 'LIB';
      process.chdir(${JSON.stringify(directory)});
      ${GUEST}
      run.call(store, 100);`);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('clocks that jump', () => {
  const jumps = [0, 1, 2, -3_600_000, 5, 1e12, 6, -1e12, 7, 8];

  it.each(FORMAT_NAMES)('are in a valid profile: %s', async (format) => {
    let reading = 0;
    let now = 1000;
    const clock = {
      wall: () => 1,
      monotonic: () => {
        now += jumps[reading++ % jumps.length] as number;
        return now;
      },
    };
    const profiler = record(100, clock);
    const bytes = await profiler.finish(undefined, { format });
    expect(bytes.length).toBeGreaterThan(0);
    if (format === 'firefox') await expectWhole(bytes, 100);
  });
});
