import { misuse } from '../errors.js';
import type { Store } from '../store.js';
import { ComponentError } from './component-error.js';
import { Decoder, type Read, reader } from './decode.js';
import { writer } from './encode.js';
import { Encoder, type Packet, type Write } from './encoder.js';
import type { ComponentFuncType, WitType } from './wit-type.js';

/** How the values of functions of one type cross, in both directions: made once. */
export class Plan {
  readonly #type: ComponentFuncType;
  #writers: Write[] | undefined;
  #readers: Read[] | undefined;
  #names: string[] | undefined;

  constructor(type: ComponentFuncType) {
    this.#type = type;
  }

  /** Writes the arguments of a guest's function. The encoder is to be ended. */
  encodeArguments(store: Store, args: readonly unknown[]): Encoder {
    const { params } = this.#type;
    if (args.length !== params.length) {
      throw misuse(
        'ERR_ARGUMENT_COUNT',
        `the function takes ${params.length} arguments, got ${args.length}`,
      );
    }
    this.#writers ??= params.map(({ type }) => writer(type));
    this.#names ??= params.map((_, i) => `args[${i}]`);
    const encoder = Encoder.take(store);
    try {
      for (let i = 0; i < args.length; i++) {
        encoder.add(this.#names[i] as string, this.#writers[i] as Write, args[i]);
      }
    } catch (error) {
      encoder.end();
      throw error;
    }
    return encoder;
  }

  /** Reads what a guest's function has returned; throws the error of a `result`. */
  decodeResult(store: Store, values: Packet | undefined): unknown {
    const { result } = this.#type;
    if (result === undefined) return undefined;
    const decoder = Decoder.of(store, values);
    const value = reader(result)(decoder);
    decoder.end();
    if (result.kind !== 'result') return value;
    const { tag, val } = value as { tag: 'ok' | 'err'; val: unknown };
    if (tag === 'err') throw new ComponentError(val);
    return val;
  }

  /** Reads the arguments of a host function. */
  decodeArguments(store: Store, values: Packet | undefined): unknown[] {
    this.#readers ??= this.#type.params.map(({ type }) => reader(type));
    const decoder = Decoder.of(store, values);
    const args = this.#readers.map((read) => read(decoder));
    decoder.end();
    return args;
  }

  /**
   * Writes what a host function returns, which `take` gives or throws.
   *
   * @param name - the function's.
   */
  encodeResult(store: Store, name: string, take: () => unknown): number | Packet {
    const { result } = this.#type;
    const returned = returnedBy(take, result);
    if (result === undefined) return 0;
    const encoder = Encoder.take(store);
    try {
      encoder.add(`result of ${name}`, writer(result), returned);
      return encoder.values();
    } finally {
      encoder.end();
    }
  }
}

/** The value of ok or err, where the type is a `result`. */
function returnedBy(take: () => unknown, result: WitType | undefined): unknown {
  if (result?.kind !== 'result') return take();
  try {
    return { tag: 'ok', val: take() };
  } catch (error) {
    if (error instanceof ComponentError) return { tag: 'err', val: error.payload };
    throw error;
  }
}
