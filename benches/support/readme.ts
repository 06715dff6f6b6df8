import { readFileSync, writeFileSync } from 'node:fs';
import { markdown, type Target } from './report.js';

const readme = new URL('../README.md', import.meta.url);

/**
 * Puts blocks in the place of what stands between `<!-- name -->` and `<!-- end of name -->`; as a trial, writes nothing.
 *
 * @throws Error when the README has no such place.
 */
export function replaceSections(
  sections: Readonly<Record<string, readonly string[]>>,
  { isTrial }: { isTrial: boolean },
): void {
  let text = readFileSync(readme, 'utf8');
  for (const [name, blocks] of Object.entries(sections)) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`benches/README.md has no '${begin}' … '${end}'`);
    text = `${text.slice(0, from)}${begin}\n\n${blocks.join('\n\n')}\n\n${text.slice(to)}`;
  }
  if (!isTrial) writeFileSync(readme, text);
}

export function targetTable(targets: readonly Target[]): string {
  return markdown({
    title: 'Promised',
    columns: ['promise', 'measured', 'holds'],
    rows: targets.map(({ promise, measured, holds }) => [
      promise,
      measured,
      holds ? 'yes' : '**no**',
    ]),
  });
}
