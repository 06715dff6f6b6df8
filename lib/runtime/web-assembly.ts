import { checkBytes, checkObject, checkString } from './check.js';
import { customSections } from './custom-sections.js';
import { Trap, wrongType } from './errors.js';
import type { Extern } from './extern.js';
import { Global } from './global.js';
import { Linker } from './linker.js';
import { Memory } from './memory.js';
import { Module } from './module.js';
import { Store } from './store.js';
import { Table } from './table.js';
import type { FuncType } from './types.js';
import { REF_TYPES, type RefType, type ValType } from './types.js';
import { type AnyFunction, WebAssemblyItems } from './web-assembly-items.js';

/** Imports as JavaScript's `WebAssembly` takes them: by module and name. */
export type WebAssemblyImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A function, memory, table or global as `WebAssembly` has it: what a module exports is known at run time. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type WebAssemblyItem = any;

/** What of an instance glue code uses. */
export interface WebAssemblyInstance {
  /** Functions, and objects with the properties of `WebAssembly.Memory`, `Table` and `Global`. */
  readonly exports: Readonly<Record<string, WebAssemblyItem>>;
}

/** A module as {@link WebAssemblyNamespace} has it. */
export interface WebAssemblyModule {
  /** The module itself, for a profiler. */
  readonly module: Module;
}

/** What of JavaScript's `WebAssembly` glue code uses, for one store. */
export interface WebAssemblyNamespace {
  /** Compiles at once, as `new WebAssembly.Module` does. */
  readonly Module: WebAssemblyModuleConstructor;
  /** Instantiates at once, as `new WebAssembly.Instance` does. */
  readonly Instance: {
    /** Makes one. */
    new (module: WebAssemblyModule | Module, imports?: WebAssemblyImports): WebAssemblyInstance;
  };
  /** Makes a memory; sizes are in pages of 64 KiB. */
  readonly Memory: {
    /** Makes one. */
    new (type: WebAssemblyLimits): WebAssemblyItem;
  };
  /** Makes a table of elements of one type. */
  readonly Table: {
    /** Makes one. */
    new (type: WebAssemblyTableType, init?: unknown): WebAssemblyItem;
  };
  /** Makes a global. */
  readonly Global: {
    /** Makes one. */
    new (type: WebAssemblyGlobalType, value?: unknown): WebAssemblyItem;
  };
  /** An error of this is a {@link Trap}, or one that glue code itself has made. */
  readonly RuntimeError: ErrorConstructor;
  /** What glue code may compare errors with; ours aren't of it. */
  readonly CompileError: ErrorConstructor;
  /** What glue code may compare errors with; ours aren't of it. */
  readonly LinkError: ErrorConstructor;
  /** Compiles on another thread, as `WebAssembly.compile` does. */
  compile(bytes: Uint8Array | ArrayBuffer): Promise<WebAssemblyModule>;
  /** Instantiates a module, as `WebAssembly.instantiate` does. */
  instantiate(module: WebAssemblyModule | Module, imports?: unknown): Promise<WebAssemblyInstance>;
  /** Compiles and instantiates, as `WebAssembly.instantiate` does of bytes. */
  instantiate(
    bytes: Uint8Array | ArrayBuffer,
    imports?: unknown,
  ): Promise<{ module: WebAssemblyModule; instance: WebAssemblyInstance }>;
}

/** What `WebAssembly.Module` is: a constructor with what tells of a module. */
export interface WebAssemblyModuleConstructor {
  /** Compiles. */
  new (bytes: Uint8Array | ArrayBuffer): WebAssemblyModule;
  /** The exports of a module, in its order. */
  exports(module: WebAssemblyModule): { name: string; kind: string }[];
  /** The imports of a module, in its order. */
  imports(module: WebAssemblyModule): { module: string; name: string; kind: string }[];
  /** The contents of a module's custom sections of that name. */
  customSections(module: WebAssemblyModule, name: string): ArrayBuffer[];
}

/** Sizes, as descriptors of `WebAssembly` have them: pages of a memory, elements of a table. */
export interface WebAssemblyLimits {
  /** At first. */
  readonly initial: number;
  /** At most. */
  readonly maximum?: number;
}

/** The descriptor of a table. */
export interface WebAssemblyTableType extends WebAssemblyLimits {
  /** `anyfunc` or `externref`. */
  readonly element: string;
}

/** The descriptor of a global. */
export interface WebAssemblyGlobalType {
  /** Its type: `i32`, `i64`, `f32`, `f64`, `externref`, `anyfunc`. */
  readonly value: string;
  /** Whether it may be set; false by default. */
  readonly mutable?: boolean;
}

const namespaces = new WeakMap<Store, WebAssemblyNamespace>();

/**
 * What glue code that was written for JavaScript's own `WebAssembly` expects of it, wasm-bindgen's and emscripten's
 * above all, with the guests in `store`: hand it over, or have it stand in for the global while the glue code is loaded.
 *
 * Values are converted as there: a number of any size becomes an i32, what is left out becomes 0. A function, a memory, a table
 * and a global are one object each, and an old `buffer` of a memory that has grown has no bytes left, nor have views of {@link
 * Memory.data} taken before. Traps are {@link Trap}s. Imports are functions, or items of the same store that were made here.
 * Not there: shared memories, tags, `Suspending`, streams.
 */
export function toWebAssembly(store: Store): WebAssemblyNamespace {
  const owner = Store.of('store', store);
  const known = namespaces.get(owner) ?? makeNamespace(owner);
  namespaces.set(owner, known);
  return known;
}

/** `WebAssembly`'s names of kinds. */
const kindOf = (kind: string): string => (kind === 'func' ? 'function' : kind);

function makeNamespace(store: Store): WebAssemblyNamespace {
  const items = new WebAssemblyItems(store);
  const { engine } = store;

  class AdaptedModule implements WebAssemblyModule {
    readonly module: Module;
    readonly #bytes: Uint8Array;
    constructor(source: Uint8Array | ArrayBuffer, compiled?: Module) {
      this.#bytes = checkBytes('bytes', source);
      this.module = compiled ?? Module.compile(engine, this.#bytes);
    }
    static exports({ module }: WebAssemblyModule) {
      return module.exports.map(({ name, type }) => ({ name, kind: kindOf(type.kind) }));
    }
    static imports({ module }: WebAssemblyModule) {
      return module.imports.map(({ module: from, name, type }) => {
        return { module: from, name, kind: kindOf(type.kind) };
      });
    }
    static customSections(module: AdaptedModule, name: string) {
      return customSections(module.#bytes, checkString('name', name));
    }
  }

  class AdaptedInstance implements WebAssemblyInstance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(source: WebAssemblyModule | Module, imports: WebAssemblyImports = {}) {
      const module = source instanceof AdaptedModule ? source.module : (source as Module);
      Module.native('module', module);
      checkObject('imports', imports);
      this.exports = instantiate(items, module, imports);
    }
  }

  const limits = (type: WebAssemblyLimits) => {
    checkObject('type', type);
    return { minimum: type.initial, maximum: type.maximum };
  };

  class RuntimeError extends Error {
    override readonly name = 'RuntimeError';
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof Trap || Error[Symbol.hasInstance].call(RuntimeError, value);
    }
  }

  const compile = async (bytes: Uint8Array | ArrayBuffer) =>
    new AdaptedModule(bytes, await Module.compileAsync(engine, checkBytes('bytes', bytes)));

  async function instantiateAny(source: unknown, imports?: WebAssemblyImports) {
    if (source instanceof AdaptedModule || Module.is(source)) {
      return new AdaptedInstance(source, imports);
    }
    const module = await compile(source as Uint8Array);
    return { module, instance: new AdaptedInstance(module, imports) };
  }

  return Object.freeze({
    Module: AdaptedModule,
    Instance: AdaptedInstance,
    Memory: items.classOf('memory', (type: WebAssemblyLimits) =>
      Memory.create(store, limits(type)),
    ),
    Table: items.classOf('table', (type: WebAssemblyTableType, init: unknown = null) => {
      const sizes = limits(type);
      const element = (type.element === 'anyfunc' ? 'funcref' : type.element) as RefType;
      const isKnown = REF_TYPES.includes(element);
      return Table.create(
        store,
        { element, ...sizes },
        isKnown ? items.inward(element, init) : init,
      );
    }),
    Global: items.classOf('global', (type: WebAssemblyGlobalType, value?: unknown) => {
      checkObject('type', type);
      const content = (type.value === 'anyfunc' ? 'funcref' : type.value) as ValType;
      const mutable = type.mutable ?? false;
      return Global.create(
        store,
        { content, mutable },
        items.inward(content, value ?? initial(content)),
      );
    }),
    RuntimeError,
    CompileError: class CompileError extends Error {},
    LinkError: class LinkError extends Error {},
    compile,
    instantiate: instantiateAny,
  }) as unknown as WebAssemblyNamespace;
}

/** What a global holds that was given no value. */
function initial(type: ValType): unknown {
  if (type === 'i64') return 0n;
  return type === 'i32' || type === 'f32' || type === 'f64' ? 0 : null;
}

function instantiate(
  items: WebAssemblyItems,
  module: Module,
  imports: WebAssemblyImports,
): Readonly<Record<string, unknown>> {
  const { store } = items;
  const linker = new Linker(module.engine).allowShadowing(true);
  for (const { module: from, name, type } of module.imports) {
    const value: unknown = imports[from]?.[name];
    const known = items.itemOf(value);
    if (known !== undefined) linker.define(store, from, name, known);
    else if (type.kind === 'func' && typeof value === 'function') {
      const own = { params: type.params, results: type.results } as FuncType;
      linker.funcWrap(from, name, own, items.host(own, value as AnyFunction));
    } else if (type.kind === 'global' && (typeof value === 'number' || typeof value === 'bigint')) {
      const content = type.content as ValType;
      linker.define(
        store,
        from,
        name,
        Global.create(store, { content, mutable: false }, items.inward(content, value)),
      );
    } else if (value !== undefined) {
      throw wrongType(`imports.${from}.${name}`, `a ${type.kind} of this store`, value);
    }
  }
  const instance = linker.instantiate(store, module);
  const exports: Record<string, unknown> = Object.create(null);
  for (const [name, item] of Object.entries<Extern>(instance.exports(store))) {
    exports[name] = items.adapt(item);
  }
  items.detachGrown();
  return Object.freeze(exports);
}
