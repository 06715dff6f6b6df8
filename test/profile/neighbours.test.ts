import { describe, expect, it } from 'vitest';
import { hotLines } from '../../lib/profile/hot-lines.js';
import { neighboursOf } from '../../lib/profile/neighbours.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { seededRandom } from '../support/random.js';

const FUNCS = 6;
const LINES = 3;

/** Random stacks, and each sample's frames as (function, line), outermost first; line 0 is none. */
function randomProfile(seed: number) {
  const random = seededRandom(seed);
  const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
  const { strings, sources, funcs, frames } = profile;
  const source = sources.intern(strings.intern('a.c'));
  for (let func = 0; func < FUNCS; func++) {
    funcs.intern({ name: strings.intern(`f${func}`), source });
    for (let line = 0; line <= LINES; line++) frames.intern({ func, line });
  }
  const thread = profile.addThread({ name: 't' });
  const samples = Array.from({ length: 400 }, (_, time) => {
    let stack = NO_STACK;
    const seen: (readonly [number, number])[] = [];
    for (let depth = random(9); depth > 0; depth--) {
      const frame = random(frames.length);
      stack = profile.stacks.intern(stack, frame);
      seen.push([frames.func.get(frame), frames.line.get(frame)]);
    }
    thread.samples.push(stack, time, 0);
    return seen;
  });
  return { profile, samples };
}

const count = <T>(all: readonly T[], fits: (one: T) => boolean) => all.filter(fits).length;

describe.each([1, 2, 3])('of random stacks (seed %i)', (seed) => {
  const { profile, samples } = randomProfile(seed);

  it('callers and callees are those of counting sample by sample', () => {
    for (let func = 0; func < FUNCS; func++) {
      const found = neighboursOf(profile, profile.threads, 'samples', new Set([func]));
      expect(found.self).toBe(count(samples, (seen) => seen.at(-1)?.[0] === func));
      expect(found.total).toBe(count(samples, (seen) => seen.some(([f]) => f === func)));
      const calls = (caller: number | undefined, callee: number) =>
        count(samples, (seen) =>
          seen.some(([f], i) => f === callee && seen[i - 1]?.[0] === caller),
        );
      const weights = (all: typeof found.callers) =>
        Object.fromEntries(all.map(({ func, weight }) => [String(func), weight]));
      const others = [undefined, ...Array(FUNCS).keys()];
      expect(weights(found.callers)).toEqual(
        Object.fromEntries(
          others.map((f) => [String(f), calls(f, func)]).filter(([, weight]) => weight !== 0),
        ),
      );
      expect(weights(found.callees)).toEqual(
        Object.fromEntries(
          others
            .filter((f) => f !== undefined)
            .map((f) => [String(f), calls(func, f)])
            .filter(([, weight]) => weight !== 0),
        ),
      );
    }
  });

  it.each([undefined, 2])('lines are too, of function %s', (only) => {
    const chosen = only === undefined ? undefined : new Set([only]);
    const { lines, withoutLine, whole } = hotLines(profile, profile.threads, 'samples', chosen);
    const counts = (func: number) => only === undefined || func === only;
    const leaf = (seen: (typeof samples)[number], line?: number) => {
      const [func, at] = seen.at(-1) ?? [];
      return func !== undefined && counts(func) && (line === undefined || at === line);
    };
    expect(whole).toBe(count(samples, (seen) => leaf(seen)));
    expect(withoutLine).toBe(count(samples, (seen) => leaf(seen, 0)));
    expect(lines.map(({ line }) => line).sort()).toEqual([1, 2, 3]);
    for (const { line, self, total, func } of lines) {
      expect(self).toBe(count(samples, (seen) => leaf(seen, line)));
      expect(total).toBe(count(samples, (seen) => seen.some(([f, l]) => counts(f) && l === line)));
      const selfOf = (f: number) =>
        count(samples, (seen) => leaf(seen, line) && seen.at(-1)?.[0] === f);
      expect(selfOf(func)).toBe(Math.max(...[...Array(FUNCS).keys()].map(selfOf)));
    }
  });
});
