import { element } from './dom.js';

/** Pixels of a row of boxes. */
export const ROW = 20;
/** Narrower boxes can't be seen. */
export const NARROWEST = 0.5;
/** Narrower ones have no text. */
const TEXT_FROM = 24;
const PADDING = 3;

/** What is drawn: a box in pixels of the element, the first row at 0. */
export interface Drawn {
  readonly x: number;
  readonly width: number;
  readonly row: number;
  readonly color: string;
  readonly text: string;
  readonly isChosen: boolean;
  readonly isFound: boolean;
}

/** A canvas as large as what is seen of it, in an element that scrolls: charts may be 1,000 rows high. */
export class Canvas {
  readonly element: HTMLElement;
  readonly #canvas = element('canvas');
  readonly #spacer = element('div', '', 'spacer');
  readonly #draw: () => Iterable<Drawn>;
  readonly #widths = new Map<string, number>();
  #rows = 1;
  #isDue = false;

  /** `draw` yields the boxes of the rows that are seen, see {@link seen}. */
  constructor(host: HTMLElement, draw: () => Iterable<Drawn>) {
    this.element = host;
    this.#draw = draw;
    host.classList.add('chart');
    this.#canvas.setAttribute('aria-hidden', 'true');
    this.#spacer.append(this.#canvas);
    host.replaceChildren(this.#spacer);
    host.addEventListener('scroll', () => this.redraw());
  }

  get width(): number {
    return this.element.clientWidth;
  }

  /** The first row that is seen, and the one after the last. */
  get seen(): readonly [from: number, to: number] {
    const { scrollTop, clientHeight } = this.element;
    return [Math.floor(scrollTop / ROW), Math.ceil((scrollTop + clientHeight) / ROW)];
  }

  set rows(rows: number) {
    this.#rows = Math.max(1, rows);
    this.#spacer.style.height = `${this.#rows * ROW}px`;
  }

  get rows(): number {
    return this.#rows;
  }

  /** A point of an event, in pixels of the chart. */
  at(event: MouseEvent): { readonly x: number; readonly row: number } {
    const { left, top } = this.element.getBoundingClientRect();
    const { clientLeft, clientTop, scrollTop } = this.element;
    return {
      x: event.clientX - left - clientLeft,
      row: Math.floor((event.clientY - top - clientTop + scrollTop) / ROW),
    };
  }

  show(row: number): void {
    const { scrollTop, clientHeight } = this.element;
    const top = row * ROW;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight)
      this.element.scrollTop = top + ROW - clientHeight;
  }

  /** Draws with the next frame, once however often it was asked. */
  redraw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#paint();
    });
  }

  #paint(): void {
    const { clientWidth: width, clientHeight: height, scrollTop } = this.element;
    const ratio = window.devicePixelRatio || 1;
    const canvas = this.#canvas;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext('2d');
    if (context === null || width === 0) return;
    const { color } = getComputedStyle(this.element);
    context.scale(ratio, ratio);
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    const chosen: Drawn[] = [];
    for (const box of this.#draw()) {
      const y = box.row * ROW - scrollTop;
      context.fillStyle = box.color;
      context.fillRect(box.x, y, Math.max(NARROWEST, box.width - 0.5), ROW - 1);
      this.#write(context, box, y, width);
      if (box.isChosen) chosen.push(box);
    }
    context.lineWidth = 2.5;
    context.strokeStyle = color;
    for (const { x, row, width } of chosen) {
      context.strokeRect(x + 1, row * ROW - scrollTop + 1, Math.max(1, width - 2.5), ROW - 3);
    }
  }

  #write(context: CanvasRenderingContext2D, box: Drawn, y: number, width: number): void {
    const from = Math.max(0, box.x) + PADDING;
    const room = Math.min(width, box.x + box.width) - from - PADDING;
    if (room < TEXT_FROM) return;
    context.fillStyle = box.isFound ? '#fff' : '#15141a';
    context.fillText(this.#fitting(context, box.text, room), from, y + ROW / 2);
  }

  /** As much of a text as there is room for. */
  #fitting(context: CanvasRenderingContext2D, text: string, room: number): string {
    const widthOf = (part: string) => {
      const known = this.#widths.get(part);
      if (known !== undefined) return known;
      if (this.#widths.size > 20_000) this.#widths.clear();
      const { width } = context.measureText(part);
      this.#widths.set(part, width);
      return width;
    };
    const whole = widthOf(text);
    if (whole <= room) return text;
    const length = Math.floor((text.length * room) / whole) - 1;
    return length < 2 ? '' : `${text.slice(0, length)}…`;
  }
}
