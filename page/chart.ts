import type { PageData } from '../lib/formats/page-types.js';
import type { Box, Growth } from './boxes.js';
import { Canvas, type Drawn, NARROWEST } from './canvas.js';
import { colorNamed, FOUND, NOISE, shade, strongest } from './colors.js';
import { byId } from './dom.js';
import { boxFacts, boxLine } from './facts.js';
import { hideTooltip, showTooltip } from './tooltip.js';

/** What a chart tells of. */
export interface ChartEvents {
  /** A function was chosen, or with `sandwich`, is to be seen with its callers and callees. */
  choose(func: number, sandwich: boolean): void;
}

/** Boxes upon boxes, each as wide as its weight, and the keys and clicks that they listen to. */
export class Chart {
  readonly #data: PageData;
  readonly #canvas: Canvas;
  readonly #events: ChartEvents;
  /** Whether the root is the lowest row. */
  readonly #upwards: boolean;
  #growth: Growth | undefined;
  /** The part that fills the width, in the unit of weights. */
  #window: readonly [from: number, to: number] = [0, 1];
  #chosen: Box | undefined;
  #found: Uint8Array | undefined;
  #boxes: Box[] = [];

  constructor(data: PageData, id: string, label: string, events: ChartEvents, upwards = false) {
    this.#data = data;
    this.#events = events;
    this.#upwards = upwards;
    const host = byId(id);
    this.#canvas = new Canvas(host, () => this.#drawn());
    // It takes the arrow keys for itself, which screen readers pass on to applications alone.
    host.tabIndex = 0;
    host.role = 'application';
    host.ariaLabel = `${label}: arrow keys move, Enter zooms, s shows callers and callees, Escape resets`;
    host.addEventListener('keydown', (event) => this.#onKey(event));
    host.addEventListener('mousemove', (event) => this.#onMove(event));
    host.addEventListener('mouseleave', hideTooltip);
    host.addEventListener('click', (event) => {
      const box = this.#at(event);
      if (box === undefined) return;
      this.#choose(box);
      if (event.shiftKey && box.func >= 0) this.#events.choose(box.func, true);
      else this.#zoom(box);
    });
    host.addEventListener('contextmenu', (event) => {
      const box = this.#at(event);
      if (box === undefined || box.func < 0) return;
      event.preventDefault();
      this.#events.choose(box.func, true);
    });
  }

  /** `found` has 1 for each function that the search is for. */
  show(growth: Growth, found: Uint8Array | undefined): void {
    hideTooltip();
    const isSame = this.#growth === growth;
    this.#growth = growth;
    this.#found = found;
    if (!isSame) {
      this.#chosen = undefined;
      this.#window = [0, growth.root.value];
    }
    this.#layOut();
    if (!isSame && this.#upwards) this.#canvas.element.scrollTop = Number.MAX_SAFE_INTEGER;
  }

  reset(): void {
    if (this.#growth === undefined) return;
    this.#chosen = undefined;
    this.#zoom(this.#growth.root);
  }

  resize(): void {
    if (this.#growth !== undefined) this.#layOut();
  }

  #zoom(box: Box): void {
    this.#window = [box.start, box.start + box.value];
    this.#layOut();
    this.#canvas.show(this.#row(box));
  }

  /** Finds the boxes that can be seen, down to the narrowest. */
  #layOut(): void {
    const growth = this.#growth as Growth;
    const scale = this.#scale;
    const [from, to] = this.#window;
    const todo = [growth.root];
    this.#boxes = [];
    for (let box = todo.pop(); box !== undefined; box = todo.pop()) {
      if (box !== growth.root && box.value * scale < NARROWEST) continue;
      if (box.start >= to || box.start + box.value <= from) continue;
      this.#boxes.push(box);
      for (const child of growth.grow(box)) todo.push(child);
    }
    this.#canvas.rows = this.#boxes.reduce((most, { depth }) => Math.max(most, depth), 0) + 1;
    this.#canvas.redraw();
  }

  get #scale(): number {
    const [from, to] = this.#window;
    return this.#canvas.width / (to - from || 1);
  }

  *#drawn(): Generator<Drawn> {
    const [first, last] = this.#canvas.seen;
    const scale = this.#scale;
    for (const box of this.#boxes) {
      const row = this.#row(box);
      if (row < first || row >= last) continue;
      const isFound = box.func >= 0 && this.#found?.[box.func] === 1;
      yield {
        x: (box.start - this.#window[0]) * scale,
        width: box.value * scale,
        row,
        color: isFound ? FOUND : this.#color(box),
        text: box.func < 0 ? 'all' : (this.#data.functions[box.func]?.name ?? ''),
        isChosen: box === this.#chosen,
        isFound,
      };
    }
  }

  #row({ depth }: Box): number {
    return this.#upwards ? this.#canvas.rows - 1 - depth : depth;
  }

  #color(box: Box): string {
    const { root, weighed } = this.#growth as Growth;
    const { before, noise } = weighed;
    if (before === undefined || noise === undefined) {
      const { color } = this.#data.categories[box.category] ?? {};
      return box.func < 0 ? NOISE : colorNamed(color);
    }
    if (box.origins.every((node) => noise[node] === 1)) return NOISE;
    const was = ({ origins }: Box) => origins.reduce((sum, node) => sum + (before[node] ?? 0), 0);
    return shade(box.value - was(box), strongest(root.value, was(root)));
  }

  #at(event: MouseEvent): Box | undefined {
    const { x, row } = this.#canvas.at(event);
    const value = this.#window[0] + x / this.#scale;
    // Narrow boxes lie behind wide ones that begin in the same pixel.
    return this.#boxes.find(
      (box) => this.#row(box) === row && value >= box.start && value < box.start + box.value,
    );
  }

  #onMove(event: MouseEvent): void {
    const box = this.#at(event);
    if (box === undefined) hideTooltip();
    else showTooltip(event, boxFacts(this.#data, this.#growth as Growth, box));
  }

  #onKey(event: KeyboardEvent): void {
    const growth = this.#growth;
    if (growth === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = this.#chosen ?? growth.root;
    const [inwards, outwards] = this.#upwards ? ['ArrowUp', 'ArrowDown'] : ['ArrowDown', 'ArrowUp'];
    const beside = (step: number): Box | undefined => {
      const all = box.parent === undefined ? [box] : growth.grow(box.parent);
      return all[all.indexOf(box) + step];
    };
    const moves: Record<string, () => Box | undefined> = {
      [inwards]: () => growth.grow(box)[0],
      [outwards]: () => box.parent,
      ArrowLeft: () => beside(-1),
      ArrowRight: () => beside(1),
      Home: () => growth.root,
    };
    if (event.key === 'Enter') this.#zoom(box);
    else if (event.key === 's' && box.func >= 0) this.#events.choose(box.func, true);
    else if (event.key in moves) this.#choose(moves[event.key]?.() ?? box);
    else return;
    event.preventDefault();
  }

  #choose(box: Box): void {
    const growth = this.#growth as Growth;
    this.#chosen = box;
    byId('details').textContent = boxLine(this.#data, growth, box);
    const [from, to] = this.#window;
    // What was too far away or too narrow to be seen is chosen by keys.
    const isSeen = box.start < to && box.start + box.value > from;
    if (!isSeen) this.#window = [0, growth.root.value];
    this.#layOut();
    this.#canvas.show(this.#row(box));
    if (box.func >= 0) this.#events.choose(box.func, false);
  }
}
