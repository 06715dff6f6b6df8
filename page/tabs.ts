import { byId } from './dom.js';
import { VIEWS, type View } from './state.js';

/** The tabs, as ARIA has them: arrows move among them, and Tab goes on to what they show. */
export class Tabs {
  readonly #choose: (view: View) => void;

  constructor(choose: (view: View) => void) {
    this.#choose = choose;
    for (const view of VIEWS) {
      const tab = byId(`tab-${view}`);
      tab.addEventListener('click', () => this.#choose(view));
      tab.addEventListener('keydown', (event) => this.#onKey(event, view));
    }
  }

  show(chosen: View): void {
    for (const view of VIEWS) {
      const tab = byId(`tab-${view}`);
      tab.ariaSelected = String(view === chosen);
      tab.tabIndex = view === chosen ? 0 : -1;
      byId(`view-${view}`).hidden = view !== chosen;
    }
  }

  #onKey(event: KeyboardEvent, view: View): void {
    const shown = VIEWS.filter((view) => !byId(`tab-${view}`).hidden);
    const at = shown.indexOf(view);
    const moves: Record<string, number> = {
      ArrowLeft: (at + shown.length - 1) % shown.length,
      ArrowRight: (at + 1) % shown.length,
      Home: 0,
      End: shown.length - 1,
    };
    const next = shown[moves[event.key] ?? -1];
    if (next === undefined) return;
    event.preventDefault();
    this.#choose(next);
    byId(`tab-${next}`).focus();
  }
}
