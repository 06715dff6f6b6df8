// What functions want: a function that is added, and whose parameters' names don't tell, gets a line here.
import { readFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import * as lib from '../../lib/index.js';
import {
  callback,
  FUNC_TYPES,
  INTEGERS,
  ITEMS,
  type Make,
  MILLISECONDS,
  MODULES,
  OPTIONS,
  object,
  of,
  STRINGS,
  TYPES,
} from './makers.js';

/** What a parameter of that name wants. */
export const BY_NAME: Record<string, Make> = {
  store: (choices, world) => world.store(choices),
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
  extraModules: MODULES,
  moduleName: STRINGS,
  componentName: STRINGS,
  options: OPTIONS,
  // Relative to an empty directory that the run has to itself.
  output: of(undefined, 'profile.json', 'profile.cpuprofile.gz', 'missing/profile.json'),
  path: of('profile.json', 'missing/profile.json', 'profile.folded'),
  directory: of('rotated'),
  deltaMs: of(0, 0.5, 1, -1, Number.NaN),
  intervalMs: MILLISECONDS,
  durationMs: of(1, 2),
  delayMs: MILLISECONDS,
  signal: (choices, world) => world.signal(choices),
  profiles: (choices, world) => [world.object(choices, 'FinishedProfile')],
  profiler: object('GuestProfiler'),
};

const SMALL = of(0, 1, 2, 3);
const INDEX = of(0, 0, 1, 9);
const VALUES = of(0, 1, 3, 5n, 1.5, null);
const WRITE = of(undefined, {}, { format: 'folded' }, { weight: 'cpu' }, { format: 'x' });
const ATOMIC = of('i32', 'i64');
const OFFSETS = of(0, 4, 8, 64, 65_532, 65_536, 3);
const BIGINTS = of(0n, 1n, -1n, 2n ** 31n, 2n ** 64n);
const MEMORY_TYPES = of({ minimum: 1 }, { minimum: 0, maximum: 2 }, { minimum: 200 });
const PATHS = of('calls', 'make', ['take'], 'use', 'counter', 'module', 'missing', [
  'counter',
  'x',
]);
const COMPILED = ['guest.cwasm', 'component.cwasm'];
const PROFILED: Make = (choices, world) => ({ modules: MODULES(choices, world), intervalMs: 5 });

/** What the parameter of one function wants, where its name means something else elsewhere. */
export const BY_FUNCTION: Record<string, Make> = {
  'Module.fromFile path': of('guest.wat', 'component.wat', 'missing.wat'),
  'Component.fromFile path': of('component.wat', 'guest.wat', 'missing.wat'),
  'Module.deserializeFile path': of('guest.cwasm', 'component.cwasm', 'guest.wat', 'missing'),
  'Component.deserializeFile path': of('component.cwasm', 'guest.cwasm', 'missing'),
  'Module.deserialize bytes': (choices) => readFileSync(choices.pick(COMPILED)),
  'Component.deserialize bytes': (choices) => readFileSync(choices.pick(COMPILED)),
  'Module.validate bytes': of(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]), new Uint8Array(100)),
  'Component.compile bytesOrWat': of('(component)', '(module)', '(component', new Uint8Array(8)),
  'ComponentInstance.getFunc path': PATHS,
  'ComponentInstance.getModule path': of('module', ['module'], 'make'),
  'ComponentInstance.getResource path': of('counter', ['counter'], 'make'),
  'ComponentLinker.instance name': STRINGS,
  'LinkerInstance.resource type': object('ResourceType'),
  'LinkerInstance.resource drop': callback,
  'ResourceType.equals other': object('ResourceType'),
  'FinishedProfile.read source': of('read.json', 'missing.json', new Uint8Array(8)),
  'FinishedProfile.disassemble module': (choices, world) => [
    'guest',
    world.object(choices, 'Module'),
  ],
  'FinishedProfile.disassemble options': of(undefined, {}, { limit: 1 }),
  'FinishedProfile.hotFunctions thread': of(undefined, 0, 1),
  'FinishedProfile.write options': WRITE,
  'FinishedProfile.writeSync options': WRITE,
  'GuestProfiler.finish options': WRITE,
  'GuestProfiler.finishSync options': WRITE,
  'LiveProfiler.handler request': (choices) =>
    Object.assign(new IncomingMessage(new Socket()), {
      method: choices.pick(['GET', 'GET', 'PUT']),
      url: choices.pick(['/debug/pprof/profile?seconds=0.001', '/profile?seconds=x', '/', '//\0']),
    }),
  'LiveProfiler.handler response': () => new ServerResponse(new IncomingMessage(new Socket())),
  'LiveProfiler.handler next': (choices, world) =>
    choices.pick([undefined, world.callback(choices)]),
  'sourcesUnder directory': of('.', 'missing', 'read.json'),
  'sourcesUnder prefix': STRINGS,
  'watchMemory limiter': of({}, { memorySize: 1 << 20 }, { instances: 3 }),
  'profileGuest options': PROFILED,
  'new LiveProfiler options': PROFILED,
  'new BenchProfiler options': (choices, world) => ({
    modules: MODULES(choices, world),
    enabled: choices.pick([true, false]),
  }),
  'LiveProfiler.rotate options': of({ directory: 'rotated' }, { directory: 'rotated', keep: 1 }),
  'new WasiConfig options': (choices, world) =>
    choices.pick<unknown>([
      {},
      { args: ['a'], env: { A: 'b' }, stdout: 'capture' },
      { stdout: world.callback(choices), stdin: new Uint8Array(3) },
      { preopens: [{ host: '.', guest: '/' }], network: 'inherit' },
      { random: { secure: 1, insecureSeed: 2n ** 100n }, clocks: { wall: { startNs: 1 } } },
    ]),
  'Store.setWasi config': object('WasiConfig'),
  'Store.wasiOutput stream': of('stdout', 'stderr', 'stdin'),
  'Store.setFuel fuel': of(1_000_000, 10_000n, 0, 2n ** 64n),
  'Store.fuelAsyncYieldInterval interval': of(10_000, 10_000n, null, 0),
  'Linker.instance module': STRINGS,
  'Linker.module module': object('Module'),
  'Linker.instantiate module': object('Module'),
  'Linker.instantiateAsync module': object('Module'),
  'Linker.instantiatePre module': object('Module'),
  'Linker.defineUnknownImportsAsTraps module': object('Module'),
  'Linker.defineUnknownImportsAsDefaultValues module': object('Module'),
  'LinkerInstance.module module': object('Module'),
  'Linker.allowShadowing allow': of(true, false),
  'Linker.allowUnknownExports allow': of(true, false),
  'ComponentLinker.allowShadowing allow': of(true, false),
  'Linker.get module': of('env', 'host'),
  'Linker.get name': of('host', 'memory'),
  'Linker.alias module': of('env'),
  'Linker.alias name': of('host', 'memory'),
  'Linker.aliasModule module': of('env', 'other'),
  'Linker.getDefault module': STRINGS,
  'Linker.define module': STRINGS,
  'Linker.funcWrap module': STRINGS,
  'Linker.funcWrapAsync module': STRINGS,
  'Func.typed type': FUNC_TYPES,
  'Instance.getTypedFunc type': FUNC_TYPES,
  'Instance.getTypedFunc name': of('add', 'calls', 'deep'),
  'Instance.getSharedMemory name': of('shared', 'memory'),
  'Instance.getMemory name': of('memory', 'add'),
  'Instance.getTable name': of('table', 'add'),
  'Instance.getGlobal name': of('global', 'add'),
  'Instance.getTag name': of('tag', 'add'),
  'Memory.create type': MEMORY_TYPES,
  'Memory.grow delta': SMALL,
  'SharedMemory.create type': of({ minimum: 1, maximum: 2, shared: true }, { minimum: 1 }),
  'SharedMemory.grow delta': SMALL,
  'Table.create type': of({ element: 'funcref', minimum: 2 }, { element: 'externref', minimum: 9 }),
  'Table.create init': of(null, undefined),
  'Table.grow delta': SMALL,
  'Table.grow init': of(null, undefined),
  'Table.set value': object('Func'),
  'Table.fill value': object('Func'),
  'Global.create type': of({ content: 'i32', mutable: true }, { content: 'externref' }),
  'Global.create value': VALUES,
  'Global.set value': VALUES,
  'GcRef.refEq other': object('GcRef', 'StructRef'),
  'GcRef.fromExtern value': of({}, 'x', null),
  'StructRef.create type': object('StructType'),
  'StructRef.create values': of([1], [], [1, 2]),
  'StructRef.setField value': VALUES,
  'ArrayRef.create type': object('ArrayType'),
  'ArrayRef.create value': SMALL,
  'ArrayRef.create length': of(0, 8, 100),
  'ArrayRef.fixed type': object('ArrayType'),
  'ArrayRef.fromBytes type': object('ArrayType'),
  'ArrayRef.set value': SMALL,
  'StructType.matches other': object('StructType'),
  'ArrayType.matches other': object('ArrayType'),
  'Tag.eq other': object('Tag'),
  'ExnRef.create values': of([1], []),
  'valTypeMatches type': of('i32', 'funcref', 'externref'),
  'valTypeMatches other': of('i32', 'funcref', 'externref'),
  'funcTypeMatches type': FUNC_TYPES,
  'funcTypeMatches other': FUNC_TYPES,
};

for (const name of ['Load', 'Exchange', 'CompareExchange', 'Notify', 'Wait']) {
  const of = `SharedMemory.atomic${name}`;
  BY_FUNCTION[`${of} type`] = ATOMIC;
  BY_FUNCTION[`${of} offset`] = OFFSETS;
  BY_FUNCTION[`${of} value`] = BIGINTS;
  BY_FUNCTION[`${of} expected`] = BIGINTS;
}
for (const param of ['index', 'to', 'from', 'start', 'length', 'offset']) {
  for (const of of ['StructRef', 'ArrayRef', 'ExnRef', 'Table', 'Memory', 'SharedMemory']) {
    for (const name of ['field', 'setField', 'get', 'set', 'fill', 'copy', 'read', 'write']) {
      BY_FUNCTION[`${of}.${name} ${param}`] = INDEX;
    }
  }
}

const INTEGER_OR_TWO: Make<unknown[]> = (choices, world) =>
  Array.from({ length: choices.pick([1, 1, 2]) }, () => INTEGERS(choices, world));

const NUMBER_OR_RESOURCE: Make<unknown[]> = (choices, world) => [
  choices.chance(70) ? SMALL(choices, world) : world.object(choices, 'ResourceAny'),
];

/** What functions with any number of parameters want. */
export const REST: Record<string, Make<unknown[]>> = {
  'Func.call': INTEGER_OR_TWO,
  'Func.callAsync': INTEGER_OR_TWO,
  'TypedFunc.call': INTEGER_OR_TWO,
  'TypedFunc.callAsync': INTEGER_OR_TWO,
  'ComponentFunc.call': NUMBER_OR_RESOURCE,
  'ComponentFunc.callAsync': NUMBER_OR_RESOURCE,
  'InterruptHandle.triggerOnSignals': () => ['SIGUSR2'],
};
