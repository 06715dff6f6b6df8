import type { PageThread } from '../lib/formats/page-types.js';
import { byId, element } from './dom.js';
import { milliseconds } from './units.js';

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
