import { describe, expect, it } from 'vitest';
import {
  type FuncType,
  funcTypeMatches,
  Linker,
  Module,
  type ValType,
  valTypeMatches,
} from '../../lib/index.js';
import { expectMisuse, world } from './support.js';

/** Each reference type with the one right above it. */
const ABOVE: Partial<Record<ValType, ValType>> = {
  eqref: 'anyref',
  i31ref: 'eqref',
  structref: 'eqref',
  arrayref: 'eqref',
  nullfuncref: 'funcref',
  nullexternref: 'externref',
  nullexnref: 'exnref',
};
const TYPES: readonly ValType[] = [
  ...(['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref', 'anyref', 'exnref'] as const),
  ...(Object.keys(ABOVE) as ValType[]),
  'nullref',
];

function isBelow(type: ValType, other: ValType): boolean {
  if (type === other) return true;
  if (type === 'nullref')
    return isBelow('i31ref', other) || isBelow('structref', other) || other === 'arrayref';
  const above = ABOVE[type];
  return above !== undefined && isBelow(above, other);
}

describe('value types', () => {
  it('match themselves and what is above them, and nothing else', () => {
    for (const type of TYPES) {
      for (const other of TYPES) {
        expect([type, other, valTypeMatches(type, other)]).toEqual([
          type,
          other,
          isBelow(type, other),
        ]);
      }
    }
  });

  it('have to be some', () => {
    expectMisuse('ERR_INVALID_ARG_VALUE', () => valTypeMatches('i33' as never, 'i32'));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => valTypeMatches('i32', 7 as never));
  });
});

describe('function types', () => {
  const any: FuncType = { params: ['anyref'], results: ['i31ref'] };
  const i31: FuncType = { params: ['i31ref'], results: ['anyref'] };

  it('match where parameters are wider and results narrower', () => {
    expect(funcTypeMatches(any, any)).toBe(true);
    expect(funcTypeMatches(any, i31)).toBe(true);
    expect(funcTypeMatches(i31, any)).toBe(false);
    expect(funcTypeMatches(any, { params: [], results: ['i31ref'] })).toBe(false);
    expect(funcTypeMatches(any, { params: ['anyref'], results: [] })).toBe(false);
    expectMisuse('ERR_INVALID_ARG_TYPE', () => funcTypeMatches(any, {} as never));
  });

  it('reported by imports are taken back', () => {
    const { engine } = world();
    const wat = '(module (import "a" "f" (func (param i32 externref) (result f64))))';
    const [item] = Module.compile(engine, wat).imports;
    expect(item?.type.kind).toBe('func');
    const reported = item?.type as unknown as FuncType;
    expect(funcTypeMatches(reported, { params: ['i32', 'externref'], results: ['f64'] })).toBe(
      true,
    );
    const linker = new Linker(engine);
    linker.funcWrap('a', 'f', reported, () => 1);
    expectMisuse('ERR_INVALID_ARG_VALUE', () =>
      linker.funcWrap('a', 'g', { params: ['(ref func)' as never], results: [] }, () => {}),
    );
  });
});
