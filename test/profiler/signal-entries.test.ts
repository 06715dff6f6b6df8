import { describe, expect, it } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  GuestProfiler,
  Linker,
  Module,
  type NamedModule,
  Store,
} from '../../lib/index.js';
import { HAS_SIGNALS } from './signals-support.js';
import { finish } from './support.js';

// A process of its own, since samples of functions that run tell from where guests are entered: these run none.

const SIZE = 64 << 20;
const FILL = `(memory.fill (i32.const 0) (i32.const 1) (i32.const ${SIZE}))`.repeat(8);
const MEMORY = `(memory (export "memory") ${SIZE / 65_536})`;

const MODULES = {
  'a function': `(module ${MEMORY} (func $fills (export "run") ${FILL}))`,
  start: `(module ${MEMORY} (func $fills ${FILL}) (start $fills) (func (export "run")))`,
};

const COMPONENTS = {
  'a function of a component': `(component
    (core module $m ${MEMORY} (func $fills (export "run") ${FILL}))
    (core instance $i (instantiate $m))
    (func (export "run") (canon lift (core func $i "run"))))`,
  "a component's start": `(component
    (core module $m ${MEMORY} (func $fills ${FILL}) (start $fills) (func (export "run")))
    (core instance $i (instantiate $m))
    (func (export "run") (canon lift (core func $i "run"))))`,
  'a component as soon as it is done': `(component
    (core module $m ${MEMORY} (func (export "run")) (func $fills (export "done") ${FILL}))
    (core instance $i (instantiate $m))
    (func (export "run") (canon lift (core func $i "run") (post-return (core func $i "done")))))`,
};

/** Takes and gives texts, for both of which Wasmtime asks for memory. */
const TEXTS = {
  "a component's memory for an argument": `(component
    (core module $m ${MEMORY}
      (func $fills (export "realloc") (param i32 i32 i32 i32) (result i32) ${FILL} (i32.const 16))
      (func (export "run") (param i32 i32)))
    (core instance $i (instantiate $m))
    (func (export "run") (param "text" string) (canon lift (core func $i "run")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))`,
  "a component's memory for a host function's result": `(component
    (import "text" (func $text (result string)))
    (core module $memory ${MEMORY}
      (func $fills (export "realloc") (param i32 i32 i32 i32) (result i32) ${FILL} (i32.const 16)))
    (core instance $memory (instantiate $memory))
    (core func $text (canon lower (func $text)
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
    (core module $m (import "" "text" (func $text (param i32)))
      (func (export "run") (param i32 i32) (call $text (i32.const 32))))
    (core instance $i (instantiate $m (with "" (instance (export "text" (func $text))))))
    (core module $other ${MEMORY}
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16)))
    (core instance $other (instantiate $other))
    (func (export "run") (param "text" string) (canon lift (core func $i "run")
      (memory (core memory $other "memory")) (realloc (core func $other "realloc")))))`,
};

const ways = [false, true].flatMap((isAsync) => [
  ...Object.entries({ ...MODULES, ...COMPONENTS }).map(([name, text]) => ({
    name,
    text,
    isAsync,
    args: [],
  })),
  ...Object.entries(TEXTS).map(([name, text]) => ({ name, text, isAsync, args: ['text'] })),
]);

/** The code of a guest, and what makes instances of it. */
function guestOf(engine: Engine, text: string) {
  if (text.startsWith('(module')) {
    const module = Module.compile(engine, text);
    const linker = new Linker(engine);
    return {
      listed: ['guest', module] satisfies NamedModule,
      instantiate: (store: Store) => linker.instantiate(store, module),
      instantiateAsync: (store: Store) => linker.instantiateAsync(store, module),
    };
  }
  const component = Component.compile(engine, text);
  const linker = new ComponentLinker(engine);
  linker.root().funcNew('text', () => 'text');
  return {
    listed: ['guest', component] satisfies NamedModule,
    instantiate: (store: Store) => linker.instantiate(store, component),
    instantiateAsync: (store: Store) => linker.instantiateAsync(store, component),
  };
}

describe.skipIf(!HAS_SIGNALS)('what only calls Wasmtime has frames', () => {
  it.each(ways)('in $name, isAsync: $isAsync', async ({ text, isAsync, args }) => {
    const engine = new Engine();
    const store = new Store(engine);
    const guest = guestOf(engine, text);
    const profiler = new GuestProfiler('guest', 1, [guest.listed]);
    profiler.attach(store, { intervalMs: 0.1, sampler: 'signal' });
    const instance = await (isAsync ? guest.instantiateAsync(store) : guest.instantiate(store));
    const run = instance.getFunc(store, 'run');
    await (isAsync ? run.callAsync(store, ...args) : run.call(store, ...args));
    const { stacks } = await finish(profiler);
    const unknown = stacks.filter((stack) => stack.length === 0);
    expect(stacks.filter((stack) => stack.includes('fills')).length).toBeGreaterThan(50);
    expect(unknown.length).toBeLessThan(stacks.length * 0.05);
  });
});
