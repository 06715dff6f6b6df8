import './style.css';
import type { PageData, PageThread } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { byId, element } from './dom.js';
import { Flame } from './flame.js';
import { Functions } from './functions.js';
import { showCounters, showHostCalls } from './others.js';
import { milliseconds } from './units.js';

const data = JSON.parse(byId('profile').textContent ?? '') as PageData;
const search = byId<HTMLInputElement>('search');
const threads = byId<HTMLSelectElement>('thread');
const weights = byId<HTMLSelectElement>('weight');
const invert = byId<HTMLInputElement>('invert');
const flame = new Flame(data);
const functions = new Functions(data, (name) => {
  search.value = name;
  find();
});

function thread(): PageThread | undefined {
  return data.threads[threads.selectedIndex] ?? data.threads[0];
}

function show(): void {
  const chosen = thread();
  if (chosen === undefined) return;
  const weight = weights.value as Weight;
  flame.show(chosen, weight, invert.checked);
  functions.show(chosen, weight, search.value);
  showHostCalls(chosen);
  const { samples, durationMs, tree } = chosen;
  const left =
    tree.left > 0 ? `; ${tree.left.toLocaleString('en-US')} narrow call paths are left out` : '';
  byId('facts').textContent =
    `${samples.toLocaleString('en-US')} samples, one per ${data.intervalMs} ms, in ` +
    `${milliseconds(durationMs)}, ${new Date(data.startTimeUnixMs).toISOString()}${left}`;
}

function find(): void {
  flame.search(search.value);
  const chosen = thread();
  if (chosen) functions.show(chosen, weights.value as Weight, search.value);
}

const title = data.compared === undefined ? data.name : `${data.compared.name} → ${data.name}`;
document.title = `Profile of ${title}`;
byId('title').textContent = title;
for (const { name } of data.threads) threads.append(element('option', name));
byId('thread-label').hidden = data.threads.length < 2;
if (data.compared !== undefined) {
  weights.value = data.compared.weight;
  weights.disabled = true;
}
showCounters(data.counters);
search.addEventListener('input', find);
for (const control of [threads, weights, invert]) control.addEventListener('change', show);
byId('controls').addEventListener('submit', (event) => event.preventDefault());
byId('reset').addEventListener('click', () => flame.reset());
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== search) {
    search.focus();
    event.preventDefault();
  } else if (event.key === 'Escape') {
    search.value = '';
    find();
    flame.reset();
  }
});
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  show();
});
show();
