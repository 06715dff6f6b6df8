import type { PageData, PageThread } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { colorNamed, NOISE, shade, strongest } from './colors.js';
import { byId, element } from './dom.js';
import { amount } from './units.js';

/** A switch for each category that the thread has. */
export function showLegend(
  data: PageData,
  thread: PageThread,
  hidden: ReadonlySet<number>,
  toggle: (category: number) => void,
): void {
  const used = [...new Set(thread.tree.category)].sort((a, b) => a - b);
  const switches = used.map((category) => {
    const { name = '', color } = data.categories[category] ?? {};
    const button = element('button', name);
    button.type = 'button';
    button.ariaPressed = String(!hidden.has(category));
    button.title = `Samples that ended in ${name}`;
    button.style.setProperty('--color', colorNamed(color));
    button.dataset['category'] = String(category);
    button.addEventListener('click', () => toggle(category));
    return button;
  });
  const focused = (document.activeElement as HTMLElement | null)?.dataset['category'];
  const legend = byId('legend');
  legend.replaceChildren(...switches);
  legend.hidden = used.length < 2 && hidden.size === 0;
  switches.find(({ dataset }) => focused !== undefined && dataset['category'] === focused)?.focus();
}

/** What the colours of a comparison mean. */
export function showChanges(after: number, before: number, weight: Weight): void {
  const most = strongest(after, before);
  const scale = [-1, -0.5, 0.5, 1].map((part) => {
    const entry = element(
      'span',
      `${part > 0 ? '+' : '−'}${amount(Math.abs(part) * most, weight)}`,
    );
    entry.style.background = shade(part * most, most);
    return entry;
  });
  const noise = element('span', 'within noise');
  noise.style.background = NOISE;
  const legend = byId('legend');
  legend.replaceChildren('Width: after. Colour: change, ', ...scale, noise);
  legend.hidden = false;
}
