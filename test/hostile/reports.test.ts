import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { markdownCode, markdownText } from '../../lib/cli/markdown.js';
import { PLAIN } from '../../lib/cli/terminal.js';
import { markdownReport, topReport } from '../../lib/cli/top-functions.js';
import { oneLine } from '../../lib/formats/terminal-text.js';
import { FinishedProfile } from '../../lib/index.js';
import type { Profile } from '../../lib/profile/profile.js';
import { hostileProfile } from './hostile-profile.js';
import { HOSTILE_STRINGS, LONE_SURROGATES } from './strings.js';

/** What is used of markdown-it, which has no types of its own. */
interface Token {
  readonly type: string;
  readonly tag: string;
  readonly content: string;
  readonly children: readonly Token[] | null;
}
type Parser = new (options: object) => { parse(source: string, env: object): Token[] };

const MarkdownIt = createRequire(import.meta.url)('markdown-it') as Parser;
const markdown = new MarkdownIt({ html: true, linkify: true });
const texts = [...HOSTILE_STRINGS, ...LONE_SURROGATES].filter(({ length }) => length < 1000);

/** What a reader of Markdown would show, with the kinds of its parts. */
function shown(source: string): { kinds: Set<string>; text: string } {
  const inline = markdown.parse(source, {}).flatMap(({ children }) => children ?? []);
  const kinds = new Set(inline.map(({ type }) => type));
  const text = inline.map(({ content }) => content).join('');
  return { kinds, text: text.replaceAll('\u200b', '') };
}

describe('reports of hostile names', () => {
  let profile: Profile;
  beforeAll(() => {
    profile = FinishedProfile.model(hostileProfile());
  });

  it.each(texts.map((text) => [JSON.stringify(text), text]))(
    '%s is text in Markdown',
    (_, text) => {
      for (const source of [
        markdownText(text),
        `# ${markdownText(text)}`,
        `- ${markdownText(text)}`,
      ]) {
        const { kinds, text: seen } = shown(source);
        for (const kind of kinds) expect(kind).toMatch(/^text(?:_special)?$/);
        expect(seen.trim()).toBe(oneLine(text).trim());
      }
      const { kinds, text: seen } = shown(`a ${markdownCode(text)}`);
      expect([...kinds].sort()).toEqual(['code_inline', 'text']);
      expect(seen.slice(2).trim()).toBe(oneLine(text).trim());
    },
  );

  it('have no markup of the names in Markdown', () => {
    const report = markdownReport(profile, profile.threads, 'samples', 1000).join('\n');
    const tokens = markdown.parse(report, {});
    expect(tokens.filter(({ type }) => type === 'heading_open').map(({ tag }) => tag)).toEqual([
      'h1',
      'h2',
      'h2',
    ]);
    const kinds = new Set(
      [...tokens, ...tokens.flatMap(({ children }) => children ?? [])].map(({ type }) => type),
    );
    for (const kind of ['html_block', 'html_inline', 'link_open', 'image', 'fence', 'em_open']) {
      expect(kinds).not.toContain(kind);
    }
  });

  it('have lines of plain characters on a terminal', () => {
    const layout = { style: PLAIN, width: 100 };
    for (const line of topReport(profile, profile.threads, 'samples', 1000, layout)) {
      expect(line).toMatch(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u);
    }
  });
});
