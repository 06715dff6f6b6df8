/** A row of the library table. */
export type LibIndex = number;

/** The sentinel for a frame without a library. */
export const NO_LIB: LibIndex = -1;

/**
 * A piece of code that frames lie in: for a guest, one wasm module.
 *
 * The paths stay empty because a profile must not tell where files lie on the machine that recorded it. The
 * ids are the module's own hash: no native symbol server has such keys, and a reader tells modules of
 * one name apart by them.
 */
export interface Lib {
  readonly name: string;
  readonly debugName: string;
  readonly path: string;
  readonly debugPath: string;
  readonly breakpadId: string;
  readonly codeId: string | null;
  readonly arch: string;
}

/** The modules of a profile. There are a handful, so here a row is an object. */
export class LibTable {
  readonly #libs: Lib[] = [];

  get length(): number {
    return this.#libs.length;
  }

  /**
   * Adds a library. Not interned: two modules may bear the same name (or none) and are two
   * libraries all the same, since their addresses are unrelated.
   */
  add(lib: Pick<Lib, 'name'> & Partial<Lib>): LibIndex {
    const neutral = {
      debugName: '',
      path: '',
      debugPath: '',
      breakpadId: '',
      codeId: null,
      arch: '',
    };
    return this.#libs.push({ ...neutral, ...lib }) - 1;
  }

  get(index: LibIndex): Lib {
    const lib = this.#libs[index];
    if (lib === undefined) {
      throw new RangeError(`expected a lib index below ${this.length}, got ${index}`);
    }
    return lib;
  }

  [Symbol.iterator](): IterableIterator<Lib> {
    return this.#libs[Symbol.iterator]();
  }
}
