import type { PageData } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { element } from './dom.js';
import type { FunctionRow } from './functions.js';
import { amount, percent } from './units.js';
import type { Weighed } from './weighed.js';

/** A table of the functions in Markdown. */
export function markdown(
  data: PageData,
  title: string,
  rows: readonly FunctionRow[],
  weighed: Weighed,
  weight: Weight,
): string {
  const cell = (text: string) => text.replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/\s+/g, ' ');
  const share = (value: number) =>
    `${amount(value, weight)} | ${percent(value, weighed.whole[weight])}`;
  return [
    `${cell(title)}:`,
    '',
    '| self | | total | | function | location |',
    '| --: | --: | --: | --: | --- | --- |',
    ...rows.map(({ func, line, self, total }) => {
      const { name = '', file = '', module = '' } = data.functions[func] ?? {};
      const place = file === '' ? module : `${file}${line > 0 ? `:${line}` : ''}`;
      return `| ${share(self)} | ${share(total)} | ${cell(name)} | ${cell(place)} |`;
    }),
    '',
  ].join('\n');
}

/** A line for each call path, for the tools of flame graphs. */
export function folded(data: PageData, { shape, self }: Weighed, weight: Weight): string {
  const nameOf = (func: number) =>
    (data.functions[func]?.name ?? '').replaceAll(';', ':').replace(/\s+/g, ' ');
  const lines: string[] = [];
  for (const [node, value] of self[weight].entries()) {
    if (!(value > 0)) continue;
    const path: string[] = [];
    for (let at = node; at >= 0; at = shape.prefix[at] as number) {
      path.push(nameOf(shape.func[at] as number));
    }
    lines.push(`${path.reverse().join(';')} ${Math.round(value)}\n`);
  }
  return lines.join('');
}

/** Puts a text into the clipboard. */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // A page from a server without TLS has no clipboard but this one.
  const area = element('textarea', text);
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
