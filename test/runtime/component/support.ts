import {
  Component,
  type ComponentHostFunction,
  type ComponentInstance,
  ComponentLinker,
  type Config,
  Engine,
  Store,
} from '../../../lib/index.js';

/** The typed arrays that lists of numbers cross as. */
export const ARRAYS = {
  u8: Uint8Array,
  s8: Int8Array,
  u16: Uint16Array,
  s16: Int16Array,
  u32: Uint32Array,
  s32: Int32Array,
  u64: BigUint64Array,
  s64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** A memory with an allocator that never frees, as components need it to receive strings and lists. */
export const LIBC = `
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func $realloc (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (global.set $next
        (i32.and
          (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (local.set $at (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get $size)))
      (block $done
        (loop $grow
          (br_if $done (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
          (drop (memory.grow (i32.const 1)))
          (br $grow)))
      (memory.copy (local.get $at) (local.get $old) (local.get $old_size))
      (local.get $at)))
  (core instance $libc (instantiate $libc))`;

/** What of {@link LIBC} the options of a lifted or lowered function name. */
export const OPTIONS =
  '(memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))';

/**
 * A component that gives its argument to an import "host" and returns what that returns. `flat` are the
 * core types that a value has as parameters; as a result it crosses in memory when it has several.
 */
export function echo(types: string, type: string, flat: readonly string[]): string {
  const inMemory = flat.length > 1;
  const result = inMemory || flat.length === 0 ? 'i32' : flat[0];
  const params = flat.join(' ');
  return `(component
    ${types}
    (import "host" (func $host (param "x" ${type}) (result ${type})))
    ${LIBC}
    (core func $lowered (canon lower (func $host) ${OPTIONS}))
    (core module $m
      (import "" "host" (func $host (param ${params} ${inMemory ? 'i32' : ''}) ${inMemory ? '' : `(result ${result})`}))
      (func (export "echo") (param ${params}) (result ${result})
        ${flat.map((_, i) => `local.get ${i}`).join(' ')}
        ${inMemory ? 'i32.const 16' : ''}
        call $host
        ${inMemory ? 'i32.const 16' : ''}))
    (core instance $m (instantiate $m (with "" (instance (export "host" (func $lowered))))))
    (func (export "echo") (param "x" ${type}) (result ${type})
      (canon lift (core func $m "echo") ${OPTIONS})))`;
}

export interface ComponentGuest {
  readonly engine: Engine;
  readonly store: Store;
  readonly linker: ComponentLinker;
  readonly component: Component;
  readonly instance: ComponentInstance;
  // biome-ignore lint/suspicious/noExplicitAny: as ComponentFunc.call.
  call(name: string, ...args: unknown[]): any;
}

/** Instantiates `wat`, with host functions as imports of its root. */
export function startComponent(
  wat: string,
  hosts: Readonly<Record<string, ComponentHostFunction>> = {},
  config: Config = {},
  define: (linker: ComponentLinker) => void = () => {},
): ComponentGuest {
  const engine = new Engine(config);
  const store = new Store(engine);
  const linker = new ComponentLinker(engine);
  for (const [name, fn] of Object.entries(hosts)) linker.root().funcNew(name, fn);
  define(linker);
  const component = Component.compile(engine, wat);
  const instance = linker.instantiate(store, component);
  return {
    engine,
    store,
    linker,
    component,
    instance,
    call: (name, ...args) => instance.getFunc(store, name).call(store, ...args),
  };
}

/** Exports functions, one of them within an instance, and a module. */
export const NESTED = `(component
  (core module $m (func (export "f") (result i32) i32.const 42) (func (export "trap") unreachable))
  (core instance $m (instantiate $m))
  (func $f (result u32) (canon lift (core func $m "f")))
  (func $trap (canon lift (core func $m "trap")))
  (instance $api (export "f" (func $f)) (export "trap" (func $trap)))
  (export "a:b/api@1.2.0" (instance $api))
  (export "f" (func $f))
  (export "m" (core module $m)))`;

/** Calls a function of its host's. */
export const CALLER = `(component
  (import "a:b/host" (instance $host (export "tell" (func (param "n" u32) (result u32)))))
  (core func $tell (canon lower (func $host "tell")))
  (core module $m
    (import "" "tell" (func $tell (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $tell (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "tell" (func $tell))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))`;
