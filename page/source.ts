import type { PageCode, PageData, PageThread } from '../lib/formats/page-types.js';
import { shortPath } from '../lib/formats/short-name.js';
import { type CodeLine, labelled } from '../lib/profile/code-text.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId, element } from './dom.js';
import { type LinesOf, type LineWeight, lineWeights } from './line-weights.js';
import { amount, percent } from './units.js';
import type { Weighed } from './weighed.js';

/** Lines of a text around the hottest, and rows of a table, until all are asked for. */
const AROUND = 400;
const ROWS = 200;
const PATH_WIDTH = 100;

/** A line of source, or of a function's instructions. */
type TextLine = Pick<CodeLine, 'line' | 'text'> & Partial<CodeLine>;

/** A function's source with what its lines weigh; without texts a table of lines, else its instructions. */
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
    const { functions, sources } = this.#data;
    const file = functions[func]?.file ?? '';
    const linesOf = (only: LinesOf) => lineWeights(this.#data, thread, weighed, weight, only);
    const whole = weighed.whole[weight];
    const title = byId('source-title');
    const table = byId('source');
    byId('more-lines').hidden = true;
    const text = sources.find((source) => source.file === file && file !== '')?.text;
    const lines = linesOf(file === '' ? undefined : { file });
    const code = this.#codeOf(func, file === '' && lines.length > 0, weighed, weight);
    if (text !== undefined) {
      title.textContent = shortPath(file, PATH_WIDTH);
      const shown = text.split('\n').map((text, at) => ({ line: at + 1, text }));
      this.#showText(table, shown, lines, { weight, whole, start: this.#start(func, lines) });
    } else if (lines.length > 0 && (file !== '' || code === undefined)) {
      const what = file === '' ? 'All lines' : shortPath(file, PATH_WIDTH);
      title.textContent = `${what}, by line: the profile has no text of it`;
      this.#showTable(table, lines, weight, whole);
    } else if (code !== undefined) {
      const { name = '' } = functions[code.func] ?? {};
      title.textContent = `${name}, its instructions: the module has no debug information`;
      const lines = linesOf({ code: code.func });
      const start = lines[0]?.line ?? 1;
      this.#showText(table, code.lines, lines, { weight, whole, start });
    } else {
      const { name = '' } = functions[func] ?? {};
      title.textContent =
        `No lines of ${name === '' ? 'these functions' : name} are known: the module has no debug information. ` +
        'view --offline --wasm FILE shows its instructions here, and annotate in the terminal';
      table.replaceChildren();
    }
  }

  /** The function's text, or that of the hottest function if none is chosen and no function has lines. */
  #codeOf(func: number, hasLines: boolean, weighed: Weighed, weight: Weight): PageCode | undefined {
    const { codes } = this.#data;
    if (func >= 0) return codes.find((code) => code.func === func);
    if (hasLines) return undefined;
    const self = weighed.functionSelf[weight];
    const selfOf = (code: PageCode | undefined) => self[code?.func ?? -1] ?? -1;
    return codes.reduce<PageCode | undefined>(
      (hottest, code) => (selfOf(code) > selfOf(hottest) ? code : hottest),
      undefined,
    );
  }

  /** The line to begin with: the function's hottest. */
  #start(func: number, lines: readonly LineWeight[]): number {
    const own = lines.find((line) => line.func === func) ?? lines[0];
    return own?.line ?? this.#data.functions[func]?.line ?? 1;
  }

  #showText(
    table: HTMLElement,
    texts: readonly TextLine[],
    lines: readonly LineWeight[],
    { weight, whole, start }: { weight: Weight; whole: number; start: number },
  ): void {
    const byLine = new Map(lines.map((line) => [line.line, line]));
    const most = lines.reduce((most, { self }) => Math.max(most, self), 0);
    const begin = Math.max(
      0,
      texts.findIndex(({ line }) => line >= start),
    );
    const from = this.#all ? 0 : Math.max(0, begin - AROUND);
    const to = this.#all ? texts.length : Math.min(texts.length, begin + AROUND);
    const body = element('tbody');
    for (let at = from; at < to; at++) {
      const { line, wasmOffset, text, label } = texts[at] as TextLine;
      if (at > from && line > (texts[at - 1] as TextLine).line + 1) addGap(body);
      const weights = byLine.get(line);
      const row = body.insertRow();
      addWeights(row, weights, weight, whole);
      const number = wasmOffset === undefined ? String(line) : `0x${wasmOffset.toString(16)}`;
      row.append(element('td', number, 'number dim'));
      // Code that belongs to no instruction is told as such where samples are of it.
      const shown = labelled(text, (weights?.self ?? 0) > 0 ? label : undefined);
      row.append(element('td', shown, 'code'));
      heat(row, weights, most);
      if (line === start) row.id = 'hottest-line';
    }
    const isCode = texts[0]?.wasmOffset !== undefined;
    table.replaceChildren(head(...(isCode ? ['offset', 'instruction'] : ['line', 'source'])), body);
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
    table.replaceChildren(head('line', 'function'), body);
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

/** Where lines are left out. */
function addGap(body: HTMLTableSectionElement): void {
  const cell = body.insertRow().insertCell();
  cell.colSpan = 6;
  cell.textContent = '…';
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
