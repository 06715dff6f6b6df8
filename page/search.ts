import type { PageData } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId } from './dom.js';
import { amount, percent } from './units.js';
import type { Weighed } from './weighed.js';

/** Finds functions by a part of their name or file. */
export class Search {
  /** In small letters. */
  readonly #texts: readonly string[];
  #term = '';
  #found: Uint8Array | undefined;

  constructor(data: PageData) {
    this.#texts = data.functions.map(({ name, file }) => `${name}\n${file}`.toLowerCase());
  }

  /** For each function 1 or 0; undefined when nothing is searched for. */
  find(term: string): Uint8Array | undefined {
    if (term === this.#term) return this.#found;
    this.#term = term;
    const small = term.toLowerCase();
    const { length } = this.#texts;
    this.#found = term === '' ? undefined : new Uint8Array(length);
    for (let func = 0; func < length && term !== ''; func++) {
      if (this.#texts[func]?.includes(small)) (this.#found as Uint8Array)[func] = 1;
    }
    return this.#found;
  }

  /** Says how much was found. */
  tell({ shape, total, functionTotal, whole }: Weighed, weight: Weight): void {
    const totals = total[weight];
    const found = this.#found;
    if (found === undefined) {
      byId('found').textContent = '';
      return;
    }
    // Under one that was found: its weight is counted already.
    const isUnder = new Uint8Array(shape.length);
    let sum = 0;
    for (let node = 0; node < shape.length; node++) {
      const caller = shape.prefix[node] as number;
      isUnder[node] = caller >= 0 ? (isUnder[caller] as number) : 0;
      if (found[shape.func[node] as number] === 0) continue;
      if (isUnder[node] === 0) sum += totals[node] as number;
      isUnder[node] = 1;
    }
    const count = functionTotal[weight].reduce(
      (n, of, func) => n + (of > 0 ? (found[func] ?? 0) : 0),
      0,
    );
    const functions = count === 1 ? '1 function' : `${count.toLocaleString('en-US')} functions`;
    byId('found').textContent =
      `“${this.#term}”: ${functions}, ${amount(sum, weight)}, ${percent(sum, whole[weight])}`;
  }
}
