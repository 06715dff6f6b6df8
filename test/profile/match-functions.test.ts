import { describe, expect, it } from 'vitest';
import { funcPlace } from '../../lib/profile/func-place.js';
import { matchFunctions } from '../../lib/profile/match-functions.js';
import { type MadeFunction, type MadeModule, madeProfile } from '../support/made-profile.js';

/** Names that were matched, and those that weren't. */
function matches(
  before: readonly MadeModule[],
  after: readonly MadeModule[],
  map?: ReadonlyMap<string, string>,
): string[] {
  const [old, recent] = [madeProfile(before), madeProfile(after)];
  return matchFunctions(old, recent, map).map((matched) => {
    const names = (['before', 'after'] as const).map((side) =>
      matched[side].map((func) => funcPlace(side === 'before' ? old : recent, func).name).join('+'),
    );
    return `${names[0]}=${names[1]}`;
  });
}

const f = (name: string, more: Partial<MadeFunction> = {}): MadeFunction => ({
  name,
  samples: 4,
  ...more,
});
const module = (name: string, functions: MadeFunction[], hash?: string): MadeModule => ({
  name,
  functions,
  ...(hash !== undefined && { hash }),
});

describe('modules', () => {
  it('are the same by hash, whatever they are called', () => {
    const [app, lib] = [module('app', [f('f')], 'aa'), module('lib', [f('g')], 'bb')];
    expect(
      matches(
        [app, lib],
        [
          { ...lib, name: 'app' },
          { ...app, name: 'new' },
        ],
      ),
    ).toEqual(['f=f', 'g=g']);
  });

  it('are the same where there is one of each', () => {
    expect(matches([module('a', [f('f')], 'aa')], [module('b', [f('f')], 'bb')])).toEqual(['f=f']);
  });

  it('are the same by name, and the last ones that are left', () => {
    const before = [module('a', [f('f')]), module('b', [f('g')])];
    expect(matches(before, [module('c', [f('g')]), module('a', [f('f')])])).toEqual(['f=f', 'g=g']);
  });

  it('are not guessed among several, but as the user says', () => {
    const before = [module('a', [f('f')]), module('b', [f('g')])];
    const after = [module('c', [f('f')]), module('d', [f('g')])];
    expect(matches(before, after)).toEqual(['f=', 'g=', '=f', '=g']);
    const map = new Map([
      ['a', 'd'],
      ['b', 'c'],
    ]);
    expect(matches(before, after, map)).toEqual(['f=', '=g', 'g=', '=f']);
    expect(matches(before, after, new Map([['a', 'c']]))).toEqual(['f=f', 'g=g']);
  });
});

describe('functions', () => {
  const match = (before: MadeFunction[], after: MadeFunction[], hashes = ['aa', 'bb']) =>
    matches([module('a', before, hashes[0])], [module('a', after, hashes[1])]);

  it('are the same by name and file, then by name', () => {
    const before = [f('f', { file: 'a.c' }), f('f', { file: 'b.c' }), f('g', { file: 'a.c' })];
    const after = [f('g', { file: 'c.c' }), f('f', { file: 'b.c' }), f('f', { file: 'a.c' })];
    expect(match(before, after)).toEqual(['f=f', 'f=f', 'g=g']);
  });

  it('are the same wherever they lie', () => {
    const before = [f('f', { code: [0, 50] }), f('g', { code: [50, 80] })];
    expect(match(before, [f('g', { code: [0, 80] }), f('f', { code: [80, 50] })])).toEqual([
      'f=f',
      'g=g',
    ]);
  });

  it('are the same by their code, whatever they are called', () => {
    const before = [f('old', { code: [0, 200], at: [7, 9] }), f('gone', { code: [200, 90] })];
    const after = [f('new', { code: [500, 91] }), f('called', { code: [600, 200], at: [7, 9] })];
    expect(match(before, after)).toEqual(['old=called', 'gone=', '=new']);
  });

  it('of one binary are the same by name alone', () => {
    const before = [f('read', { code: [0, 200], at: [7, 9] })];
    const after = [f('write', { code: [300, 200], at: [7, 9] })];
    expect(match(before, after)).toEqual(['read=write']);
    expect(match(before, after, ['aa', 'aa'])).toEqual(['read=', '=write']);
  });

  it('are not the same by a size alone that many have', () => {
    const before = [f('old', { code: [0, 20], at: [7] })];
    expect(match(before, [f('new', { code: [0, 20], at: [7] })])).toEqual(['old=', '=new']);
    const large = [f('old', { code: [0, 200], at: [7, 90] })];
    expect(match(large, [f('new', { code: [0, 200], at: [8, 91] })])).toEqual(['old=', '=new']);
  });

  const nameless = (number: number, size: number) =>
    f(`wasm-function[${number}]`, { code: [number * 1000, size], at: [3, size - 5] });

  it('without names are the same by their code, and by their number between such', () => {
    const before = [1, 2, 3, 4].map((number) => nameless(number, 100 * number));
    // One came before all of them, and the third changed.
    const after = [
      nameless(1, 90),
      nameless(2, 100),
      nameless(3, 200),
      nameless(4, 310),
      nameless(5, 400),
    ];
    expect(match(before, after).sort()).toEqual([
      '=wasm-function[1]',
      'wasm-function[1]=wasm-function[2]',
      'wasm-function[2]=wasm-function[3]',
      'wasm-function[3]=wasm-function[4]',
      'wasm-function[4]=wasm-function[5]',
    ]);
  });

  it('without names are the same by number in the same binary', () => {
    const before = [f('wasm-function[1]'), f('wasm-function[2]')];
    expect(match(before, before, ['aa', 'aa'])).toEqual([
      'wasm-function[1]=wasm-function[1]',
      'wasm-function[2]=wasm-function[2]',
    ]);
    expect(match(before, before)).toEqual([
      'wasm-function[1]=',
      'wasm-function[2]=',
      '=wasm-function[1]',
      '=wasm-function[2]',
    ]);
  });

  it('are matched where one was only inlined', () => {
    const outer = f('outer', { code: [0, 100] });
    const before = [outer, f('leaf', { inlinedInto: 'outer' })];
    expect(match(before, [outer, f('leaf', { code: [100, 40] })])).toEqual([
      'outer=outer',
      'leaf=leaf',
    ]);
  });
});
