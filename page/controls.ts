import type { PageData, PageThread } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId, element } from './dom.js';
import { type State, VIEWS } from './state.js';
import { whole } from './tracks.js';

export interface ControlEvents {
  change(changed: Partial<State>): void;
  reset(): void;
  copyMarkdown(): void;
  copyFolded(): void;
}

/** The form above the charts, and the keys of the page. */
export class Controls {
  readonly #events: ControlEvents;
  readonly #search = byId<HTMLInputElement>('search');
  readonly #threads = byId<HTMLSelectElement>('thread');
  readonly #modules = byId<HTMLSelectElement>('module');
  readonly #weights = byId<HTMLSelectElement>('weight');
  readonly #invert = byId<HTMLInputElement>('invert');
  readonly #from = byId<HTMLInputElement>('from');
  readonly #to = byId<HTMLInputElement>('to');

  constructor(data: PageData, events: ControlEvents) {
    this.#events = events;
    for (const { name } of data.threads) this.#threads.append(element('option', name));
    byId('thread-label').hidden = data.threads.length < 2;
    const modules = [...new Set(data.functions.map(({ module }) => module))].filter(Boolean).sort();
    this.#modules.append(new Option('all', ''), ...modules.map((name) => new Option(name, name)));
    byId('module-label').hidden = modules.length < 2;
    this.#weights.disabled = data.compared !== undefined;
    if (data.fuel !== undefined) this.#weighFuel();
    const isTimed = data.threads.some(({ order }) => order !== undefined);
    byId('tab-time').hidden = !isTimed;
    byId('track-section').hidden = !isTimed;
    byId('tab-source').hidden = data.compared !== undefined;
    this.#listen();
  }

  show(state: State, thread: PageThread): void {
    if (this.#search.value !== state.search) this.#search.value = state.search;
    this.#threads.selectedIndex = state.thread;
    this.#modules.value = state.module;
    this.#weights.value = state.weight;
    this.#invert.checked = state.invert;
    byId('invert-label').hidden = state.view !== 'flame';
    const [from, to] = state.range ?? whole(thread);
    this.#from.value = String(Math.round(from * 1000) / 1000);
    this.#to.value = String(Math.round(to * 1000) / 1000);
    byId('all-time').hidden = state.range === undefined;
  }

  /** Wall time and CPU time are the same fuel. */
  #weighFuel(): void {
    const [, wall, cpu] = this.#weights.options;
    if (wall !== undefined) wall.text = 'fuel';
    cpu?.remove();
    // A millisecond stands for a million units.
    for (const { nextSibling } of [this.#from, this.#to]) {
      if (nextSibling !== null) nextSibling.textContent = ' million of fuel';
    }
  }

  #listen(): void {
    const { change, reset, copyMarkdown, copyFolded } = this.#events;
    this.#search.addEventListener('input', () => change({ search: this.#search.value }));
    this.#threads.addEventListener('change', () => change({ thread: this.#threads.selectedIndex }));
    this.#modules.addEventListener('change', () => change({ module: this.#modules.value }));
    this.#weights.addEventListener('change', () =>
      change({ weight: this.#weights.value as Weight }),
    );
    this.#invert.addEventListener('change', () => change({ invert: this.#invert.checked }));
    for (const input of [this.#from, this.#to]) {
      input.addEventListener('change', () => {
        const range = [this.#from.valueAsNumber, this.#to.valueAsNumber] as const;
        change({ range: range[0] < range[1] ? range : undefined });
      });
    }
    byId('all-time').addEventListener('click', () => change({ range: undefined }));
    byId('reset').addEventListener('click', reset);
    byId('copy-markdown').addEventListener('click', copyMarkdown);
    byId('copy-folded').addEventListener('click', copyFolded);
    byId('controls').addEventListener('submit', (event) => event.preventDefault());
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      this.#events.reset();
      return;
    }
    const isTyping = document.activeElement?.matches('input:not([type=checkbox]), select');
    if (isTyping) return;
    const view = VIEWS[Number(event.key) - 1];
    if (event.key === '/') this.#search.focus();
    else if (view !== undefined && !byId(`tab-${view}`).hidden) this.#events.change({ view });
    else return;
    event.preventDefault();
  }
}
