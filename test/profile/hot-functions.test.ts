import { describe, expect, it } from 'vitest';
import { hotFunctions } from '../../lib/profile/hot-functions.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { seededRandom } from '../support/random.js';

function emptyProfile(funcs: number): Profile {
  const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
  for (let func = 0; func < funcs; func++) {
    profile.frames.intern({ func: profile.funcs.intern({ name: func }) });
    profile.frames.intern({ func, line: 1 });
  }
  return profile;
}

describe('hotFunctions', () => {
  it.each([1, 2, 3, 4])('equals counting sample by sample (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const funcs = 8;
    const profile = emptyProfile(funcs);
    const thread = profile.addThread({ name: 't' });
    const expected = Array.from({ length: funcs }, (_, func) => ({
      func,
      selfSamples: 0,
      totalSamples: 0,
    }));
    for (let sample = 0; sample < 500; sample++) {
      let stack = NO_STACK;
      const seen: number[] = [];
      for (let depth = random(12); depth > 0; depth--) {
        const frame = random(2 * funcs);
        stack = profile.stacks.intern(stack, frame);
        seen.push(frame >> 1);
      }
      thread.samples.push(stack, sample, 0);
      for (const row of expected) {
        if (seen.at(-1) === row.func) row.selfSamples++;
        if (seen.includes(row.func)) row.totalSamples++;
      }
    }
    expected.sort((a, b) => b.selfSamples - a.selfSamples || b.totalSamples - a.totalSamples);
    expect(hotFunctions(profile, thread)).toEqual(expected);
  });

  it('counts a recursion 100,000 deep once', () => {
    const profile = emptyProfile(1);
    const thread = profile.addThread({ name: 't' });
    let stack = NO_STACK;
    for (let depth = 0; depth < 100_000; depth++) stack = profile.stacks.intern(stack, 0);
    thread.samples.push(stack, 0, 0);
    expect(hotFunctions(profile, thread)).toEqual([{ func: 0, selfSamples: 1, totalSamples: 1 }]);
  });

  it('is empty without samples that saw anything', () => {
    const profile = emptyProfile(2);
    const thread = profile.addThread({ name: 't' });
    thread.samples.push(NO_STACK, 0, 0);
    expect(hotFunctions(profile, thread)).toEqual([]);
  });
});
