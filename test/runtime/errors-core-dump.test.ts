import { expect, it } from 'vitest';
import { Linker, Trap, WasmtimeError } from '../../lib/index.js';
import { startAsync } from './component/async-support.js';
import { startComponent } from './component/support.js';
import { expectError, rejection, runNode, start, world } from './support.js';

const WAT = `(module $program
  (memory (export "memory") 1) (data (i32.const 100) "in the memory")
  (global (mut i32) (i32.const 7))
  (func $inner (unreachable))
  (func $outer (export "run") (call $inner)))`;

/** Names of the custom sections of a binary. */
function customSections(bytes: Uint8Array): string[] {
  const names: string[] = [];
  const size = (at: number): [value: number, next: number] => {
    let [value, shift, i] = [0, 0, at];
    for (;;) {
      const byte = bytes[i++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return [value, i];
      shift += 7;
    }
  };
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at];
    const [length, start] = size(at + 1);
    if (id === 0) {
      const [nameLength, name] = size(start);
      names.push(new TextDecoder().decode(bytes.subarray(name, name + nameLength)));
    }
    at = start + length;
  }
  return names;
}

it('the error of a trap carries a core dump, if the engine makes them', () => {
  const guest = start(WAT, {}, world({ coredumpOnTrap: true }));
  const error = expectError(Trap, 'ERR_WASM_TRAP', () => guest.call('run'));
  const dump = error.coreDump as Uint8Array;
  expect([...dump.subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d]);
  expect(customSections(dump)).toEqual(['core', 'coremodules', 'coreinstances', 'corestack']);
  expect(Buffer.from(dump).includes('in the memory')).toBe(true);
  expect(Object.keys(error)).not.toContain('coreDump');
  // Otherwise it is the error that it always was.
  const plain = expectError(Trap, 'ERR_WASM_TRAP', () => start(WAT).call('run'));
  expect(plain.coreDump).toBeUndefined();
  expect(error.message).toBe(plain.message);
  expect(error.trapCode).toBe(plain.trapCode);
  expect(error.frames).toEqual(plain.frames);
});

it('also out of a start function', () => {
  const parts = world({ coredumpOnTrap: true });
  const wat = '(module (func $start (unreachable)) (start $start))';
  const error = expectError(WasmtimeError, 'ERR_WASM_TRAP', () => start(wat, {}, parts));
  expect(customSections(error.coreDump as Uint8Array)).toContain('corestack');
});

it('none where Wasmtime can not write one: exceptions in globals, components that call others', async () => {
  const exceptions =
    '(module (global (mut exnref) (ref.null exn)) (func (export "run") unreachable))';
  const config = { coredumpOnTrap: true };
  const guest = start(exceptions, {}, world(config));
  const error = expectError(Trap, 'ERR_WASM_TRAP', () => guest.call('run'));
  expect([error.coreDump, error.trapCode]).toEqual([undefined, 'UnreachableCodeReached']);

  const inner = `(component $inner
    (core module $m (func $inner (export "run") unreachable))
    (core instance $i (instantiate $m))
    (func (export "run") (canon lift (core func $i "run"))))`;
  const alone = startComponent(inner, {}, config);
  const whole = expectError(Trap, 'ERR_WASM_TRAP', () => alone.call('run'));
  expect(customSections(whole.coreDump as Uint8Array)).toContain('corestack');

  const outer = `(component
    ${inner}
    (component $outer
      (import "run" (func $run))
      (core func $run (canon lower (func $run)))
      (core module $m (import "" "run" (func $run)) (func $outer (export "run") (call $run)))
      (core instance $i (instantiate $m (with "" (instance (export "run" (func $run))))))
      (func (export "run") (canon lift (core func $i "run"))))
    (instance $inner (instantiate $inner))
    (instance $outer (instantiate $outer (with "run" (func $inner "run"))))
    (export "run" (func $outer "run")))`;
  const made = startComponent(outer, {}, config);
  const inside = expectError(Trap, 'ERR_WASM_TRAP', () => made.call('run'));
  expect([inside.coreDump, inside.trapCode]).toEqual([undefined, 'UnreachableCodeReached']);
  // A module beside it.
  const { engine, store } = made;
  const beside = start(WAT, {}, { engine, store, linker: new Linker(engine) });
  const outside = expectError(Trap, 'ERR_WASM_TRAP', () => beside.call('run'));
  expect(outside.coreDump).toBeUndefined();
  const async = await startAsync({ wat: outer, config });
  expect(((await rejection(async.call('run'))) as Trap).coreDump).toBeUndefined();
});

it('core dumps and compiled code do not stay, in a loop that gives the event loop no turn', () => {
  // All of them would be 3 GB.
  const output = runNode(`
    import { Engine, Linker, Module, Store } from 'LIB';
    const engine = new Engine({ coredumpOnTrap: true });
    const module = Module.compile(engine, \`(module (memory 160)
      (data (i32.const 0) "\${'x'.repeat(2 ** 20)}")
      (func (export "run") (memory.fill (i32.const 0) (i32.const 1) (i32.const 10485760)) unreachable))\`);
    const store = new Store(engine);
    const run = new Linker(engine).instantiate(store, module).getFunc(store, 'run');
    const before = process.memoryUsage.rss();
    let total = 0;
    for (let i = 0; i < 200; i++) {
      try {
        run.call(store);
      } catch (error) {
        total += error.coreDump.length;
      }
    }
    for (let i = 0; i < 1000; i++) total += module.serialize().length;
    const more = process.memoryUsage.rss() - before;
    console.log(total > 3e9, more < 500e6 ? 'level' : more);`);
  expect(output).toBe('true level\n');
});
