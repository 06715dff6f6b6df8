import type { PageData } from '../lib/formats/page-types.js';
import { shortName, shortPath } from '../lib/formats/short-name.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import type { Box, Growth } from './boxes.js';
import { amount, milliseconds, percent } from './units.js';
import type { Weighed } from './weighed.js';

/** Characters of a name and of a place in a line of details. */
const NAME_WIDTH = 90;
const PLACE_WIDTH = 60;

/** A function's file, or else its module. */
export function placeOf(data: PageData, func: number): string {
  const { file = '', module = '' } = data.functions[func] ?? {};
  return file || module;
}

/** A box in a line. */
export function boxLine(data: PageData, { root, weighed, weight }: Growth, box: Box): string {
  const whole = weighed.whole[weight];
  const name = box.func < 0 ? 'all' : (data.functions[box.func]?.name ?? '');
  const place = box.func < 0 ? '' : shortPath(placeOf(data, box.func), PLACE_WIDTH);
  const value = box === root && box.func < 0 ? whole : box.value;
  return [
    shortName(name, NAME_WIDTH),
    `${amount(value, weight)}, ${percent(value, whole)}${changeOf(weighed, weight, box)}`,
    place,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** All that is known of a box. */
export function boxFacts(data: PageData, growth: Growth, box: Box): string[] {
  const { weighed, weight, root } = growth;
  if (box.func < 0) return [boxLine(data, growth, box)];
  const here = percent(box.value, weighed.whole[weight]);
  const ofRoot =
    root.func < 0
      ? ''
      : `, ${percent(box.value, root.value)} of ${data.functions[root.func]?.name}`;
  return [
    shortName(data.functions[box.func]?.name ?? '', 200),
    `here: ${amount(box.value, weight)}, ${here}${ofRoot}${changeOf(weighed, weight, box)}`,
    ...functionFacts(data, weighed, weight, box.func),
  ];
}

/** What a function has in all, and where it is. */
export function functionFacts(
  data: PageData,
  { functionSelf, functionTotal, whole }: Weighed,
  weight: Weight,
  func: number,
): string[] {
  const { file = '', module = '', line = 0 } = data.functions[func] ?? {};
  const share = (value: number) => `${amount(value, weight)}, ${percent(value, whole[weight])}`;
  const self = functionSelf[weight][func] as number;
  const total = functionTotal[weight][func] as number;
  const facts = [`self: ${share(self)}`, `total: ${share(total)}`];
  // By fuel its samples are as many, and no CPU time is known.
  if (data.compared === undefined && data.fuel === undefined) {
    const samples = (functionTotal.samples[func] as number).toLocaleString('en-US');
    const cpu = milliseconds((functionTotal.cpu[func] as number) / 1e6);
    const cpuSelf = milliseconds((functionSelf.cpu[func] as number) / 1e6);
    facts.push(`${samples} samples; CPU: ${cpuSelf} self, ${cpu} total`);
  }
  const place = file === '' ? '' : `${shortPath(file, 120)}${line > 0 ? `:${line}` : ''}`;
  return [...facts, ...[place, module].filter((part) => part !== '')];
}

function changeOf({ before }: Weighed, weight: Weight, box: Box): string {
  if (before === undefined) return '';
  const was = box.origins.reduce((sum, node) => sum + (before[node] as number), 0);
  const change = box.value - was;
  return ` (${change > 0 ? '+' : ''}${amount(change, weight)})`;
}
