import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  GuestProfiler,
  Linker,
  Module,
  type NamedModule,
  Store,
  Trap,
  WasiConfig,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { guestPath } from '../runtime/support.js';
import { during, HAS_SIGNALS } from './signals-support.js';
import { finish } from './support.js';

vi.setConfig({ testTimeout: 60_000 });

/** Of each kind, beside 20,000 signals a second. */
const MS = Number(process.env['HAZARD_MS'] ?? 1000);

/** Samples while `f` runs again and again: stacks, each of which is a path of calls. */
async function checked(listed: NamedModule, store: Store, f: () => void): Promise<string[][]> {
  native.checkCalls();
  const profiler = new GuestProfiler('guest', 1, [listed]);
  profiler.attach(store, { intervalMs: 0.05 });
  during(MS, f);
  const { stacks } = await finish(profiler);
  const { samples, wrong } = native.checkCalls();
  expect(wrong).toBe(0);
  expect(samples).toBeGreaterThan(0);
  return stacks;
}

describe.skipIf(!HAS_SIGNALS)('signals in', () => {
  it('a component, whose modules call each other and WASI', async () => {
    const engine = new Engine();
    const component = Component.fromFile(engine, guestPath('component/parser.wasm'));
    const linker = new ComponentLinker(engine).addWasi();
    native.checkCalls();
    const profiler = new GuestProfiler('guest', 1, [['app', component]]);
    during(MS, () => {
      const store = new Store(engine);
      store.setWasi(new WasiConfig({ args: ['parser', '1'], stdout: 'capture' }));
      profiler.attach(store, { intervalMs: 0.05 });
      const instance = linker.instantiate(store, component);
      instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).call(store);
      store.dispose();
    });
    const { stacks } = await finish(profiler);
    expect(native.checkCalls().wrong).toBe(0);
    const main = stacks.find((stack) => stack.includes('parse_value')) ?? [];
    expect(main.indexOf('main')).toBeGreaterThan(0);
    expect(main.indexOf('parse_value')).toBeGreaterThan(main.indexOf('main'));
  });

  it.each(['deferred-reference-counting', 'null', 'copying'] as const)(
    'garbage collection: %s',
    async (collector) => {
      const engine = new Engine({ wasmGc: true, collector });
      const module = Module.compile(
        engine,
        `(module
        (type $node (struct (field i32) (field (ref null $node))))
        (global $kept (mut (ref null $node)) (ref.null $node))
        (func $make (param i32) (param (ref null $node)) (result (ref $node))
          (struct.new $node (local.get 0) (local.get 1)))
        (func $list (export "list") (param $n i32) (local $list (ref null $node))
          (loop $next
            (local.set $list (call $make (local.get $n) (local.get $list)))
            (global.set $kept (local.get $list))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`,
      );
      let store = new Store(engine);
      const list = () => new Linker(engine).instantiate(store, module).getFunc(store, 'list');
      let f = list();
      const stacks = await checked(['guest', module], store, () => {
        try {
          f.call(store, 200);
        } catch (error) {
          // The collector that never collects.
          if (!(error instanceof Error) || collector !== 'null') throw error;
          store = new Store(engine);
          f = list();
        }
      });
      expect(stacks.length).toBeGreaterThan(0);
    },
  );

  it('stacks that overflow', async () => {
    const engine = new Engine();
    const module = Module.compile(
      engine,
      `(module (func $down (export "down") (param i64 i64) (result i64)
        (i64.add (i64.const 1) (call $down (local.get 1) (local.get 0)))))`,
    );
    const store = new Store(engine);
    const down = new Linker(engine).instantiate(store, module).getFunc(store, 'down');
    const stacks = await checked(['guest', module], store, () => {
      expect(() => down.call(store, 1n, 2n)).toThrow(Trap);
    });
    expect(Math.max(...stacks.map(({ length }) => length))).toBeGreaterThan(100);
  });
});

/** What a process does that samples at 20 kHz, with `run(n)` and `host` at hand; how it ends. */
function child(script: string, args: readonly string[] = []) {
  const lib = new URL('../../dist/index.js', import.meta.url).href;
  const source = `
    import { Engine, GuestProfiler, Linker, Module, Store } from '${lib}';
    let host = () => {};
    const engine = new Engine();
    const module = Module.compile(engine, \`(module
      (import "env" "host" (func $host))
      (func (export "run") (param $n i32)
        (loop $next
          (if (i32.eqz (i32.and (local.get $n) (i32.const 0xffff))) (then (call $host)))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))\`);
    const store = new Store(engine);
    const linker = new Linker(engine);
    linker.funcWrap('env', 'host', { params: [], results: [] }, () => host());
    const instance = linker.instantiate(store, module);
    const run = (n) => instance.getFunc(store, 'run').call(store, n);
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    profiler.attach(store, { sampler: 'signal', intervalMs: 0.05 });
    ${script}`;
  const node = [...args, '--input-type=module', '--eval', source];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, node, {
    encoding: 'utf8',
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  return { status, signal, stdout, stderr };
}

const FINE = { status: 0, signal: null, stderr: '' };

describe.skipIf(!HAS_SIGNALS)('signals while', () => {
  it('the process ends, in the middle of a guest', () => {
    const script = `
      let calls = 0;
      host = () => { if (++calls > 500) process.exit(0); };
      run(2 ** 30);`;
    for (let i = 0; i < 3; i++) expect(child(script)).toMatchObject(FINE);
  });

  it('the environment ends, with a recorder and a store that nobody let go', () => {
    expect(child('run(2 ** 26);')).toMatchObject(FINE);
  });

  it('Workers of their own end in the middle of a guest', () => {
    const script = `
      const { Worker } = await import('node:worker_threads');
      for (let i = 0; i < 4; i++) {
        const worker = new Worker(
          \`import('\${'${new URL('../../dist/index.js', import.meta.url).href}'}').then(({ Engine, GuestProfiler, Linker, Module, Store }) => {
            const engine = new Engine({ epochInterruption: true });
            const module = Module.compile(engine, '(module (func (export "run") (loop (br 0))))');
            const store = new Store(engine);
            const options = { sampler: 'signal', intervalMs: 0.05 };
            new GuestProfiler('guest', 1, [['guest', module]]).attach(store, options);
            const run = new Linker(engine).instantiate(store, module).getFunc(store, 'run');
            import('node:worker_threads').then(({ parentPort }) => {
              parentPort.postMessage('runs');
              run.call(store);
            });
          })\`, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        run(2 ** 22);
        await worker.terminate();
      }
      run(2 ** 22);
      console.log(profiler.finishProfile().samples > 0);`;
    expect(child(script)).toMatchObject({ ...FINE, stdout: 'true\n' });
  });

  it('the guest is never seen but in Wasmtime', () => {
    const script = `
      const filler = Module.compile(engine, \`(module
        (memory 1024)
        (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))))\`);
      for (const isAsync of [false, true]) {
        const fills = new GuestProfiler('guest', 1, [['guest', filler]]);
        const filled = new Store(engine);
        fills.attach(filled, { sampler: 'signal', intervalMs: 0.5 });
        const fill = linker.instantiate(filled, filler).getFunc(filled, 'fill');
        for (let i = 0; i < 10; i++) isAsync ? await fill.callAsync(filled) : fill.call(filled);
        console.log(fills.finishProfile().hotFunctions().map(({ name }) => name).join());
      }`;
    const stdout = 'memory.fill,fill\nmemory.fill,fill\n';
    expect(child(script)).toMatchObject({ ...FINE, stdout });
  });

  it('the process forks', () => {
    const script = `
      const { execFileSync } = await import('node:child_process');
      let times = 0;
      host = () => {
        if (times++ % 100 === 0) execFileSync(process.execPath, ['--version']);
      };
      run(2 ** 25);
      console.log(profiler.finishProfile().samples > 0);`;
    expect(child(script)).toMatchObject({ ...FINE, stdout: 'true\n' });
  });

  it("Node's own --cpu-prof", () => {
    const script = `
      run(2 ** 26);
      console.log(profiler.finishProfile().samples > 0);`;
    const folder = mkdtempSync(join(tmpdir(), 'cpu-prof-'));
    try {
      const args = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', folder];
      expect(child(script, args)).toMatchObject({ ...FINE, stdout: 'true\n' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
