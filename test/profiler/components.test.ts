import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  GuestProfiler,
  Module,
  type ModuleSymbols,
  type NamedModule,
  Store,
  UpdateDeadline,
  WasiConfig,
} from '../../lib/index.js';
import { expectMisuse, guestPath } from '../runtime/support.js';
import { readProfile } from './support.js';

const PARSER = guestPath('component/parser.wasm');

/** A run of the parser, a sample at each of its first epoch checks: the same ones at each run. */
async function profiled(
  load: (engine: Engine) => Component = (engine) => Component.fromFile(engine, PARSER),
  symbols: ModuleSymbols = {},
) {
  const engine = new Engine({ epochInterruption: true });
  const component = load(engine);
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: ['parser', '1'], stdout: 'capture' }));
  const profiler = new GuestProfiler('parser', 1, [['app', component, symbols]]);
  profiler.attach(store, { everyEpoch: true, hostCalls: 'markers' });
  let left = 3000;
  store.setEpochDeadline(0);
  store.epochDeadlineCallback(() => UpdateDeadline.continue(left-- > 0 ? 0 : 1e9));
  const instance = new ComponentLinker(engine).addWasi().instantiate(store, component);
  instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).call(store);
  const profile = readProfile(await profiler.finish());
  const { shared, threads, libs } = profile.json;
  const { name, phase } = threads[0].markers;
  const markers: string[] = name
    .filter((_: number, row: number) => phase[row] === 2)
    .map((index: number) => shared.stringArray[index]);
  const files = shared.sources.filename.map((index: number) => shared.stringArray[index]);
  return {
    ...profile,
    files: new Set<string>(files),
    markers: new Set(markers),
    libs: libs.map((lib: { name: string }) => lib.name),
    lib: libs[0],
    warnings: profiler.warnings,
  };
}

describe('a profile of a component', () => {
  it('has its modules by their names, functions, lines and imports', async () => {
    const { stacks, libs, files, markers, warnings } = await profiled();
    expect(warnings).toEqual([]);
    expect(libs).toEqual([
      'parser.wasm',
      'wit-component:adapter:wasi_snapshot_preview1',
      'wit-component-shim-module',
    ]);
    const functions = new Set(stacks.flat());
    for (const name of ['main', 'parse_value', 'malloc']) expect(functions).toContain(name);
    expect(files).toContain('json.c');
    // The adapter asks for memory before main runs.
    expect(functions).toContain('cabi_realloc');
    // Wasmtime's own work.
    expect(markers.delete('memory.grow')).toBe(true);
    expect(markers).not.toContain('hostcall');
    expect(markers).toContain('[method]output-stream.blocking-write-and-flush');
  });

  it('has all of that of a compiled one, when its binary is given', async () => {
    const load = (engine: Engine) =>
      Component.deserialize(engine, Component.fromFile(engine, PARSER).serialize());
    const whole = await profiled();
    const without = await profiled(load);
    expect(without.files.size).toBe(0);
    expect(without.markers).toEqual(new Set(['hostcall']));
    expect(without.libs).toEqual(['app[0]', 'app[1]', 'app[2]']);
    expect(without.stacks.flat()).toContain('parse_value');
    const given = await profiled(load, { wasm: PARSER });
    expect(given.warnings).toEqual([]);
    expect(given.stacks).toEqual(whole.stacks);
    expect(given.files).toEqual(whole.files);
    expect(given.markers).toEqual(whole.markers);
    expect(given.lib.codeId).toBe(whole.lib.codeId);
    const other = await profiled(load, { wasm: guestPath('component/endings.wasm') });
    expect(other.files.size).toBe(0);
    expect(other.warnings).toContain('app[0]: wasm: not the binary of this module');
  });

  it('takes lines from a second binary', async () => {
    const whole = await profiled();
    const bytes = readFileSync(PARSER);
    // Names of sections, changed where they stand.
    for (let at = bytes.indexOf('.debug_'); at >= 0; at = bytes.indexOf('.debug_', at)) {
      bytes.write('.elsewh', at);
    }
    const load = (engine: Engine) => Component.compile(engine, bytes);
    expect((await profiled(load)).files.size).toBe(0);
    const given = await profiled(load, { debugInfo: PARSER });
    expect(given.warnings).toEqual([]);
    expect(given.files).toEqual(whole.files);
    expect(given.stacks).toEqual(whole.stacks);
  });
});

/** As wit-component builds: what a module imports leads through a table in a module between it and the host. */
const SHIM = (name: string) => `(component
  (import "test:host/log@1.0.0" (instance $log (export "write" (func (param "x" u32)))))
  (import "plain" (func $plain))
  (core func $write (canon lower (func $log "write")))
  (core func $plain (canon lower (func $plain)))
  (core module $${name}
    (table (export "$imports") 1 1 funcref)
    (func $indirect (export "0") (param i32)
      (call_indirect (param i32) (local.get 0) (i32.const 0))))
  (core module $main
    (import "test:host/log@1.0.0" "write" (func $write (param i32)))
    (import "$root" "plain" (func $plain))
    (func $run (export "run") (call $write (i32.const 1)) (call $plain)))
  (core module $fixups
    (import "" "0" (func $write (param i32)))
    (import "" "$imports" (table 1 1 funcref))
    (elem (i32.const 0) func $write))
  (core instance $shim (instantiate $${name}))
  (core instance $main (instantiate $main
    (with "test:host/log@1.0.0" (instance (export "write" (func $shim "0"))))
    (with "$root" (instance (export "plain" (func $plain))))))
  (core instance $fixups (instantiate $fixups
    (with "" (instance (export "0" (func $write)) (export "$imports" (table $shim "$imports"))))))
  (func (export "run") (canon lift (core func $main "run"))))`;

describe('a host call', () => {
  it.each([
    ['wit-component:shim', ['write', 'plain']],
    ['wit-component-shim-module', ['write', 'plain']],
    // Somebody's own table: what it leads to isn't told by who calls.
    ['table', ['hostcall', 'plain']],
  ])('through a module named %s is %j', async (name, expected) => {
    const engine = new Engine({ epochInterruption: true });
    const component = Component.compile(engine, SHIM(name));
    const store = new Store(engine);
    const linker = new ComponentLinker(engine);
    linker.root().funcNew('plain', () => {});
    linker.instance('test:host/log@1.0.0').funcNew('write', () => {});
    const profiler = GuestProfiler.forComponent('app', 1, component);
    profiler.attach(store, { sampler: 'epoch', hostCalls: 'markers' });
    linker.instantiate(store, component).getFunc(store, 'run').call(store);
    const { json } = readProfile(await profiler.finish());
    const { name: names, phase } = json.threads[0].markers;
    const begun = names.filter((_: number, row: number) => phase[row] === 2);
    expect(begun.map((index: number) => json.shared.stringArray[index])).toEqual(expected);
  });
});

describe('forComponent', () => {
  const engine = new Engine({ epochInterruption: true });
  const component = Component.compile(engine, '(component)');

  it('is a profiler with the component listed', async () => {
    const module = Module.compile(engine, '(module (func))');
    const profiler = GuestProfiler.forComponent('app', 1, component, [['extra', module]]);
    const { json } = readProfile(await profiler.finish());
    expect(json.meta.product).toBe('app');
    expect(json.libs.map((lib: { name: string }) => lib.name)).toEqual(['extra']);
  });

  it('refuses what is none', () => {
    const module = Module.compile(engine, '(module)');
    const other = Component.compile(new Engine(), '(component)');
    for (const bad of [module, undefined, null, {}, 'x']) {
      expectMisuse('ERR_INVALID_ARG_TYPE', () =>
        GuestProfiler.forComponent('app', 1, bad as Component),
      );
    }
    expectMisuse('ERR_INVALID_ARG_TYPE', () =>
      GuestProfiler.forComponent('app', 1, component, 'x' as unknown as NamedModule[]),
    );
    expectMisuse('ERR_WRONG_ENGINE', () =>
      GuestProfiler.forComponent('app', 1, component, [['other', other]]),
    );
    const sourceMap = { sourceMap: 'app.map' };
    const error = expectMisuse(
      'ERR_INVALID_ARG_VALUE',
      () => new GuestProfiler('app', 1, [['app', component, sourceMap]]),
    );
    expect(error.message).toContain('sourceMap');
    const debugged = new Engine({ guestDebug: true });
    expectMisuse('ERR_GUEST_DEBUG', () =>
      GuestProfiler.forComponent('app', 1, Component.compile(debugged, '(component)')),
    );
  });
});
