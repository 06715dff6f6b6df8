// What arguments are made of.
import type { Choices } from './choices.js';
import type { World } from './world.js';

/** Makes an argument. */
export type Make<T = unknown> = (choices: Choices, world: World) => T;

export const of =
  (...values: readonly unknown[]): Make =>
  (choices) =>
    choices.pick(values);
export const object =
  (...classes: readonly string[]): Make =>
  (choices, world) =>
    world.object(choices, choices.pick(classes));
export const callback: Make = (choices, world) => world.callback(choices);

export const INTEGERS = of(0, 1, 2, 3, 7, 100, 10_000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1);
export const MILLISECONDS = of(1, 1, 2, 5, 0.05, 0, 10, 1000, 86_400_000);
export const STRINGS = of(
  'env',
  'host',
  'add',
  'memory',
  'table',
  'global',
  'calls',
  'grow',
  'deep',
  'trap',
  '',
  'nö\ud800\0',
);
export const FUNC_TYPES = of(
  { params: [], results: [] },
  { params: ['i32'], results: ['i32'] },
  { params: ['i32', 'i32'], results: ['i32'] },
  { params: ['externref', 'i64', 'f64'], results: ['externref', 'v128'] },
);
export const TYPES: Make = (choices, world) =>
  choices.pick([
    FUNC_TYPES,
    of({ minimum: 1 }, { minimum: 1, maximum: 3 }, { minimum: 200 }, { minimum: 0, index64: true }),
    of({ element: 'funcref', minimum: 2 }, { element: 'externref', minimum: 10_000 }),
    of({ content: 'i32', mutable: true }, { content: 'externref', mutable: true }),
    object('StructType', 'ArrayType'),
  ])(choices, world);
export const ITEMS = object('Func', 'Memory', 'Global', 'Table', 'Tag', 'SharedMemory', 'Instance');
export const MODULES: Make = (choices, world) => [
  ['guest', world.object(choices, 'Module')],
  ...(choices.chance(30) ? [['other', world.object(choices, 'Module')]] : []),
];
export const OPTIONS: Make = (choices, world) =>
  choices.pick<Make>([
    of(
      undefined,
      {},
      { intervalMs: 1 },
      { everyEpoch: true },
      { hostCalls: 'frames' },
      { lines: false },
    ),
    (choices, _world) => ({
      everyEpoch: true,
      hostCalls: choices.pick([true, 'markers', 'frames']),
    }),
    (choices, world) => ({ modules: MODULES(choices, world), intervalMs: choices.pick([1, 5]) }),
    (choices) => ({ startMs: 1, endMs: choices.pick([2, 0]), data: { a: 1, b: 'text' } }),
    of(
      { format: 'speedscope' },
      { format: 'folded', weight: 'samples' },
      { format: 'page' },
      { weight: 'cpu' },
    ),
    (choices, world) => ({ signal: world.signal(choices) }),
    (choices, world) => ({
      clock: { wall: world.callback(choices), monotonic: world.callback(choices) },
    }),
  ])(choices, world);
