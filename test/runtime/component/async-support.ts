import {
  type AsyncComponentHostFunction,
  Component,
  type ComponentFunc,
  type ComponentHostFunction,
  type ComponentInstance,
  ComponentLinker,
  type Config,
  Engine,
  Store,
} from '../../../lib/index.js';
import { LIBC, OPTIONS } from './support.js';

/** Imports that may wait and one that may not; a string that goes there and back; what spins and traps. */
export const GUEST = `(component
  (import "get" (func $get (param "x" u32) (result u32)))
  (import "sync" (func $sync (param "x" u32) (result u32)))
  (import "text" (func $text (param "x" string) (result string)))
  (import "check" (func $check (param "x" u32) (result (result u32 (error string)))))
  ${LIBC}
  (core func $get (canon lower (func $get)))
  (core func $sync (canon lower (func $sync)))
  (core func $text (canon lower (func $text) ${OPTIONS}))
  (core func $check (canon lower (func $check) ${OPTIONS}))
  (core module $m
    (import "" "get" (func $get (param i32) (result i32)))
    (import "" "sync" (func $sync (param i32) (result i32)))
    (import "" "text" (func $text (param i32 i32 i32)))
    (import "" "check" (func $check (param i32 i32)))
    (func (export "get") (param i32) (result i32) (call $get (local.get 0)))
    (func (export "sync") (param i32) (result i32) (call $sync (local.get 0)))
    (func (export "text") (param i32 i32) (result i32)
      (call $text (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16))
    (func (export "check") (param i32) (result i32)
      (call $check (local.get 0) (i32.const 32)) (i32.const 32))
    (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func (export "trap") unreachable)
    (func (export "spin") (param i32) (result i32)
      (loop $l
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $l (local.get 0)))
      (i32.const 7)))
  (core instance $i (instantiate $m (with "" (instance
    (export "get" (func $get)) (export "sync" (func $sync)) (export "text" (func $text))
    (export "check" (func $check))))))
  (func (export "get") (param "x" u32) (result u32) (canon lift (core func $i "get")))
  (func (export "sync") (param "x" u32) (result u32) (canon lift (core func $i "sync")))
  (func (export "text") (param "x" string) (result string)
    (canon lift (core func $i "text") ${OPTIONS}))
  (func (export "check") (param "x" u32) (result (result u32 (error string)))
    (canon lift (core func $i "check") ${OPTIONS}))
  (func (export "double") (param "x" u32) (result u32) (canon lift (core func $i "double")))
  (func (export "trap") (canon lift (core func $i "trap")))
  (func (export "spin") (param "x" u32) (result u32) (canon lift (core func $i "spin"))))`;

export interface AsyncGuest {
  readonly engine: Engine;
  readonly store: Store;
  readonly linker: ComponentLinker;
  readonly component: Component;
  readonly instance: ComponentInstance;
  func(name: string): ComponentFunc;
  // biome-ignore lint/suspicious/noExplicitAny: as ComponentFunc.callAsync.
  call(name: string, ...args: unknown[]): Promise<any>;
}

export interface Options {
  /** Async host functions. */
  readonly hosts?: Readonly<Record<string, AsyncComponentHostFunction>>;
  readonly sync?: Readonly<Record<string, ComponentHostFunction>>;
  readonly config?: Config;
  readonly prepare?: (store: Store, engine: Engine) => void;
  readonly wat?: string;
}

/** Instantiates `wat`, by default `GUEST`, whose imports give back what they get. */
export async function startAsync(options: Options = {}): Promise<AsyncGuest> {
  const { config = {}, prepare = () => {}, wat = GUEST } = options;
  const hosts = {
    ...(wat === GUEST && { get: same, text: same, check: same }),
    ...options.hosts,
  };
  const sync = { ...(wat === GUEST && { sync: (_: Store, x: number) => x }), ...options.sync };
  const engine = new Engine(config);
  const store = new Store(engine);
  prepare(store, engine);
  const linker = new ComponentLinker(engine);
  for (const [name, fn] of Object.entries(hosts)) linker.root().funcNewAsync(name, fn);
  for (const [name, fn] of Object.entries(sync)) linker.root().funcNew(name, fn);
  const component = Component.compile(engine, wat);
  const instance = await linker.instantiateAsync(store, component);
  const func = (name: string) => instance.getFunc(store, name);
  return {
    engine,
    store,
    linker,
    component,
    instance,
    func,
    call: (name, ...args) => func(name).callAsync(store, ...args),
  };
}

const same: AsyncComponentHostFunction = async (_, x) => x;

/** Once around the event loop. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

export const yielding = (store: Store) => {
  store.setEpochDeadline(1);
  store.epochDeadlineAsyncYieldAndUpdate(1);
};
