import type { NativeCode } from '../generated/native.js';
import { checkPartner } from './build-id.js';
import { type ModuleSymbols, readSource } from './module-symbols.js';

/** Code that may appear in a profile: a module's, or that of one module in a component. */
export class ListedCode {
  readonly symbols: ModuleSymbols;
  readonly #listedName: string;
  #code: NativeCode;
  #isWhole: boolean;

  constructor(listedName: string, code: NativeCode, symbols: ModuleSymbols) {
    this.symbols = symbols;
    this.#listedName = listedName;
    this.#code = code;
    this.#isWhole = symbols.wasm === undefined;
  }

  /** The name that it has in the profile; a component's module may have a better one once it is {@link whole}. */
  get name(): string {
    return nameOfCode(this.#listedName, this.#code);
  }

  /** As it was compiled. */
  get code(): NativeCode {
    return this.#code;
  }

  /**
   * The same with the binary that was given for it: what it says of the code, beyond what compilation left,
   * is there to be read.
   */
  whole(warn: (warning: string) => void): NativeCode {
    if (this.#isWhole) return this.#code;
    this.#isWhole = true;
    const warnOf = (warning: string) => warn(`${this.name}: ${warning}`);
    const binary = readSource('wasm', this.symbols.wasm, warnOf);
    if (binary === undefined) return this.#code;
    const whole = this.#code.withBinary(binary);
    if (whole === null) {
      warnOf('wasm: not the binary of this module');
      return this.#code;
    }
    checkPartner('wasm', this.#code.debugLinks().buildId, whole.debugLinks().buildId, warnOf);
    this.#code = whole;
    return this.#code;
  }
}

/** What a module is called in a profile that lists it, or its component, under a name. */
export function nameOfCode(
  listedName: string,
  { name, number }: Pick<NativeCode, 'name' | 'number'>,
): string {
  return number === null ? listedName : (name ?? `${listedName}[${number}]`);
}
