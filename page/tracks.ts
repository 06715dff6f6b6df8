import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { PageCounter, PageData, PageThread } from '../lib/formats/page-types.js';
import { byId, element } from './dom.js';
import { percent } from './units.js';
import type { Range } from './weighed.js';

/** Pixels. */
const HEIGHT = 56;
/** Points of the CPU's line. */
const POINTS = 500;
const MICROS_PER_MS = 1000;
/** The part of a selection, or of all, that a key moves it by. */
const STEP = 0.1;

/** Lines over the whole time, in which a range is selected by the mouse or by keys. */
export class Tracks {
  readonly #host = byId('tracks');
  readonly #data: PageData;
  readonly #select: (range: Range | undefined) => void;
  #plots: uPlot[] = [];
  #thread: PageThread | undefined;
  #range: Range | undefined;

  constructor(data: PageData, select: (range: Range | undefined) => void) {
    this.#data = data;
    this.#select = select;
    this.#host.tabIndex = 0;
    this.#host.role = 'application';
    this.#host.ariaLabel =
      'Selection of time: left and right move it, plus and minus narrow and widen it, Escape selects all';
    this.#host.addEventListener('keydown', (event) => this.#onKey(event));
  }

  show(thread: PageThread, range: Range | undefined): void {
    this.#range = range;
    if (thread !== this.#thread) {
      this.#thread = thread;
      this.#draw();
    }
    for (const plot of this.#plots) mark(plot, range);
  }

  resize(): void {
    const width = this.#host.clientWidth;
    for (const plot of this.#plots) {
      plot.setSize({ width, height: HEIGHT });
      mark(plot, this.#range);
    }
  }

  #draw(): void {
    for (const plot of this.#plots) plot.destroy();
    const thread = this.#thread as PageThread;
    // By fuel there is no CPU time.
    const own = this.#data.fuel === undefined ? cpuTrack(thread) : [];
    const counters = [...own, ...this.#data.counters];
    this.#host.replaceChildren();
    byId('track-section').hidden = counters.length === 0;
    this.#plots = counters.map((counter) => this.#plot(counter, whole(thread)));
  }

  #plot({ name, unit, points }: PageCounter, [from, to]: Range): uPlot {
    const highest = points.reduce((most, [, value]) => Math.max(most, value), 0);
    const text = `${name}: up to ${unit === 'share' ? percent(highest, 1) : numberOf(highest, unit)}`;
    const track = element('div', '', 'track');
    this.#host.append(track);
    track.append(element('p', text));
    const { color } = getComputedStyle(track);
    return new uPlot(
      {
        width: Math.max(200, this.#host.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        padding: [2, 0, 2, 0],
        scales: { x: { time: false, range: [from, to] }, y: { range: [0, highest || 1] } },
        axes: [{ show: false }, { show: false }],
        series: [
          {},
          {
            stroke: color,
            fill: `color-mix(in srgb, ${color} 20%, transparent)`,
            points: { show: false },
          },
        ],
        cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { show: false } },
        hooks: {
          setSelect: [
            (plot: uPlot) => {
              const { left, width } = plot.select;
              if (width > 0)
                this.#select([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
            },
          ],
        },
      },
      [points.map(([time]) => time), points.map(([, value]) => value)],
      track,
    );
  }

  #onKey(event: KeyboardEvent): void {
    if (this.#thread === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const [first, last] = whole(this.#thread);
    const [from, to] = this.#range ?? [first, last];
    const step = (to - from) * STEP;
    const moved = (by: number): Range => {
      const fits = Math.min(last - to, Math.max(first - from, by));
      return [from + fits, to + fits];
    };
    const changes: Record<string, () => Range> = {
      ArrowLeft: () => moved(-step),
      ArrowRight: () => moved(step),
      '+': () => [from + step, to - step],
      '-': () => [Math.max(first, from - step), Math.min(last, to + step)],
    };
    const change = changes[event.key];
    if (change === undefined) return;
    const range = change();
    this.#select(range[0] <= first && range[1] >= last ? undefined : range);
    event.preventDefault();
  }
}

/** All of a thread's time. */
export function whole({ startMs, durationMs, order }: PageThread): Range {
  return [Math.min(startMs, order?.startMs ?? startMs), startMs + durationMs];
}

/** Without an event, which would select again. */
function mark(plot: uPlot, range: Range | undefined): void {
  const height = plot.over.clientHeight;
  if (range === undefined) {
    plot.setSelect({ left: 0, top: 0, width: 0, height }, false);
    return;
  }
  const [left, right] = range.map((time) => plot.valToPos(time, 'x')) as [number, number];
  plot.setSelect({ left, top: 0, width: Math.max(1, right - left), height }, false);
}

/** How much of the time the thread had a processor. */
function cpuTrack({ order }: PageThread): PageCounter[] {
  if (order === undefined || order.took.length === 0) return [];
  const stretch = Math.ceil(order.took.length / POINTS);
  const points: [number, number][] = [];
  let micros = order.startMs * MICROS_PER_MS;
  for (let from = 0; from < order.took.length; from += stretch) {
    let [took, cpu] = [0, 0];
    for (let slice = from; slice < Math.min(from + stretch, order.took.length); slice++) {
      took += order.took[slice] as number;
      cpu += order.cpu[slice] as number;
    }
    const share = took > 0 ? Math.min(1, cpu / took) : 0;
    points.push([micros / MICROS_PER_MS, share], [(micros + took) / MICROS_PER_MS, share]);
    micros += took;
  }
  return [{ name: 'CPU', unit: 'share', points }];
}

function numberOf(value: number, unit: string): string {
  const number = value.toLocaleString('en-US', { maximumFractionDigits: 1 });
  return unit === 'number' ? number : `${number} ${unit.replace(/^number /, '')}`;
}
