// Arguments: by the function and the parameter's name mostly what belongs there, sometimes anything at all.
import type { Choices } from './choices.js';
import { INTEGERS, object, of } from './makers.js';
import { BY_FUNCTION, BY_NAME, REST } from './wanted.js';
import type { World } from './world.js';

/** Nothing that belongs anywhere. */
const ANYTHING = of(
  ...[
    undefined,
    null,
    true,
    Number.NaN,
    -1,
    -0,
    0.5,
    Number.POSITIVE_INFINITY,
    1n,
    -(2n ** 63n),
    2n ** 70n,
  ],
  ...[
    '',
    '\0',
    '\ud800',
    Symbol('s'),
    [],
    {},
    new Date(Number.NaN),
    new Uint8Array(3),
    new DataView(new ArrayBuffer(2)),
  ],
  ...[Object.freeze([1]), Object.create(null), new Proxy({}, {}), new SharedArrayBuffer(16), /x/],
);

/** An argument for a parameter of that function. */
export function argument(
  operation: string,
  param: string,
  choices: Choices,
  world: World,
): unknown {
  const way = choices.below(100);
  if (way < 80)
    return (BY_FUNCTION[`${operation} ${param}`] ?? BY_NAME[param] ?? INTEGERS)(choices, world);
  if (way < 90) return ANYTHING(choices, world);
  return world.object(choices, choices.pick(world.classes()));
}

/** Those of a function with any number of them. */
export function rest(operation: string, choices: Choices, world: World): unknown[] {
  const wanted = REST[operation];
  if (wanted !== undefined && choices.below(100) < 80) return wanted(choices, world);
  return [anyValue(choices, world), anyValue(choices, world)].slice(0, choices.below(3));
}

/** A value for a call of wasm, or of the host's. */
export function anyValue(choices: Choices, world: World): unknown {
  return choices.pick([
    INTEGERS,
    ANYTHING,
    object('Func', 'GcRef', 'StructRef', 'ResourceAny'),
    of(5n, 1.5),
  ])(choices, world);
}
