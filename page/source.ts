import type { PageData, PageThread } from '../lib/formats/page-types.js';
import { shortPath } from '../lib/formats/short-name.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId, element } from './dom.js';
import { type LineWeight, lineWeights } from './line-weights.js';
import { amount, percent } from './units.js';
import type { Weighed } from './weighed.js';

/** Lines of a text around the hottest, and rows of a table, until all are asked for. */
const AROUND = 400;
const ROWS = 200;
const PATH_WIDTH = 100;

/** A function's source with what its lines weigh; without texts, a table of lines. */
export class Source {
  readonly #data: PageData;
  readonly #choose: (func: number) => void;
  #all = false;
  #again: () => void = () => undefined;

  constructor(data: PageData, choose: (func: number) => void) {
    this.#data = data;
    this.#choose = choose;
    byId('more-lines').addEventListener('click', () => {
      this.#all = true;
      this.#again();
    });
  }

  /** Of the file that the function `func` is in, or of all if it is −1. */
  show(thread: PageThread, weighed: Weighed, weight: Weight, func: number): void {
    this.#again = () => this.#show(thread, weighed, weight, func);
    this.#all = false;
    this.#again();
  }

  #show(thread: PageThread, weighed: Weighed, weight: Weight, func: number): void {
    const file = this.#data.functions[func]?.file ?? '';
    const text = this.#data.sources.find((source) => source.file === file && file !== '')?.text;
    const lines = lineWeights(this.#data, thread, weighed, weight, file === '' ? undefined : file);
    const whole = weighed.whole[weight];
    const table = byId('source');
    byId('more-lines').hidden = true;
    if (text !== undefined) {
      byId('source-title').textContent = shortPath(file, PATH_WIDTH);
      this.#showText(table, text.split('\n'), lines, weight, whole, this.#start(func, lines));
    } else if (lines.length > 0) {
      const what = file === '' ? 'All lines' : shortPath(file, PATH_WIDTH);
      byId('source-title').textContent = `${what}, by line: the profile has no text of it`;
      this.#showTable(table, lines, weight, whole);
    } else {
      const { name = '' } = this.#data.functions[func] ?? {};
      byId('source-title').textContent =
        `No lines of ${name === '' ? 'these functions' : name} are known: the module has no debug information. ` +
        'The commands annotate and view --wasm show its instructions';
      table.replaceChildren();
    }
  }

  /** The line to begin with: the function's hottest. */
  #start(func: number, lines: readonly LineWeight[]): number {
    const own = lines.find((line) => line.func === func) ?? lines[0];
    return own?.line ?? this.#data.functions[func]?.line ?? 1;
  }

  #showText(
    table: HTMLElement,
    texts: readonly string[],
    lines: readonly LineWeight[],
    weight: Weight,
    whole: number,
    start: number,
  ): void {
    const byLine = new Map(lines.map((line) => [line.line, line]));
    const most = lines.reduce((most, { self }) => Math.max(most, self), 0);
    const from = this.#all ? 0 : Math.max(0, start - AROUND);
    const to = this.#all ? texts.length : Math.min(texts.length, start + AROUND);
    const body = element('tbody');
    for (let at = from; at < to; at++) {
      const line = byLine.get(at + 1);
      const row = body.insertRow();
      addWeights(row, line, weight, whole);
      row.append(element('td', String(at + 1), 'number dim'));
      row.append(element('td', texts[at], 'code'));
      heat(row, line, most);
      if (at + 1 === start) row.id = 'hottest-line';
    }
    table.replaceChildren(head('line', 'source'), body);
    byId('more-lines').hidden = to - from === texts.length;
    byId('more-lines').textContent = `Show all ${texts.length.toLocaleString('en-US')} lines`;
    // Within its own box: the page itself stays where it is.
    const box = table.parentElement as HTMLElement;
    const row = document.getElementById('hottest-line');
    box.scrollTop = row === null ? 0 : row.offsetTop - box.clientHeight / 2;
  }

  #showTable(
    table: HTMLElement,
    lines: readonly LineWeight[],
    weight: Weight,
    whole: number,
  ): void {
    const most = lines[0]?.self ?? 0;
    const body = element('tbody');
    for (const line of this.#all ? lines : lines.slice(0, ROWS)) {
      const row = body.insertRow();
      addWeights(row, line, weight, whole);
      row.append(element('td', `${shortPath(line.file, PATH_WIDTH)}:${line.line}`));
      const button = element('button', this.#data.functions[line.func]?.name);
      button.type = 'button';
      button.addEventListener('click', () => this.#choose(line.func));
      row.insertCell().append(button);
      heat(row, line, most);
    }
    table.replaceChildren(head('place', 'function'), body);
    byId('more-lines').hidden = this.#all || lines.length <= ROWS;
    byId('more-lines').textContent = `Show all ${lines.length.toLocaleString('en-US')} lines`;
  }
}

function addWeights(
  row: HTMLTableRowElement,
  line: LineWeight | undefined,
  weight: Weight,
  whole: number,
): void {
  for (const value of [line?.self ?? 0, line?.total ?? 0]) {
    row.append(element('td', value > 0 ? amount(value, weight) : '', 'number'));
    row.append(element('td', value > 0 ? percent(value, whole) : '', 'number'));
  }
}

function head(...titles: readonly string[]): HTMLElement {
  const made = element('thead');
  const row = made.insertRow();
  for (const title of ['self', 'total']) {
    const cell = element('th', title, 'number');
    cell.colSpan = 2;
    row.append(cell);
  }
  for (const title of titles) row.append(element('th', title));
  return made;
}

/** The hotter, the stronger: text stays as dark. */
function heat(row: HTMLElement, line: LineWeight | undefined, most: number): void {
  if (line === undefined || !(line.self > 0)) return;
  row.classList.add('hot');
  row.style.setProperty('--heat', `${Math.round((35 * line.self) / most) + 5}%`);
}
