import { afterAll, describe, expect, it } from 'vitest';
import {
  Component,
  type ComponentHostFunction,
  type ComponentInstance,
  ComponentLinker,
  Engine,
  type Func,
  Linker,
  Module,
  Store,
  UpdateDeadline,
} from '../../lib/index.js';
import { LIBC, OPTIONS } from '../runtime/component/support.js';
import { ENDINGS, expectProgram, runWasiComponent } from './guests.js';
import { type Compared, OraclePair, Tally } from './oracle-pair.js';

const { total, count } = new Tally();

afterAll(() => {
  console.log(
    `oracle: ${total.samples} samples, ${total.frames} frames and ${total.markers} markers of components ` +
      `equal upstream's; so do ${total.recorded} samples of recorders`,
  );
});

/** A component in text format, sampled at the first function or loop after its host calls `bump`. */
class BumpComponent {
  readonly engine: Engine;
  readonly store: Store;
  readonly component: Component;
  readonly pair: OraclePair;
  readonly instance: ComponentInstance;
  readonly extra: [string, Module][];

  constructor(
    wat: string,
    hosts: (guest: BumpComponent) => Record<string, ComponentHostFunction> = () => ({}),
    extra: (engine: Engine) => [string, Module][] = () => [],
  ) {
    this.engine = new Engine({ epochInterruption: true });
    this.component = Component.compile(this.engine, wat);
    this.extra = extra(this.engine);
    this.pair = new OraclePair(this.engine, this.extra, this.component);
    this.store = new Store(this.engine);
    this.store.setEpochDeadline(1);
    this.store.epochDeadlineCallback((store) => {
      this.pair.sample(store);
      return UpdateDeadline.continue(1);
    });
    this.store.callHook((store, kind) => this.pair.callHook(store, kind));
    this.pair.attach(this.store);
    const linker = new ComponentLinker(this.engine);
    const all = { bump: () => this.bump(), ...hosts(this) };
    for (const [name, host] of Object.entries(all)) linker.root().funcNew(name, host);
    this.instance = linker.instantiate(this.store, this.component);
  }

  bump(): void {
    this.engine.incrementEpoch();
  }

  // biome-ignore lint/suspicious/noExplicitAny: as ComponentFunc.call.
  call(name: string, ...args: unknown[]): any {
    return this.instance.getFunc(this.store, name).call(this.store, ...args);
  }

  /** Demands equality; gives the functions of each sample's stack, too, oldest first. */
  async compare(): Promise<Compared & { names: string[][] }> {
    const compared = count(await this.pair.compare());
    return { ...compared, names: namesOf(this.pair.ours) };
  }
}

/** The functions of each sample's stack, oldest first. */
// biome-ignore lint/suspicious/noExplicitAny: parsed JSON.
function namesOf({ shared, threads }: any): string[][] {
  const { frame, prefixOffset } = shared.stackTable;
  return threads[0].samples.stack.map((stack: number | null) => {
    const names: string[] = [];
    for (let row = stack; row !== null; ) {
      const func = shared.frameTable.func[frame[row]];
      names.unshift(shared.stringArray[shared.funcTable.name[func]]);
      row = prefixOffset[row] === 0 ? null : row - prefixOffset[row];
    }
    return names;
  });
}

/** Takes and gives strings, and says at its end that it is done. */
const STRINGS = `
  (import "bump" (func $bump))
  (import "name" (func $name (result string)))
  ${LIBC}
  (core func $bump (canon lower (func $bump)))
  (core func $name (canon lower (func $name) ${OPTIONS}))
  (core module $m
    (import "libc" "memory" (memory 1))
    (import "" "bump" (func $bump))
    (import "" "name" (func $name (param i32)))
    (func $leaf (loop))
    (func $ask (call $name (i32.const 8)) (call $bump) (call $leaf))
    (func $greet (export "greet") (param i32 i32) (result i32)
      (call $bump)
      (call $ask)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (call $bump)
      (i32.const 16))
    (func $after (loop))
    (func $post (export "post") (param i32) (call $after)))
  (core instance $m (instantiate $m
    (with "libc" (instance $libc))
    (with "" (instance (export "bump" (func $bump)) (export "name" (func $name))))))`;

/** Two components, each with a memory of its own, so that a string is copied from one to the other. */
const NESTED = `(component
  (import "bump" (func $bump))
  (component $inner
    (import "bump" (func $bump))
    ${LIBC}
    (core func $bump (canon lower (func $bump)))
    (core module $inner
      (import "" "bump" (func $bump))
      (func $inner (export "length") (param i32 i32) (result i32)
        (call $bump)
        (loop)
        (local.get 1)))
    (core instance $m (instantiate $inner (with "" (instance (export "bump" (func $bump))))))
    (func (export "length") (param "x" string) (result u32) (canon lift (core func $m "length") ${OPTIONS})))
  (instance $inner (instantiate $inner (with "bump" (func $bump))))
  (component $outer
    (import "bump" (func $bump))
    (import "length" (func $length (param "x" string) (result u32)))
    ${LIBC}
    (core func $bump (canon lower (func $bump)))
    (core func $length (canon lower (func $length) ${OPTIONS}))
    (core module $outer
      (import "" "bump" (func $bump))
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func $again (loop))
      (func $outer (export "run") (param i32) (result i32)
        (call $bump)
        (call $length (i32.const 0) (local.get 0))
        (call $bump)
        (call $again)))
    (core instance $m (instantiate $outer
      (with "" (instance (export "bump" (func $bump)) (export "length" (func $length))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $outer (instantiate $outer
    (with "bump" (func $bump)) (with "length" (func $inner "length"))))
  (export "run" (func $outer "run")))`;

const RESOURCES = `(component
  (import "bump" (func $bump))
  (core func $bump (canon lower (func $bump)))
  (core module $d (func $destroy (export "destroy") (param i32) (loop)))
  (core instance $d (instantiate $d))
  (type $thing' (resource (rep i32) (dtor (core func $d "destroy"))))
  (export $thing "thing" (type $thing'))
  (core func $new (canon resource.new $thing'))
  (core func $drop (canon resource.drop $thing'))
  (core module $m
    (import "" "bump" (func $bump))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func $make (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func $make_and_drop (export "make-and-drop")
      (local $handle i32)
      (local.set $handle (call $new (i32.const 3)))
      (call $bump)
      (call $drop (local.get $handle))))
  (core instance $m (instantiate $m
    (with "" (instance (export "bump" (func $bump)) (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "make") (param "rep" u32) (result (own $thing)) (canon lift (core func $m "make")))
  (func (export "make-and-drop") (canon lift (core func $m "make-and-drop"))))`;

const GREET = `(component ${STRINGS}
  (func (export "greet") (param "x" string) (result string)
    (canon lift (core func $m "greet") ${OPTIONS} (post-return (core func $m "post")))))`;

describe('components, sampled where the guest asks', () => {
  it('memory is asked for before, within and after a call', async () => {
    const guest = new BumpComponent(GREET, (guest) => ({
      name: () => {
        guest.bump();
        return 'a name';
      },
    }));
    for (let i = 0; i < 20; i++) {
      guest.bump();
      expect(guest.call('greet', 'x'.repeat(i))).toBe('x'.repeat(i));
    }
    const { samples, names } = await guest.compare();
    const stacks = new Set(names.map((stack) => stack.join(' > ')));
    expect([...stacks].sort()).toEqual([
      'greet > ask',
      'greet > ask > leaf',
      'greet > ask > realloc',
      'post',
      'realloc',
    ]);
    expect(samples).toBe(20 * 5);
  });

  it('a component calls another through an adapter, with modules in nested components', async () => {
    const guest = new BumpComponent(NESTED);
    expect(guest.call('run', 12)).toBe(12);
    const { names } = await guest.compare();
    const stacks = new Set(names.map((stack) => stack.join(' > ')));
    // Wasmtime's adapter between the two has no names.
    expect([...stacks].sort()).toEqual([
      'outer > again',
      'outer > wasm-function[11]',
      'outer > wasm-function[11] > inner',
    ]);
    const libs = guest.pair.ours.libs.map(({ name }: { name: string }) => name);
    expect(libs).toEqual(['libc', 'inner', 'libc', 'outer', 'adapter']);
  });

  it('destructors of resources', async () => {
    const guest = new BumpComponent(RESOURCES);
    const handle = guest.call('make', 7);
    guest.bump();
    handle.dispose();
    guest.call('make-and-drop');
    const { names } = await guest.compare();
    expect(names).toEqual([['destroy'], ['make_and_drop', 'destroy']]);
  });

  it('modules beside the component', async () => {
    let outside: Func | undefined;
    const guest = new BumpComponent(
      GREET,
      (guest) => ({
        name: () => {
          guest.bump();
          return String(outside?.call(guest.store));
        },
      }),
      (engine) => [
        [
          'outside',
          Module.compile(
            engine,
            '(module $o (func $five (export "five") (result i32) i32.const 5))',
          ),
        ],
      ],
    );
    const [, module] = guest.extra[0] as [string, Module];
    outside = new Linker(guest.engine)
      .instantiate(guest.store, module)
      .getFunc(guest.store, 'five');
    expect(guest.call('greet', 'x')).toBe('x');
    const { names } = await guest.compare();
    expect(names).toContainEqual(['greet', 'ask', 'five']);
  });
});

describe('commands, sampled by the clock', () => {
  it('parser', async () => {
    const run = runWasiComponent('component/parser.wasm', ['120'], 0.1);
    await expectProgram(run, count);
    const libs = run.pair.ours.libs.map(({ name }: { name: string }) => name);
    // The program, the adapter from preview 1 to 2, and what stands between them.
    expect(libs).toEqual([
      'parser.wasm',
      'wit-component:adapter:wasi_snapshot_preview1',
      'wit-component-shim-module',
    ]);
  });

  it.each([...ENDINGS, ['chatter', undefined] as const])('endings %s', async (mode, kind) => {
    const { pair, error } = runWasiComponent('component/endings.wasm', [mode], 0.1);
    if (kind === undefined) expect(error).toBeUndefined();
    else expect(error).toBeInstanceOf(kind);
    const compared = count(await pair.compare());
    expect(compared.markers).toBeGreaterThan(10);
  });
});
