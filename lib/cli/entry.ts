import { oneLine } from '../formats/terminal-text.js';
import type { Instance } from '../runtime/instance.js';
import type { ModuleInterface } from '../runtime/module-interface.js';
import type { Store } from '../runtime/store.js';
import { CliError } from './cli-error.js';

/** What exports something: a module, or what was told of one before it is compiled. */
export type Exporting = Pick<ModuleInterface, 'exports'>;

/** What is called of a guest. */
export interface Entry {
  /**
   * Tells before the guest runs whether it can be called.
   *
   * @throws CliError that says why not.
   */
  check(path: string, module: Exporting): void;
  /** Calls it; its results. */
  call(store: Store, instance: Instance): readonly unknown[];
  /** The same, asynchronously. */
  callAsync(store: Store, instance: Instance): Promise<readonly unknown[]>;
}

/** A WASI command's. */
export const START: Entry = {
  check: checkStart,
  call: (store, instance) => {
    instance.getFunc(store, '_start').call(store);
    return [];
  },
  callAsync: async (store, instance) => {
    await instance.getFunc(store, '_start').callAsync(store);
    return [];
  },
};

/**
 * An export, with arguments as texts. A reactor's `_initialize` is called before, as WASI has it and
 * Wasmtime's own `--invoke` does.
 */
export function invocation(name: string, texts: readonly string[]): Entry {
  let values: readonly (number | bigint)[] = [];
  return {
    check: (path, module) => {
      const params = paramsOf(path, module, name);
      if (params.length !== texts.length) {
        const takes = `(${params.join(', ')})`;
        throw new CliError(`${oneLine(name)} takes ${takes}: got ${texts.length} arguments`);
      }
      values = texts.map((text, i) => argumentOf(text, params[i] as string));
    },
    call: (store, instance) => {
      if (instance.getExport(store, '_initialize') !== undefined) {
        instance.getFunc(store, '_initialize').call(store);
      }
      return resultsOf(instance.getFunc(store, name).call(store, ...values));
    },
    callAsync: async (store, instance) => {
      if (instance.getExport(store, '_initialize') !== undefined) {
        await instance.getFunc(store, '_initialize').callAsync(store);
      }
      return resultsOf(await instance.getFunc(store, name).callAsync(store, ...values));
    },
  };
}

function resultsOf(result: unknown): readonly unknown[] {
  if (result === undefined) return [];
  return Array.isArray(result) ? result : [result];
}

/** A result as text: numbers as JavaScript writes them, a vector as one number of 128 bits. */
export function resultText(value: unknown): string {
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).reverse().toString('hex')}`;
  return value === null ? '<null reference>' : '<reference>';
}

function checkStart(path: string, module: Exporting): void {
  const { exports } = module;
  const start = exports.find(({ name }) => name === '_start')?.type;
  if (start === undefined) {
    const isReactor = exports.some(({ name }) => name === '_initialize');
    throw new CliError(
      isReactor
        ? `${path} is a WASI reactor (it exports _initialize, but no _start): run needs a command. ` +
            'Build it with a main function, or call one of its exports with --invoke'
        : `${path} exports no _start function: run needs a WASI command. ` +
            'Call one of its exports with --invoke',
    );
  }
  const { params = [], results = [] } = start;
  if (start.kind !== 'func' || params.length + results.length > 0) {
    throw new CliError(`${path} exports a _start that is no function without parameters`);
  }
}

function paramsOf(path: string, module: Exporting, name: string): readonly string[] {
  const { exports } = module;
  const type = exports.find((type) => type.name === name)?.type;
  if (type?.kind === 'func') return type.params ?? [];
  const functions = exports.filter(({ type }) => type.kind === 'func').map(({ name }) => name);
  const known = functions.length > 0 ? functions.map(oneLine).join(', ') : 'none';
  throw new CliError(`${path} exports no function ${oneLine(name)}: there are ${known}`);
}

/** An argument's value, in decimal or with `0x`; integers of either sign. */
function argumentOf(text: string, type: string): number | bigint {
  const expected = new CliError(`expected a value of type ${type}, got '${oneLine(text)}'`);
  switch (type) {
    case 'i32':
    case 'i64': {
      const bits = type === 'i32' ? 32 : 64;
      const digits = /^(-?)(\d+|0x[\da-f]+)$/i.exec(text);
      if (digits === null) throw expected;
      const value = BigInt(digits[2] as string) * (digits[1] === '-' ? -1n : 1n);
      if (value < -(2n ** BigInt(bits - 1)) || value >= 2n ** BigInt(bits)) throw expected;
      const signed = BigInt.asIntN(bits, value);
      return type === 'i32' ? Number(signed) : signed;
    }
    case 'f32':
    case 'f64': {
      const value = /^[+-]?(?:inf|infinity)$/i.test(text)
        ? Number.POSITIVE_INFINITY * (text.startsWith('-') ? -1 : 1)
        : Number(text);
      if (text.trim() === '' || (Number.isNaN(value) && !/^nan$/i.test(text))) throw expected;
      return value;
    }
    default:
      throw new CliError(`a value of type ${type} can't be given on the command line`);
  }
}
