import type { PageData, PageThread } from '../lib/formats/page-types.js';
import { calleesOf, callersOf, type Growth, inverted, leftHeavy } from './boxes.js';
import { Chart } from './chart.js';
import { Controls } from './controls.js';
import { copy, folded, markdown } from './copy.js';
import { byId } from './dom.js';
import { functionFacts } from './facts.js';
import { Functions } from './functions.js';
import { showHostCalls } from './host-calls.js';
import { showChanges, showLegend } from './legend.js';
import { Search } from './search.js';
import { Shape } from './shape.js';
import { Source } from './source.js';
import { fromHash, type State, toHash } from './state.js';
import { Tabs } from './tabs.js';
import { TimeChart } from './time-chart.js';
import { Tracks, whole } from './tracks.js';
import { milliseconds } from './units.js';
import { type Range, type Weighed, weigh } from './weighed.js';

/** Functions in what is copied as Markdown. */
const COPIED = 30;
/** Without another change for so long, the address tells of it: browsers take few changes in a second. */
const TELL_MS = 200;

/** The page: one state, and what shows it. */
export class App {
  readonly #data: PageData;
  #state: State;
  readonly #search: Search;
  readonly #controls: Controls;
  readonly #tabs = new Tabs((view) => this.#change({ view }));
  readonly #flame: Chart;
  readonly #callers: Chart;
  readonly #callees: Chart;
  readonly #time: TimeChart;
  readonly #tracks: Tracks;
  readonly #functions: Functions;
  readonly #source: Source;
  /** What was made of a state is made again only for another. */
  readonly #made = new Map<string, { readonly of: readonly unknown[]; readonly value: unknown }>();

  #telling: ReturnType<typeof setTimeout> | undefined;
  /** What stands behind the `#` as far as the page knows: what it has shown, or written itself. */
  #known = location.hash;

  constructor(data: PageData) {
    this.#data = data;
    this.#state = this.#fromAddress();
    this.#search = new Search(data);
    const choose = (func: number, sandwich: boolean): void =>
      this.#change(sandwich ? { func, view: 'sandwich' } : { func });
    const select = (range: Range | undefined): void => this.#change({ range });
    const sandwich = (func: number): void => {
      choose(func, true);
      // The table that it was chosen in may be far below.
      byId('views').scrollIntoView({ block: 'nearest' });
    };
    this.#flame = new Chart(data, 'flame', 'Left heavy', { choose });
    this.#callers = new Chart(data, 'callers', 'Callers', { choose }, true);
    this.#callees = new Chart(data, 'callees', 'Callees', { choose });
    this.#time = new TimeChart(data, { choose, select });
    this.#tracks = new Tracks(data, select);
    this.#functions = new Functions(data, sandwich);
    this.#source = new Source(data, sandwich);
    this.#controls = new Controls(data, {
      change: (changed) => this.#change(changed),
      reset: () => this.#reset(),
      copyMarkdown: () => void this.#copyMarkdown(),
      copyFolded: () => void this.#copyFolded(),
    });
  }

  /** Shows what the address says. */
  start(): void {
    const { name, compared } = this.#data;
    const title = compared === undefined ? name : `${compared.name} → ${name}`;
    document.title = `Profile of ${title}`;
    byId('title').textContent = title;
    // What scrolls sideways is reached by keys, too.
    for (const box of document.querySelectorAll<HTMLElement>('.scroll')) box.tabIndex = 0;
    let width = window.innerWidth;
    window.addEventListener('resize', () => {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      for (const part of this.#sized) part.resize();
    });
    window.addEventListener('hashchange', () => {
      // The user may have gone on since the page wrote its own.
      if (location.hash === this.#known) return;
      this.#known = location.hash;
      this.#state = this.#fromAddress();
      this.#show();
    });
    this.#show();
  }

  get #sized() {
    return [this.#flame, this.#callers, this.#callees, this.#time, this.#tracks];
  }

  #fromAddress(): State {
    const { threads, functions, compared } = this.#data;
    return fromHash(location.hash, compared?.weight ?? 'samples', {
      threads: threads.length,
      functions: functions.length,
    });
  }

  #change(changed: Partial<State>): void {
    const { thread, range } = { ...this.#state, ...changed };
    Object.assign(this.#state, changed);
    // Another thread has another time.
    if (changed.thread !== undefined) this.#state.range = undefined;
    else this.#state.range = this.#fitting(thread, range);
    this.#show();
  }

  /** A range within the thread's time. */
  #fitting(thread: number, range: Range | undefined): Range | undefined {
    const shown = this.#data.threads[thread];
    if (range === undefined || shown === undefined) return undefined;
    const [first, last] = whole(shown);
    const [from, to] = [Math.max(first, range[0]), Math.min(last, range[1])];
    return from < to && (from > first || to < last) ? [from, to] : undefined;
  }

  #reset(): void {
    byId('details').textContent = '';
    for (const chart of [this.#flame, this.#callers, this.#callees]) chart.reset();
    this.#change({ search: '', range: undefined });
  }

  #show(): void {
    const state = this.#state;
    const thread = this.#data.threads[state.thread];
    if (thread === undefined) return;
    this.#controls.show(state, thread);
    this.#tabs.show(state.view);
    const weighed = this.#weighed(thread);
    const found = this.#search.find(state.search);
    this.#once('facts', [thread, state.range?.join()], () => this.#facts(thread));
    this.#once('legend', [thread, ...state.hidden, state.weight], () => this.#legend(thread));
    this.#once('host', [thread], () => showHostCalls(thread));
    if (thread.order !== undefined) this.#tracks.show(thread, state.range);
    const isAll = state.range === undefined && state.hidden.size === 0 && state.module === '';
    this.#once('functions', [weighed, state.weight, state.search], () =>
      this.#functions.show(thread, weighed, state.weight, isAll, found),
    );
    this.#views[state.view](thread, weighed, found);
    this.#once('search', [weighed, state.weight, state.search], () =>
      this.#search.tell(weighed, state.weight),
    );
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      // The address has been changed, which the page is about to hear of.
      if (location.hash !== this.#known) return;
      const hash = toHash(this.#state);
      if (location.hash.slice(1) === hash) return;
      this.#known = hash && `#${hash}`;
      location.replace(`#${hash}`);
    }, TELL_MS);
  }

  readonly #views = {
    flame: (_: PageThread, weighed: Weighed, found: Uint8Array | undefined): void => {
      const { invert, weight } = this.#state;
      const grow = invert ? inverted : leftHeavy;
      const growth = this.#once('flame', [weighed, weight, invert], () => grow(weighed, weight));
      this.#flame.show(growth, found);
    },
    time: (thread: PageThread, weighed: Weighed, found: Uint8Array | undefined): void => {
      const { hidden, range } = this.#state;
      this.#time.show(thread, weighed, hidden, range ?? whole(thread), found);
    },
    sandwich: (_: PageThread, weighed: Weighed, found: Uint8Array | undefined): void => {
      const { weight } = this.#state;
      const func = this.#func();
      const grow = (name: string, of: typeof callersOf): Growth =>
        this.#once(name, [weighed, weight, func], () => of(weighed, weight, func));
      this.#callers.show(grow('callers', callersOf), found);
      this.#callees.show(grow('callees', calleesOf), found);
      byId('sandwich-name').textContent = this.#data.functions[func]?.name ?? '';
      byId('sandwich-facts').textContent = functionFacts(this.#data, weighed, weight, func).join(
        '; ',
      );
    },
    source: (thread: PageThread, weighed: Weighed): void => {
      const { weight } = this.#state;
      const func = this.#state.func;
      this.#once('source', [weighed, weight, func], () =>
        this.#source.show(thread, weighed, weight, func),
      );
    },
  };

  /** The function chosen, or else the hottest. */
  #func(): number {
    return this.#state.func >= 0 ? this.#state.func : (this.#functions.top(1)[0]?.func ?? 0);
  }

  #weighed(thread: PageThread): Weighed {
    const { module, range, hidden } = this.#state;
    const shape = this.#once(
      'shape',
      [thread, module],
      () => new Shape(this.#data, thread, module),
    );
    return this.#once('weighed', [shape, range?.join(), ...hidden], () =>
      weigh(this.#data, thread, shape, { range, hidden }),
    );
  }

  /** Makes something when it is first asked for or what it is made of has changed. */
  #once<T>(name: string, of: readonly unknown[], make: () => T): T {
    const known = this.#made.get(name);
    if (known?.of.length === of.length && of.every((part, i) => part === known.of[i])) {
      return known.value as T;
    }
    const value = make();
    this.#made.set(name, { of, value });
    return value;
  }

  #legend(thread: PageThread): void {
    const { tree } = thread;
    const { hidden, weight } = this.#state;
    if (tree.before === undefined) {
      showLegend(this.#data, thread, hidden, (category) => {
        const changed = new Set(this.#state.hidden);
        if (!changed.delete(category)) changed.add(category);
        this.#change({ hidden: changed });
      });
      return;
    }
    const roots = (of: readonly number[]) =>
      of.reduce((sum, value, row) => sum + ((tree.prefix[row] as number) < 0 ? value : 0), 0);
    showChanges(roots(tree.total[weight]), roots(tree.before), weight);
  }

  #facts(thread: PageThread): void {
    const { intervalMs, startTimeUnixMs, fuel } = this.#data;
    const interval = fuel === undefined ? `${intervalMs} ms` : milliseconds(intervalMs);
    const { samples, durationMs, tree, order } = thread;
    const { range } = this.#state;
    const facts = [
      `${samples.toLocaleString('en-US')} samples, one per ${interval}, in ` +
        `${milliseconds(durationMs)}, ${new Date(startTimeUnixMs).toISOString()}`,
    ];
    if (tree.left > 0) {
      facts.push(`${tree.left.toLocaleString('en-US')} narrow call paths are left out`);
    }
    if (range !== undefined) {
      facts.push(`selected: ${milliseconds(range[0])} to ${milliseconds(range[1])}`);
      if (order !== undefined && order.each > 1) {
        facts.push(
          `of the selection, each ${order.each} samples in a row are taken for one of them`,
        );
      }
    }
    byId('facts').textContent = facts.join('; ');
  }

  async #copyMarkdown(): Promise<void> {
    const thread = this.#data.threads[this.#state.thread] as PageThread;
    const title = `${document.title}, ${byId('facts').textContent}`;
    const rows = this.#functions.top(COPIED);
    const weighed = this.#weighed(thread);
    await this.#copied(markdown(this.#data, title, rows, weighed, this.#state.weight));
  }

  async #copyFolded(): Promise<void> {
    const thread = this.#data.threads[this.#state.thread] as PageThread;
    await this.#copied(folded(this.#data, this.#weighed(thread), this.#state.weight));
  }

  async #copied(text: string): Promise<void> {
    try {
      await copy(text);
      byId('details').textContent = 'Copied.';
    } catch (error) {
      byId('details').textContent = `Not copied: ${(error as Error).message}`;
    }
  }
}
