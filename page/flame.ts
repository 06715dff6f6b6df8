import flamegraph, { type FlameGraph, type FlameNode } from 'd3-flame-graph';
import { select } from 'd3-selection';
import type { PageData, PageThread } from '../lib/formats/page-types.js';
import { shortName, shortPath } from '../lib/formats/short-name.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId, element } from './dom.js';
import { type Frame, frames } from './tree.js';
import { amount, percent } from './units.js';

type Node = FlameNode<Frame>;

/** Characters of a name and of a place in the line of details. */
const NAME_WIDTH = 90;
const PLACE_WIDTH = 60;

/** Light enough for dark text in either theme. */
const COLORS: Readonly<Record<string, string>> = {
  purple: '#c9a6ff',
  green: '#8ee39b',
  orange: '#ffc27a',
  yellow: '#ffe680',
  lightblue: '#9fdcff',
  blue: '#8fb8ff',
  brown: '#d9b38c',
  magenta: '#ff9ee0',
  red: '#ff9a9a',
  lightred: '#ffc2c2',
  darkgrey: '#a8a8b3',
  grey: '#cfcfd8',
};
const FOUND = '#e600e6';

/** The flame graph and the keys that it listens to. */
export class Flame {
  readonly #data: PageData;
  readonly #element = byId('flame');
  #graph: FlameGraph<Frame> | undefined;
  #weight: Weight = 'samples';
  #inverted = false;
  #chosen: Node | undefined;
  #term = '';

  constructor(data: PageData) {
    this.#data = data;
    // It takes the arrow keys for itself, which screen readers pass on to applications alone.
    this.#element.tabIndex = 0;
    this.#element.role = 'application';
    this.#element.ariaLabel = 'Flame graph: arrow keys move, Enter zooms, Escape resets';
    this.#element.addEventListener('keydown', (event) => this.#onKey(event));
  }

  show(thread: PageThread, weight: Weight, inverted: boolean): void {
    this.#weight = weight;
    this.#inverted = inverted;
    this.#chosen = undefined;
    this.#element.replaceChildren();
    const graph = flamegraph<Frame>()
      .width(Math.max(300, this.#element.clientWidth - 2))
      .cellHeight(20)
      .minFrameSize(1)
      .transitionDuration(0)
      .inverted(inverted)
      .tooltip(false)
      .sort((a, b) => (a.data.name < b.data.name ? -1 : 1))
      .setLabelHandler((node) => this.#label(node))
      .setColorMapper((node) => this.#color(node))
      .setDetailsHandler((text) => details(text ?? this.#found))
      .setSearchMatch((node, term) => matches(node.data, term))
      .setSearchHandler((_, sum, total) => {
        this.#found = `“${this.#term}”: ${amount(sum, weight)}, ${percent(sum, total)}`;
        details(this.#found);
      })
      .onClick((node) => this.#choose(node));
    this.#graph = graph;
    const root = frames(this.#data, thread, weight);
    select(this.#element).datum(root).call(graph);
    if (this.#data.compared !== undefined) showLegend(root, weight);
    if (!inverted) this.#element.scrollTop = this.#element.scrollHeight;
    this.search(this.#term);
  }

  #found = '';

  search(term: string): void {
    this.#term = term;
    this.#found = '';
    if (term === '') {
      this.#graph?.clear();
      details('');
    } else {
      this.#graph?.search(term);
    }
    this.#mark();
  }

  reset(): void {
    this.#graph?.resetZoom();
    this.#choose(undefined);
  }

  #label({ data, depth }: Node): string {
    const root = this.#root();
    const value = `${amount(data.value, this.#weight)}, ${percent(data.value, root?.data.value ?? 0)}`;
    const file = data.file === '' || depth === 0 ? '' : `  ${shortPath(data.file, PLACE_WIDTH)}`;
    const name = shortName(data.name, NAME_WIDTH);
    if (this.#data.compared === undefined) return `${name}  ${value}${file}`;
    const change = data.value - data.before;
    return `${name}  ${value} (${change > 0 ? '+' : ''}${amount(change, this.#weight)})${file}`;
  }

  #color({ data }: Node): string {
    if (this.#term !== '' && matches(data, this.#term)) return FOUND;
    if (this.#data.compared !== undefined) return changeColor(data, this.#root()?.data);
    return COLORS[this.#data.categories[data.category]?.color ?? ''] ?? '#c9a6ff';
  }

  #root(): Node | undefined {
    let node = this.#nodes()[0];
    while (node?.parent) node = node.parent;
    return node;
  }

  /** Those that are drawn. */
  #nodes(): Node[] {
    return select(this.#element).selectAll<SVGGElement, Node>('g.frame').data();
  }

  #onKey(event: KeyboardEvent): void {
    const node = this.#chosen ?? this.#root();
    if (node === undefined) return;
    // Callees are above, or, upside down, below.
    const [inwards, outwards] = this.#inverted
      ? ['ArrowDown', 'ArrowUp']
      : ['ArrowUp', 'ArrowDown'];
    const moves: Record<string, () => Node | undefined> = {
      [inwards]: () => widest(node),
      [outwards]: () => node.parent ?? undefined,
      ArrowLeft: () => neighbour(node, -1),
      ArrowRight: () => neighbour(node, 1),
      Home: () => this.#root(),
    };
    if (event.key === 'Enter') this.#graph?.zoomTo(node);
    else if (event.key in moves) this.#choose(moves[event.key]?.() ?? node);
    else return;
    event.preventDefault();
    this.#mark();
  }

  #choose(node: Node | undefined): void {
    this.#chosen = node;
    this.#mark();
    details(node === undefined ? this.#found : this.#label(node));
  }

  #mark(): void {
    const chosen = this.#chosen;
    select(this.#element)
      .selectAll<SVGGElement, Node>('g.frame')
      .classed('chosen', (node) => node === chosen)
      .filter((node) => node === chosen)
      .each(function () {
        this.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      });
  }
}

function matches({ name, file }: Frame, term: string): boolean {
  return `${name}\n${file}`.toLowerCase().includes(term.toLowerCase());
}

/** The share of the whole that a change must be for the strongest colour. */
const STRONGEST = 1 / 10;

/** Red for what grew, blue for what shrank, the more the stronger; grey for noise. */
function changeColor(frame: Frame, root: Frame | undefined): string {
  if (frame.noise) return COLORS['grey'] as string;
  return shade(frame.value - frame.before, strongest(root));
}

/** What a change must be for the strongest colour. */
function strongest(root: Frame | undefined): number {
  return Math.max(root?.value ?? 0, root?.before ?? 0, 1) * STRONGEST;
}

function shade(change: number, most: number): string {
  const pale = Math.round(235 - 120 * Math.min(1, Math.abs(change) / most));
  return change >= 0 ? `rgb(255 ${pale} ${pale})` : `rgb(${pale} ${pale} 255)`;
}

/** What the colours of a comparison mean. */
function showLegend(root: Frame, weight: Weight): void {
  const most = strongest(root);
  const scale = [-1, -0.5, 0.5, 1].map((part) => {
    const entry = element(
      'span',
      `${part > 0 ? '+' : '−'}${amount(Math.abs(part) * most, weight)}`,
    );
    entry.style.background = shade(part * most, most);
    return entry;
  });
  const noise = element('span', 'within noise');
  noise.style.background = COLORS['grey'] as string;
  const legend = byId('legend');
  legend.replaceChildren('Width: after. Colour: change, ', ...scale, noise);
  legend.hidden = false;
}

function widest({ children = [] }: Node): Node | undefined {
  return [...children].sort((a, b) => b.data.value - a.data.value)[0];
}

function neighbour(node: Node, step: number): Node | undefined {
  const siblings = [...(node.parent?.children ?? [])].sort((a, b) => a.x0 - b.x0);
  return siblings[siblings.indexOf(node) + step];
}

function details(text: string): void {
  byId('details').textContent = text;
}
