// Arguments: by the parameter's name mostly what belongs there, sometimes anything at all.
import * as lib from '../../lib/index.js';
import type { Choices } from './choices.js';
import type { World } from './world.js';

type Make = (choices: Choices, world: World) => unknown;

const of =
  (...values: readonly unknown[]): Make =>
  (choices) =>
    choices.pick(values);
const object =
  (...classes: readonly string[]): Make =>
  (choices, world) =>
    world.object(choices, choices.pick(classes));
const callback: Make = (choices, world) => world.callback(choices);

const INTEGERS = of(0, 1, 2, 3, 7, 100, 10_000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1);
const MILLISECONDS = of(1, 1, 2, 5, 0.05, 0, 10, 1000, 86_400_000);
const STRINGS = of(
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
const FUNC_TYPES = of(
  { params: [], results: [] },
  { params: ['i32'], results: ['i32'] },
  { params: ['i32', 'i32'], results: ['i32'] },
  { params: ['externref', 'i64', 'f64'], results: ['externref', 'v128'] },
);
const TYPES: Make = (choices, world) =>
  choices.pick([
    FUNC_TYPES,
    of({ minimum: 1 }, { minimum: 1, maximum: 3 }, { minimum: 200 }, { minimum: 0, index64: true }),
    of({ element: 'funcref', minimum: 2 }, { element: 'externref', minimum: 10_000 }),
    of({ content: 'i32', mutable: true }, { content: 'externref', mutable: true }),
    object('StructType', 'ArrayType'),
  ])(choices, world);
const ITEMS = object('Func', 'Memory', 'Global', 'Table', 'Tag', 'SharedMemory', 'Instance');
const MODULES: Make = (choices, world) => [
  ['guest', world.object(choices, 'Module')],
  ...(choices.chance(30) ? [['other', world.object(choices, 'Module')]] : []),
];
const OPTIONS: Make = (choices, world) =>
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
      { random: { secure: 1, insecureSeed: 2n ** 100n }, clocks: { wall: { startNs: 1 } } },
    ),
    (choices, world) => ({ signal: world.signal(choices) }),
    (choices, world) => ({
      clock: { wall: world.callback(choices), monotonic: world.callback(choices) },
    }),
  ])(choices, world);

/** What a parameter of that name wants. */
const BY_NAME: Record<string, Make> = {
  store: (choices, world) =>
    choices.chance(20) ? world.object(choices, 'Caller') : world.object(choices, 'Store'),
  engine: object('Engine'),
  module: (choices, world) =>
    choices.chance(50) ? STRINGS(choices, world) : world.object(choices, 'Module'),
  asModule: STRINGS,
  asName: STRINGS,
  name: STRINGS,
  instance: object('Instance'),
  component: object('Component'),
  item: ITEMS,
  func: object('Func'),
  source: object('Table', 'Component'),
  tag: object('Tag'),
  config: (choices, world) =>
    choices.chance(50)
      ? new lib.WasiConfig()
      : of({}, { consumeFuel: true }, { target: 'x' })(choices, world),
  handle: object('InterruptHandle'),
  hook: callback,
  callback,
  fn: callback,
  limiter: (choices, world) => ({
    memorySize: choices.pick([1 << 20, 2 ** 40]),
    memoryGrowing: world.callback(choices),
    tableGrowing: world.callback(choices),
  }),
  kind: of('CallingWasm', 'CallingHost', 'ReturningFromHost', 'ReturningFromWasm'),
  type: TYPES,
  params: of([], ['i32'], ['externref']),
  bytesOrWat: of(
    '(module)',
    '(module (func (export "f")))',
    '(module',
    new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]),
  ),
  bytes: of(
    new Uint8Array(0),
    new Uint8Array(100),
    new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]),
    new ArrayBuffer(8),
  ),
  token: (choices, world) => world.token(choices),
  values: of([], [1], [1, 2, 3]),
  fields: of([], ['i32'], [{ content: 'i32', mutable: true }]),
  element: of('i8', 'i32', { content: 'externref', mutable: true }),
  other: object('GcRef', 'Tag', 'StructType', 'ArrayType'),
  modules: MODULES,
  moduleName: STRINGS,
  options: OPTIONS,
  // Relative to an empty directory that the run has to itself.
  output: of(undefined, 'profile.json', 'profile.cpuprofile.gz', 'missing/profile.json'),
  path: of(
    'profile.json',
    'missing/profile.json',
    'profile.folded',
    'calls',
    'make',
    'use',
    'thing',
  ),
  directory: of('rotated'),
  deltaMs: of(0, 0.5, 1, -1, Number.NaN),
  intervalMs: MILLISECONDS,
  durationMs: of(1, 2),
  delayMs: MILLISECONDS,
  signal: (choices, world) => world.signal(choices),
  profiles: (choices, world) => [world.object(choices, 'FinishedProfile')],
  profiler: object('GuestProfiler'),
  '...signals': of('SIGUSR2'),
};

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

/** An argument for a parameter of that name. */
export function argument(param: string, choices: Choices, world: World): unknown {
  const way = choices.below(100);
  if (way < 80) return (BY_NAME[param] ?? INTEGERS)(choices, world);
  if (way < 90) return ANYTHING(choices, world);
  return world.object(choices, choices.pick(world.classes()));
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
