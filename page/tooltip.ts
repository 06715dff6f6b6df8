import { byId, element } from './dom.js';

const GAP = 14;

/** Shows lines beside the mouse: a heading, and facts. */
export function showTooltip(event: MouseEvent, [heading = '', ...facts]: readonly string[]): void {
  const tooltip = byId('tooltip');
  tooltip.replaceChildren(element('strong', heading), ...facts.map((fact) => element('div', fact)));
  tooltip.hidden = false;
  const { offsetWidth, offsetHeight } = tooltip;
  const left = Math.min(event.clientX + GAP, window.innerWidth - offsetWidth - 4);
  const below = event.clientY + GAP;
  const fits = below + offsetHeight < window.innerHeight;
  tooltip.style.left = `${Math.max(0, left)}px`;
  tooltip.style.top = `${fits ? below : Math.max(0, event.clientY - offsetHeight - GAP)}px`;
}

export function hideTooltip(): void {
  byId('tooltip').hidden = true;
}
