import { describe, expect, it } from 'vitest';
import { pageData } from '../../lib/formats/page-data.js';
import { Engine, FinishedProfile, Module } from '../../lib/index.js';
import type { Profile } from '../../lib/profile/profile.js';
import { addCodeTexts } from '../../lib/profiler/code-texts.js';
import { profileOfCalls, withSourceLines } from '../support/code-profile.js';
import { profiledGuest } from './symbols-support.js';

/** Text of a module whose function `run` has so many additions before and after a call of a function that samples. */
const long = (additions: number) => {
  const more = '(local.set $n (i32.add (local.get $n) (i32.const 1)))'.repeat(additions);
  return `(module (import "env" "sample" (func $sample))
    (func (export "run") (local $n i32) ${more} (call $sample) ${more} (call $sample)))`;
};

/** The profile with texts, and what a page shows of it. */
function withTexts(profile: FinishedProfile, module: Module) {
  const model = FinishedProfile.model(profile);
  addCodeTexts(model, new Map([[0, Module.code('module', module)]]));
  return { model, page: pageData(model) };
}

describe('addCodeTexts', () => {
  it('gives a page the lines that disassemble counts samples of', () => {
    const { finished, module } = profileOfCalls();
    const { page } = withTexts(finished, module);
    const [tree] = page.threads.map(({ tree }) => tree);
    const shown = page.codes.map(({ func, lines }) => ({
      name: page.functions[func]?.name,
      lines: lines.map(({ line, wasmOffset, text, label }) => ({
        ...{ wasmOffset, text, selfSamples: selfOf(func, line) },
        ...(label && { label }),
      })),
    }));
    /** What rows of the tree weigh without their callees. */
    function selfOf(func: number, line: number): number {
      const { total, prefix } = tree as NonNullable<typeof tree>;
      const self = total.samples.map(
        (value, row) =>
          value - total.samples.reduce((sum, own, i) => sum + (prefix[i] === row ? own : 0), 0),
      );
      const isLine = (row: number) => tree?.func[row] === func && tree.line[row] === line;
      return self.reduce((sum, value, row) => sum + (isLine(row) ? value : 0), 0);
    }
    const expected = finished.disassemble(['guest', module]).map(({ name, lines }) => ({
      name,
      lines: lines.map(({ totalSamples: _, ...line }) => line),
    }));
    expect(shown).toEqual(expected);
    expect(shown.flatMap(({ lines }) => lines).filter((line) => line.selfSamples > 0)).toHaveLength(
      2,
    );
  });

  it('leaves functions alone of which lines of source are known', () => {
    const { profile, module } = profiledGuest('c/parser.wasm');
    const { model } = withTexts(profile, module);
    const known = withSourceLines(model);
    expect(known.size).toBeGreaterThan(0);
    for (const symbol of model.codeTexts.keys()) expect(known.has(symbol)).toBe(false);
    const stripped = profiledGuest('c/parser-stripped.wasm');
    const texts = withTexts(stripped.profile, stripped.module).model.codeTexts;
    expect(texts.size).toBe(
      stripped.profile.disassemble(['guest', stripped.module], { limit: 1000 }).length,
    );
  });

  it('keeps of a long function what is around its samples, and of one that is too long nothing', () => {
    const texts = [100, 25_000].map((additions) => {
      const { finished, module } = profileOfCalls(long(additions));
      const { model } = withTexts(finished, module);
      return [...model.codeTexts.values()].map(({ lines }) => lines);
    });
    const [[short = []] = [], [cut = []] = []] = texts;
    expect(short).toHaveLength(2 * 4 * 100 + 2 + 3);
    expect(cut.map(({ line }) => line)).toEqual(
      [1, ...around(100_003), ...around(200_004)].filter((line) => line <= 200_005),
    );
    expect(cut.filter(({ text }) => text.includes('call')).map(({ line }) => line)).toEqual([
      100_003, 200_004,
    ]);
  });

  it('knows neither modules without a binary nor those that it isn’t given', () => {
    const { finished, module } = profileOfCalls();
    const engine = new Engine();
    const bare = Module.deserialize(engine, module.serialize());
    expect(withTexts(finished, bare).page.codes).toEqual([]);
    const model: Profile = FinishedProfile.model(finished);
    addCodeTexts(model, new Map());
    expect(pageData(model).codes).toEqual([]);
  });
});

/** The 50 lines before and after one, and itself. */
function around(line: number): number[] {
  return Array.from({ length: 101 }, (_, i) => line - 50 + i);
}
