import { Uint32Column } from '../profile/column.js';
import { mix, NOT_FOUND, RowIndex } from '../profile/row-index.js';

/** A row of the address table. */
export type AddressIndex = number;

/**
 * The places in code that samples saw, before anyone knows their names: return addresses, in bytes from
 * the start of the listed modules' text sections laid end to end.
 */
export class AddressTable {
  readonly address = new Uint32Column();
  readonly #rows = new RowIndex();

  get length(): number {
    return this.address.length;
  }

  intern(address: number): AddressIndex {
    const hash = mix(0, address);
    const addresses = this.address.array;
    const known = this.#rows.find(hash, (row) => addresses[row] === address);
    if (known !== NOT_FOUND) return known;
    this.#rows.insert(hash);
    return this.address.push(address);
  }
}
