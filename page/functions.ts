import type { PageData, PageThread } from '../lib/formats/page-types.js';
import { shortName, shortPath } from '../lib/formats/short-name.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId, element } from './dom.js';
import { amount, percent } from './units.js';

/** Characters of a name and of a place, which are whole where the mouse is. */
const NAME_WIDTH = 120;
const PLACE_WIDTH = 60;

/** Rows until all are asked for. */
const SHORT = 100;

type Key = 'self' | 'total';

/** The table of functions: sorted by one of two columns, filtered by the search. */
export class Functions {
  readonly #data: PageData;
  readonly #find: (name: string) => void;
  #shown: { thread: PageThread; weight: Weight; term: string } | undefined;
  #sort: Key = 'self';
  #all = false;

  /** `find` is called with the name of a function that was chosen. */
  constructor(data: PageData, find: (name: string) => void) {
    this.#data = data;
    this.#find = find;
    byId('more').addEventListener('click', () => {
      this.#all = true;
      this.#draw();
    });
  }

  show(thread: PageThread, weight: Weight, term: string): void {
    this.#shown = { thread, weight, term: term.toLowerCase() };
    this.#draw();
  }

  #draw(): void {
    if (this.#shown === undefined) return;
    const { thread, weight, term } = this.#shown;
    const whole = thread.functions.reduce((sum, { self }) => sum + self[weight], 0);
    const rows = thread.functions
      .map((row) => ({ ...row, ...this.#data.functions[row.func] }))
      .filter(({ name = '', file = '' }) => `${name}\n${file}`.toLowerCase().includes(term))
      .sort((a, b) => b[this.#sort][weight] - a[this.#sort][weight] || a.func - b.func);
    const shown = this.#all ? rows : rows.slice(0, SHORT);
    const body = element('tbody');
    for (const { name = '', file = '', module = '', line, self, total } of shown) {
      const row = body.insertRow();
      for (const value of [self[weight], total[weight]]) {
        row.append(element('td', amount(value, weight), 'number'));
        row.append(element('td', percent(value, whole), 'number'));
      }
      const button = element('button', shortName(name, NAME_WIDTH));
      button.type = 'button';
      button.title = name;
      button.addEventListener('click', () => this.#find(name));
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
    for (const title of ['function', 'place']) row.append(element('th', title));
    return head;
  }
}
