import type { PageData, PageThread } from '../lib/formats/page-types.js';
import { Canvas, type Drawn, NARROWEST } from './canvas.js';
import type { ChartEvents } from './chart.js';
import { colorNamed, FOUND } from './colors.js';
import { byId } from './dom.js';
import { functionFacts } from './facts.js';
import { firstAfter, type Level, timeBoxes } from './time-boxes.js';
import { hideTooltip, showTooltip } from './tooltip.js';
import { milliseconds } from './units.js';
import type { Range, Weighed } from './weighed.js';

/** A box: its depth and its place in the order of time. */
interface Place {
  readonly depth: number;
  readonly at: number;
}

/** Between two times of the axis, times a power of ten. */
const AXIS_STEPS = [1, 2, 5];
/** A drag of fewer pixels is a click. */
const CLICK = 4;

/** A stack chart: callers above those they call, from left to right as it was. */
export class TimeChart {
  readonly #data: PageData;
  readonly #canvas: Canvas;
  readonly #events: ChartEvents & { select(range: Range | undefined): void };
  #levels: Level[] = [];
  #key: unknown[] = [];
  #weighed: Weighed | undefined;
  #range: Range = [0, 1];
  #found: Uint8Array | undefined;
  #chosen: Place | undefined;
  #drag: { readonly x: number; now: number } | undefined;

  constructor(data: PageData, events: ChartEvents & { select(range: Range | undefined): void }) {
    this.#data = data;
    this.#events = events;
    const host = byId('time');
    this.#canvas = new Canvas(host, () => this.#drawn());
    host.tabIndex = 0;
    host.role = 'application';
    host.ariaLabel =
      'Time order: arrow keys move, Enter selects the time of a box, s shows callers and callees, Escape selects all';
    host.addEventListener('keydown', (event) => this.#onKey(event));
    host.addEventListener('mousemove', (event) => this.#onMove(event));
    host.addEventListener('mouseleave', hideTooltip);
    host.addEventListener('mousedown', (event) => {
      if (event.button !== 0) return;
      const { x } = this.#canvas.at(event);
      this.#drag = { x, now: x };
    });
    window.addEventListener('mouseup', (event) => this.#onUp(event));
    host.addEventListener('dblclick', (event) => {
      const place = this.#at(event);
      if (place !== undefined) this.#select(place);
    });
    host.addEventListener('contextmenu', (event) => {
      const place = this.#at(event);
      if (place === undefined) return;
      event.preventDefault();
      this.#events.choose(this.#func(place), true);
    });
  }

  show(
    thread: PageThread,
    weighed: Weighed,
    hidden: ReadonlySet<number>,
    range: Range,
    found: Uint8Array | undefined,
  ): void {
    hideTooltip();
    const key = [thread, weighed.shape, [...hidden].join()];
    if (key.some((part, i) => part !== this.#key[i])) {
      this.#levels = timeBoxes(thread, weighed.shape, hidden);
      this.#chosen = undefined;
      this.#key = key;
    }
    this.#weighed = weighed;
    this.#range = range;
    this.#found = found;
    this.#canvas.rows = this.#levels.length + 1;
    this.#canvas.redraw();
  }

  resize(): void {
    this.#canvas.redraw();
  }

  get #scale(): number {
    const [from, to] = this.#range;
    return this.#canvas.width / (to - from || 1);
  }

  #func({ depth, at }: Place): number {
    return this.#weighed?.shape.func[this.#levels[depth]?.node[at] ?? -1] ?? -1;
  }

  *#drawn(): Generator<Drawn> {
    yield* this.#axis();
    const [first, last] = this.#canvas.seen;
    const [from, to] = this.#range;
    const scale = this.#scale;
    for (let depth = Math.max(0, first - 1); depth < Math.min(this.#levels.length, last); depth++) {
      const level = this.#levels[depth] as Level;
      // Boxes of one pixel are one, or a million of them would be drawn.
      for (let at = firstAfter(level, from); at < level.node.length; ) {
        const begin = level.from[at] as number;
        if (begin >= to) break;
        const end = level.to[at] as number;
        yield this.#box({ depth, at }, (begin - from) * scale, (end - begin) * scale);
        const isNarrow = (end - begin) * scale < NARROWEST;
        at = isNarrow ? Math.max(at + 1, firstAfter(level, begin + 1 / scale)) : at + 1;
      }
    }
    if (this.#drag !== undefined) yield* this.#dragged(this.#drag);
  }

  #box(place: Place, x: number, width: number): Drawn {
    const { shape } = this.#weighed as Weighed;
    const node = (this.#levels[place.depth] as Level).node[place.at] as number;
    const func = shape.func[node] as number;
    const isFound = this.#found?.[func] === 1;
    const { color } = this.#data.categories[shape.category[node] as number] ?? {};
    return {
      ...{ x, width, row: place.depth + 1, isFound },
      color: isFound ? FOUND : colorNamed(color),
      text: this.#data.functions[func]?.name ?? '',
      isChosen: place.depth === this.#chosen?.depth && place.at === this.#chosen.at,
    };
  }

  /** Times along the first row. */
  *#axis(): Generator<Drawn> {
    const [from, to] = this.#range;
    const room = Math.max(1, Math.floor(this.#canvas.width / 90));
    const raw = (to - from) / room;
    const power = 10 ** Math.floor(Math.log10(raw || 1));
    const step = (AXIS_STEPS.find((factor) => factor * power >= raw) ?? 10) * power;
    for (let time = Math.ceil(from / step) * step; time < to && step > 0; time += step) {
      const x = (time - from) * this.#scale;
      const text = milliseconds(time);
      yield { x, width: 88, row: 0, color: '#e8e8ee', text, isChosen: false, isFound: false };
    }
  }

  *#dragged({ x, now }: { readonly x: number; readonly now: number }): Generator<Drawn> {
    const rest = { text: '', isChosen: true, isFound: false, color: 'rgb(0 96 223 / 25%)' };
    const [first, last] = this.#canvas.seen;
    const width = Math.abs(now - x);
    for (let row = first; row < last; row++) yield { x: Math.min(x, now), width, row, ...rest };
  }

  #at(event: MouseEvent): Place | undefined {
    const { x, row } = this.#canvas.at(event);
    const time = this.#range[0] + x / this.#scale;
    const level = this.#levels[row - 1];
    if (level === undefined) return undefined;
    const at = firstAfter(level, time);
    return (level.from[at] ?? Infinity) <= time ? { depth: row - 1, at } : undefined;
  }

  #onMove(event: MouseEvent): void {
    if (this.#drag !== undefined) {
      this.#drag.now = this.#canvas.at(event).x;
      this.#canvas.redraw();
      return;
    }
    const place = this.#at(event);
    if (place === undefined) hideTooltip();
    else showTooltip(event, this.#facts(place));
  }

  #onUp(event: MouseEvent): void {
    const drag = this.#drag;
    if (drag === undefined) return;
    this.#drag = undefined;
    const { x } = this.#canvas.at(event);
    if (Math.abs(x - drag.x) >= CLICK) {
      const time = (at: number) =>
        this.#range[0] + Math.min(this.#canvas.width, Math.max(0, at)) / this.#scale;
      this.#events.select([time(Math.min(x, drag.x)), time(Math.max(x, drag.x))]);
      return;
    }
    const place = this.#at(event);
    if (place === undefined) return;
    this.#choose(place);
    if (event.shiftKey) this.#events.choose(this.#func(place), true);
  }

  #facts(place: Place): string[] {
    const { from, to } = this.#levels[place.depth] as Level;
    const [begin, end] = [from[place.at] as number, to[place.at] as number];
    const func = this.#func(place);
    return [
      this.#data.functions[func]?.name ?? '',
      `${milliseconds(end - begin)}, from ${milliseconds(begin)} to ${milliseconds(end)}`,
      ...functionFacts(this.#data, this.#weighed as Weighed, 'samples', func),
    ];
  }

  #select({ depth, at }: Place): void {
    const { from, to } = this.#levels[depth] as Level;
    this.#events.select([from[at] as number, to[at] as number]);
  }

  #choose(place: Place): void {
    this.#chosen = place;
    byId('details').textContent = this.#facts(place).slice(0, 2).join('  ');
    this.#canvas.show(place.depth + 1);
    this.#canvas.redraw();
    this.#events.choose(this.#func(place), false);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [first] = this.#levels;
    if (first === undefined || first.node.length === 0) return;
    const place = this.#chosen ?? { depth: 0, at: firstAfter(first, this.#range[0]) };
    const level = this.#levels[place.depth] as Level;
    const begin = level.from[place.at] as number;
    const under = (depth: number): Place => {
      const other = this.#levels[depth];
      if (other === undefined) return place;
      const at = firstAfter(other, begin);
      const isUnder = (other.from[at] ?? Infinity) < (level.to[place.at] as number);
      return isUnder ? { depth, at } : place;
    };
    const beside = (at: number): Place =>
      at >= 0 && at < level.node.length ? { depth: place.depth, at } : place;
    const moves: Record<string, () => Place> = {
      ArrowDown: () => (this.#chosen === undefined ? place : under(place.depth + 1)),
      ArrowUp: () => under(place.depth - 1),
      ArrowLeft: () => beside(place.at - 1),
      ArrowRight: () => beside(place.at + 1),
    };
    if (event.key === 'Enter') this.#select(place);
    else if (event.key === 's') this.#events.choose(this.#func(place), true);
    else if (event.key in moves) this.#choose(moves[event.key]?.() ?? place);
    else return;
    event.preventDefault();
  }
}
