import {
  type Engine,
  type Func,
  type Global,
  type Instance,
  Linker,
  Module,
  Store,
  Trap,
  WasmtimeError,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { argument, type Const, constant, isNan, matches, rawResults } from './values.js';

interface Action {
  readonly type: 'invoke' | 'get';
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly Const[];
}

interface Command {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  readonly as?: string;
  readonly instance?: string;
  readonly module?: string;
  readonly filename: string;
  readonly action: Action;
  readonly expected: readonly Const[];
  readonly text: string;
}

/** What came of a script's commands that check something. */
export interface Outcome {
  /** Commands that assert something. */
  assertions: number;
  /** Commands of all kinds that did as they should. */
  passed: number;
  readonly failed: string[];
}

/** The items that scripts import. */
const SPECTEST = `(module
  (global (export "global_i32") i32 (i32.const 666))
  (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6))
  (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref)
  (table (export "table64") i64 10 20 funcref)
  (memory (export "memory") 1 2)
  (func (export "print"))
  (func (export "print_i32") (param i32))
  (func (export "print_i64") (param i64))
  (func (export "print_f32") (param f32))
  (func (export "print_f64") (param f64))
  (func (export "print_i32_f32") (param i32 f32))
  (func (export "print_f64_f64") (param f64 f64)))`;

/** Runs one script of the official test suite through the JavaScript API. */
export class Script {
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #linker: Linker;
  readonly #files = new Map<string, Uint8Array>();
  readonly #instances = new Map<string, Instance>();
  readonly #definitions = new Map<string, Module>();
  #current: Instance | undefined;
  #definition: Module | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#store = new Store(engine);
    this.#linker = new Linker(engine).allowShadowing(true);
    const spectest = this.#linker.instantiate(this.#store, Module.compile(engine, SPECTEST));
    this.#linker.instance(this.#store, 'spectest', spectest);
  }

  run(name: string, source: string): Outcome {
    const { json, names, modules } = native.parseWast(name, source);
    for (const [i, file] of names.entries()) this.#files.set(file, modules[i] as Uint8Array);
    const outcome: Outcome = { assertions: 0, passed: 0, failed: [] };
    for (const command of JSON.parse(json).commands as Command[]) {
      if (command.type.startsWith('assert')) outcome.assertions++;
      let problem: string | undefined;
      try {
        problem = this.#execute(command);
      } catch (error) {
        problem = `threw ${error}`;
      }
      if (problem === undefined) outcome.passed++;
      else outcome.failed.push(`${name}:${command.line}: ${command.type}: ${problem}`);
    }
    this.#store.dispose();
    return outcome;
  }

  /** Why the command failed; undefined when it didn't. */
  #execute(command: Command): string | undefined {
    switch (command.type) {
      case 'module':
        this.#define(command.name, this.#instantiate(this.#compile(command)));
        return undefined;
      case 'module_definition':
        this.#definition = this.#compile(command);
        if (command.name !== undefined) this.#definitions.set(command.name, this.#definition);
        return undefined;
      case 'module_instance': {
        const module =
          command.module === undefined ? this.#definition : this.#definitions.get(command.module);
        this.#define(command.instance, this.#instantiate(module as Module));
        return undefined;
      }
      case 'register':
        this.#linker.instance(this.#store, command.as ?? '', this.#instance(command.name));
        return undefined;
      case 'action':
        this.#act(command.action);
        return undefined;
      case 'assert_return':
        return this.#assertReturn(command);
      case 'assert_trap':
      case 'assert_exhaustion':
        return expectTrap(command.text, () => this.#act(command.action));
      case 'assert_exception':
        return expectError(
          (error) => error.code === 'ERR_WASM_EXCEPTION',
          () => this.#act(command.action),
        );
      case 'assert_uninstantiable':
        return expectTrap(command.text, () => this.#instantiate(this.#compile(command)));
      case 'assert_unlinkable':
        return expectError(
          ({ code }) => code === 'ERR_UNKNOWN_IMPORT' || code === 'ERR_INSTANTIATE',
          () => this.#instantiate(this.#compile(command)),
        );
      case 'assert_invalid':
      case 'assert_malformed':
      case 'assert_invalid_custom':
      case 'assert_malformed_custom':
        return expectError(
          (error) => error.code === 'ERR_INVALID_MODULE',
          () => this.#compile(command),
        );
      default:
        return 'an unknown command';
    }
  }

  #compile({ filename }: Command): Module {
    const bytes = this.#files.get(filename);
    if (bytes === undefined) throw new Error(`no file ${filename}`);
    // Also the text format comes as bytes, as some of it isn't UTF-8.
    return Module.compile(this.#engine, bytes);
  }

  #instantiate(module: Module): Instance {
    return this.#linker.instantiate(this.#store, module);
  }

  #define(name: string | undefined, instance: Instance): void {
    this.#current = instance;
    if (name !== undefined) this.#instances.set(name, instance);
  }

  #instance(name: string | undefined): Instance {
    const instance = name === undefined ? this.#current : this.#instances.get(name);
    if (instance === undefined) throw new Error(`no instance ${name}`);
    return instance;
  }

  #act({ type, module, field, args = [] }: Action): { values: unknown[]; raw: Uint8Array } {
    const item = this.#instance(module).getExport(this.#store, field);
    if (type === 'get') {
      const value = (item as Global).get(this.#store);
      return { values: [value], raw: rawResults(1) };
    }
    const func = item as Func;
    const count = func.type.results.length;
    const called = args.some(isNan)
      ? this.#wrap(func, args).call(this.#store)
      : func.call(this.#store, ...args.map((value) => argument(this.#store, value)));
    return { values: count > 1 ? called : [called], raw: rawResults(count) };
  }

  /** A function that calls `func` with constants: JavaScript has but one NaN. */
  #wrap(func: Func, args: readonly Const[]): Func {
    const { params, results } = func.type;
    const module = Module.compile(
      this.#engine,
      `(module (import "" "" (func $f (param ${params.join(' ')}) (result ${results.join(' ')})))
        (func (export "") (result ${results.join(' ')}) (call $f ${args.map(constant).join(' ')})))`,
    );
    const linker = new Linker(this.#engine).define(this.#store, '', '', func);
    return linker.instantiate(this.#store, module).getFunc(this.#store, '');
  }

  #assertReturn({ action, expected }: Command): string | undefined {
    const { values, raw } = this.#act(action);
    for (const [i, constant] of expected.entries()) {
      const bytes = raw.subarray(16 * i, 16 * i + 16);
      if (!matches(this.#store, constant, values[i], bytes)) {
        return `expected ${JSON.stringify(constant)}, got ${String(values[i])} (${bytes})`;
      }
    }
    return undefined;
  }
}

function expectError(
  fits: (error: WasmtimeError) => boolean,
  run: () => unknown,
): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof WasmtimeError && fits(error) ? undefined : `threw ${error}`;
  }
  return 'nothing was thrown';
}

/** Wasmtime's words for what the suite calls otherwise. */
const WORDS: Record<string, string> = {
  'undefined element': 'out of bounds table access',
  'null function reference': 'null reference',
  'null structure reference': 'null reference',
  'null array reference': 'null reference',
  'null i31 reference': 'null reference',
  'null exception reference': 'null reference',
};

function expectTrap(text: string, run: () => unknown): string | undefined {
  return expectError(
    (error) =>
      error instanceof Trap &&
      [text, WORDS[text] ?? text, text.replace(/ \d+$/, '')].some((words) =>
        error.message.includes(words),
      ),
    run,
  );
}
