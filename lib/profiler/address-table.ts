import { Uint32Column } from '../profile/column.js';
import { mix, NOT_FOUND, RowIndex } from '../profile/row-index.js';

/** A row of the address table. */
export type AddressIndex = number;

/** The places in code that samples saw, before anyone knows their names. */
export class AddressTable {
  /** Position in the profiler's list of modules. */
  readonly module = new Uint32Column();
  /** A return address, in bytes from the start of the module's text section. */
  readonly offset = new Uint32Column();
  readonly #rows = new RowIndex();

  get length(): number {
    return this.module.length;
  }

  intern(module: number, offset: number): AddressIndex {
    const hash = mix(mix(0, module), offset);
    const known = this.#rows.find(
      hash,
      (row) => this.offset.get(row) === offset && this.module.get(row) === module,
    );
    if (known !== NOT_FOUND) return known;
    this.#rows.insert(hash);
    this.offset.push(offset);
    return this.module.push(module);
  }
}
