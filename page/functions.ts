import type { PageData, PageThread } from '../lib/formats/page-types.js';
import { shortName, shortPath } from '../lib/formats/short-name.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId, element } from './dom.js';
import { amount, percent } from './units.js';
import type { Weighed } from './weighed.js';

/** Characters of a name and of a place, which are whole where the mouse is. */
const NAME_WIDTH = 120;
const PLACE_WIDTH = 60;

/** Rows until all are asked for. */
const SHORT = 50;

type Key = 'self' | 'total';

/** A function and what it weighs. */
export interface FunctionRow {
  readonly func: number;
  /** The hottest line, or 0. */
  readonly line: number;
  readonly self: number;
  readonly total: number;
}

/** The table of functions: sorted by one of two columns, filtered by the search. */
export class Functions {
  readonly #data: PageData;
  readonly #choose: (func: number) => void;
  #rows: readonly FunctionRow[] = [];
  #shown: { weight: Weight; whole: number; found: Uint8Array | undefined } | undefined;
  #thread: PageThread | undefined;
  /** The hottest line of each function, or 0. */
  #lines = new Int32Array();
  readonly #ofWeight = new Map<Weight, readonly FunctionRow[]>();
  #sort: Key = 'self';
  #all = false;

  /** `choose` is called with a function that was chosen. */
  constructor(data: PageData, choose: (func: number) => void) {
    this.#data = data;
    this.#choose = choose;
    byId('more').addEventListener('click', () => {
      this.#all = true;
      this.#draw();
    });
  }

  /** `isAll` if no sample is left out: then functions that the tree left out are known, too. */
  show(
    thread: PageThread,
    weighed: Weighed,
    weight: Weight,
    isAll: boolean,
    found: Uint8Array | undefined,
  ): void {
    if (this.#thread !== thread) {
      this.#thread = thread;
      this.#ofWeight.clear();
      this.#lines = new Int32Array(this.#data.functions.length);
      for (const { func, line } of thread.functions) this.#lines[func] = line;
    }
    this.#rows = isAll ? this.#ofThread(thread, weight) : ofWeighed(this.#lines, weighed, weight);
    const whole = this.#rows.reduce((sum, { self }) => sum + self, 0);
    this.#shown = { weight, whole, found };
    this.#draw();
  }

  /** The rows of all samples, made once for a weight. */
  #ofThread(thread: PageThread, weight: Weight): readonly FunctionRow[] {
    const known = this.#ofWeight.get(weight);
    if (known !== undefined) return known;
    const rows = thread.functions.map(({ func, line, self, total }) => ({
      ...{ func, line },
      ...{ self: self[weight], total: total[weight] },
    }));
    this.#ofWeight.set(weight, rows);
    return rows;
  }

  /** The hottest functions of those that are shown. */
  top(count: number): readonly FunctionRow[] {
    return hottest(this.#filtered(), count, this.#sort);
  }

  #filtered(): readonly FunctionRow[] {
    const found = this.#shown?.found;
    return found === undefined ? this.#rows : this.#rows.filter(({ func }) => found[func] === 1);
  }

  #draw(): void {
    if (this.#shown === undefined) return;
    const { weight, whole } = this.#shown;
    const rows = this.#filtered();
    const shown = hottest(rows, this.#all ? rows.length : SHORT, this.#sort);
    const body = element('tbody');
    for (const { func, line, self, total } of shown) {
      const { name = '', file = '', module = '' } = this.#data.functions[func] ?? {};
      const row = body.insertRow();
      for (const value of [self, total]) {
        row.append(element('td', amount(value, weight), 'number'));
        row.append(element('td', percent(value, whole), 'number'));
      }
      const button = element('button', shortName(name, NAME_WIDTH));
      button.type = 'button';
      button.title = `${name}: callers and callees`;
      button.addEventListener('click', () => this.#choose(func));
      row.insertCell().append(button);
      const place = file === '' ? module : `${file}${line > 0 ? `:${line}` : ''}`;
      const cell = element('td', shortPath(place, PLACE_WIDTH));
      cell.title = place;
      row.append(cell);
    }
    byId('functions').replaceChildren(this.#head(), body);
    byId('more').hidden = shown.length === rows.length;
    byId('more').textContent = `Show all ${rows.length.toLocaleString('en-US')}`;
  }

  #head(): HTMLElement {
    const head = element('thead');
    const row = head.insertRow();
    for (const key of ['self', 'total'] as const) {
      const cell = element('th', '', 'number');
      cell.colSpan = 2;
      cell.setAttribute('aria-sort', this.#sort === key ? 'descending' : 'none');
      const button = element('button', this.#sort === key ? `${key} ▼` : key);
      button.type = 'button';
      button.addEventListener('click', () => {
        this.#sort = key;
        this.#draw();
      });
      cell.append(button);
      row.append(cell);
    }
    for (const title of ['function', 'location']) row.append(element('th', title));
    return head;
  }
}

/** The first rows of so many: there may be 50,000, of which some are shown. */
function hottest(rows: readonly FunctionRow[], count: number, key: Key): FunctionRow[] {
  const before = (a: FunctionRow, b: FunctionRow) => b[key] - a[key] || a.func - b.func;
  if (count >= rows.length) return [...rows].sort(before);
  const first: FunctionRow[] = [];
  for (const row of rows) {
    if (first.length === count && before(row, first[count - 1] as FunctionRow) >= 0) continue;
    let at = Math.min(first.length, count - 1);
    while (at > 0 && before(row, first[at - 1] as FunctionRow) < 0) {
      first[at] = first[at - 1] as FunctionRow;
      at--;
    }
    first[at] = row;
  }
  return first;
}

function ofWeighed(lines: Int32Array, weighed: Weighed, weight: Weight): FunctionRow[] {
  const rows: FunctionRow[] = [];
  const totals = weighed.functionTotal[weight];
  const selfs = weighed.functionSelf[weight];
  for (let func = 0; func < totals.length; func++) {
    const total = totals[func] as number;
    if (!(total > 0)) continue;
    rows.push({ func, line: lines[func] ?? 0, self: selfs[func] as number, total });
  }
  return rows;
}
