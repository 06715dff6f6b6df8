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
const SHORT = 100;

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
    this.#rows = isAll ? ofThread(thread, weight) : ofWeighed(thread, weighed, weight);
    const whole = this.#rows.reduce((sum, { self }) => sum + self, 0);
    this.#shown = { weight, whole, found };
    this.#order();
    this.#draw();
  }

  find(found: Uint8Array | undefined): void {
    if (this.#shown === undefined) return;
    this.#shown.found = found;
    this.#draw();
  }

  /** The hottest functions of those that are shown. */
  top(count: number): readonly FunctionRow[] {
    return this.#filtered().slice(0, count);
  }

  #order(): void {
    const key = this.#sort;
    this.#rows = [...this.#rows].sort((a, b) => b[key] - a[key] || a.func - b.func);
  }

  #filtered(): readonly FunctionRow[] {
    const found = this.#shown?.found;
    return found === undefined ? this.#rows : this.#rows.filter(({ func }) => found[func] === 1);
  }

  #draw(): void {
    if (this.#shown === undefined) return;
    const { weight, whole } = this.#shown;
    const rows = this.#filtered();
    const shown = this.#all ? rows : rows.slice(0, SHORT);
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
        this.#order();
        this.#draw();
      });
      cell.append(button);
      row.append(cell);
    }
    for (const title of ['function', 'place']) row.append(element('th', title));
    return head;
  }
}

function ofThread({ functions }: PageThread, weight: Weight): FunctionRow[] {
  return functions.map(({ func, line, self, total }) => ({
    ...{ func, line, self: self[weight], total: total[weight] },
  }));
}

function ofWeighed(thread: PageThread, weighed: Weighed, weight: Weight): FunctionRow[] {
  const lines = new Map(thread.functions.map(({ func, line }) => [func, line]));
  const rows: FunctionRow[] = [];
  for (const [func, total] of weighed.functionTotal[weight].entries()) {
    if (!(total > 0)) continue;
    const self = weighed.functionSelf[weight][func] as number;
    rows.push({ func, line: lines.get(func) ?? 0, self, total });
  }
  return rows;
}
