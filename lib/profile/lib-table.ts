import { ObjectTable } from './object-table.js';

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

/** The modules of a profile. */
export class LibTable extends ObjectTable<Lib> {
  constructor() {
    super('lib');
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
    return this.rows.push({ ...neutral, ...lib }) - 1;
  }
}
