import type { PageCounter, PageThread } from '../lib/formats/page-types.js';
import { byId, element } from './dom.js';
import { milliseconds, percent } from './units.js';

const SVG = 'http://www.w3.org/2000/svg';

/** The list of host functions that the guest called. */
export function showHostCalls({ hostCalls }: PageThread): void {
  byId('host-section').hidden = hostCalls.length === 0;
  const head = element('thead');
  const titles = head.insertRow();
  for (const title of ['calls', 'total', 'longest']) titles.append(element('th', title, 'number'));
  titles.append(element('th', 'host function'));
  const body = element('tbody');
  for (const { name, calls, totalMs, longestMs } of hostCalls) {
    const row = body.insertRow();
    for (const text of [
      calls.toLocaleString('en-US'),
      milliseconds(totalMs),
      milliseconds(longestMs),
    ]) {
      row.append(element('td', text, 'number'));
    }
    row.append(element('td', name));
  }
  byId('host-calls').replaceChildren(head, body);
}

/** A line for each counter, the guest's memory among them. */
export function showCounters(counters: readonly PageCounter[]): void {
  byId('counter-section').hidden = counters.length === 0;
  byId('counters').replaceChildren(...counters.map(counterTrack));
}

function numberOf(value: number, unit: string): string {
  const number = value.toLocaleString('en-US', { maximumFractionDigits: 1 });
  return unit === 'number' ? number : `${number} ${unit.replace(/^number /, '')}`;
}

function counterTrack({ name, unit, points }: PageCounter): HTMLElement {
  const track = element('div', '', 'counter');
  const highest = Math.max(...points.map(([, value]) => value), 0);
  const [start, end] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 1];
  const text = `${name}: up to ${unit === 'share' ? percent(highest, 1) : numberOf(highest, unit)}`;
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 1000 100');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', text);
  const path = document.createElementNS(SVG, 'path');
  const at = ([time, value]: readonly [number, number]): string =>
    `${(1000 * (time - start)) / (end - start || 1)} ${98 - (96 * value) / (highest || 1)}`;
  path.setAttribute('d', points.map((point, i) => `${i === 0 ? 'M' : 'L'}${at(point)}`).join(''));
  svg.append(path);
  track.append(element('p', text), svg);
  return track;
}
