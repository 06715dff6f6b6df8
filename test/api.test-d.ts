/**
 * The public types, tested as types: `tsc` is what runs this file, as part of the lint.
 */

import { PassThrough, Readable } from 'node:stream';
import type {
  Caller,
  Component,
  Extern,
  FrameInfo,
  FuncType,
  Instance,
  Memory,
  NamedModule,
  ProfileOutput,
  Storelike,
  TypedFunc,
  ValType,
  ValueOf,
} from '../lib/index.js';
import {
  CallHook,
  Engine,
  Func,
  funcTypeMatches,
  GuestProfiler,
  type Linker,
  Module,
  Store,
  Trap,
  UpdateDeadline,
  valTypeMatches,
  WasiConfig,
  WasiExit,
  WasmtimeError,
} from '../lib/index.js';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when `value` is of type `T` itself, not of one that `T` includes. */
function exactly<T>() {
  return <V>(_value: V, _proof: Equal<V, T>): void => {};
}

declare const engine: Engine;
declare const store: Store;
declare const caller: Caller;
declare const instance: Instance;
declare const linker: Linker;
declare const module: Module;
declare const component: Component;
declare const func: Func;
declare const memory: Memory;
declare const linkedType: FuncType;

// Each value type has its JavaScript type.
exactly<number>()(0 as ValueOf<'i32'>, true);
exactly<bigint>()(0n as ValueOf<'i64'>, true);
exactly<number>()(0 as ValueOf<'f32'>, true);
exactly<number>()(0 as ValueOf<'f64'>, true);
exactly<Uint8Array>()(new Uint8Array() as ValueOf<'v128'>, true);
exactly<Func | null>()(null as ValueOf<'funcref'>, true);
exactly<unknown>()(0 as ValueOf<'externref'>, true);

// A typed function's arguments and results come from the literal that it was asked for with.
const typed = instance.getTypedFunc(store, 'f', {
  params: ['i32', 'i64', 'externref'],
  results: ['f64', 'i64'],
});
exactly<TypedFunc<readonly ['i32', 'i64', 'externref'], readonly ['f64', 'i64']>>()(typed, true);
exactly<[number, bigint]>()(typed.call(store, 1, 2n, {}), true);
exactly<[number, bigint]>()(typed.call(caller, 1, 2n, undefined), true);
// @ts-expect-error an argument too few
typed.call(store, 1, 2n);
// @ts-expect-error an argument too many
typed.call(store, 1, 2n, 3, 4);
// @ts-expect-error i64 is a bigint
typed.call(store, 1, 2, 3);
// @ts-expect-error the store comes first
typed.call(1, 2n, 3);

// One result is itself, none is undefined.
const one = func.typed({ params: [], results: ['i64'] });
exactly<bigint>()(one.call(store), true);
const none = func.typed({ params: [], results: [] });
exactly<undefined>()(none.call(store), true);
const reference = func.typed({ params: ['funcref'], results: ['funcref'] });
exactly<Func | null>()(reference.call(store, null), true);
// @ts-expect-error a function of JavaScript is no funcref
reference.call(store, () => 1);
const vector = func.typed({ params: ['v128'], results: ['v128'] });
exactly<Uint8Array>()(vector.call(store, new Uint8Array(16)), true);
// @ts-expect-error no such value type
func.typed({ params: ['i16'], results: [] });

// Types known at run time only are lists of any length.
declare const params: ValType[];
const loose = func.typed({ params, results: ['i32'] });
exactly<number>()(loose.call(store, 1, 'x', {}), true);

// A host function's arguments are inferred, and its result is checked.
linker.funcWrap('env', 'f', { params: ['i32', 'i64'], results: ['i32'] }, (caller, a, b) => {
  exactly<Caller>()(caller, true);
  exactly<number>()(a, true);
  exactly<bigint>()(b, true);
  return a + Number(b);
});
Func.wrap(store, { params: [], results: ['i32', 'i64'] }, () => [1, 2n]);
Func.wrap(store, { params: ['i32', 'i64'], results: ['i64', 'i32'] }, (_, a, b) => [b, a]);
const pair: [number, bigint] = [1, 2n];
Func.wrap(store, { params: [], results: ['i32', 'i64'] }, () => pair);
Func.wrap(store, { params: [], results: ['externref', 'v128'] }, () => ['x', new Uint8Array(16)]);
Func.wrap(caller, { params: [], results: [] }, () => 'whatever');
Func.wrap(store, { params: [], results: [] }, () => {});
Func.wrap(store, { params: ['f64'], results: ['f64'] }, (_, x) => x);
// Fewer parameters than there are arguments is JavaScript's habit.
Func.wrap(store, { params: ['i32', 'i32'], results: ['i32'] }, () => 1);
// @ts-expect-error i64 is a bigint
Func.wrap(store, { params: [], results: ['i64'] }, () => 1);
// @ts-expect-error a result is missing
Func.wrap(store, { params: [], results: ['i32'] }, () => {});
// @ts-expect-error two results are an array of their types
Func.wrap(store, { params: [], results: ['i32', 'i64'] }, () => [1n, 2]);
// @ts-expect-error two results are an array of two
Func.wrap(store, { params: [], results: ['i32', 'i32'] }, () => [1]);
// @ts-expect-error a host function is synchronous
Func.wrap(store, { params: [], results: ['i32'] }, async () => 1);
// … but for the one that says so: its promise's value is the result.
Func.wrapAsync(store, { params: ['i32'], results: ['i64'] }, async (caller, a) => {
  exactly<Caller>()(caller, true);
  exactly<number>()(a, true);
  return 1n;
});
linker.funcWrapAsync('env', 'x', { params: [], results: ['i32', 'i64'] }, async () => [1, 2n]);
linker.funcWrapAsync('env', 'x', { params: [], results: ['i32'] }, () => 1);
// @ts-expect-error i64 is a bigint, awaited too
Func.wrapAsync(store, { params: [], results: ['i64'] }, async () => 1);
// @ts-expect-error two results are an array of their types
linker.funcWrapAsync('env', 'x', { params: [], results: ['i32', 'i64'] }, async () => [1n, 2]);
// @ts-expect-error an argument that there isn't
Func.wrap(store, { params: ['i32'], results: [] }, (_, _a, _b) => {});

// Asynchronous calls promise what synchronous ones return; options come last.
const typedAsync = func.typed({ params: ['i32', 'i64'], results: ['f64'] });
exactly<Promise<number>>()(typedAsync.callAsync(store, 1, 2n), true);
exactly<Promise<number>>()(
  typedAsync.callAsync(caller, 1, 2n, { signal: AbortSignal.timeout(1) }),
  true,
);
exactly<Promise<Instance>>()(linker.instantiateAsync(caller, module, {}), true);
exactly<Promise<Instance>>()(linker.instantiatePre(module).instantiateAsync(store), true);
// @ts-expect-error i64 is a bigint
typedAsync.callAsync(store, 1, 2);
// @ts-expect-error a signal is an AbortSignal
typedAsync.callAsync(store, 1, 2n, { signal: 1 });
store.epochDeadlineAsyncYieldAndUpdate(1);
store.fuelAsyncYieldInterval(null);
exactly<UpdateDeadline>()(UpdateDeadline.yield(1), true);
// @ts-expect-error a number or a bigint, or null for never
store.fuelAsyncYieldInterval('1');

// An untyped call takes and gives anything.
const anything: string = func.call(store, 1, 'x', {});
void anything;

// Exports are one of four kinds, or absent.
exactly<Extern | undefined>()(instance.getExport(store, 'x'), true);
exactly<Extern | undefined>()(caller.getExport('x'), true);
exactly<Func>()(instance.getFunc(store, 'x'), true);

// Stores and callers are alike where a store is wanted.
exactly<Store | Caller>()(store as Storelike, true);
linker.instantiate(caller, module);
// @ts-expect-error an instance is no store
linker.instantiate(instance, module);

// Callbacks of a store.
store.epochDeadlineCallback((store) => {
  exactly<Store>()(store, true);
  return UpdateDeadline.continue(1);
});
store.epochDeadlineCallback(() => UpdateDeadline.interrupt);
// @ts-expect-error it decides
store.epochDeadlineCallback(() => {});
// @ts-expect-error it decides at once
store.epochDeadlineCallback(async () => UpdateDeadline.interrupt);
store.callHook((store, kind) => {
  exactly<Store>()(store, true);
  exactly<CallHook>()(kind, true);
  exactly<'CallingWasm' | 'ReturningFromWasm' | 'CallingHost' | 'ReturningFromHost'>()(kind, true);
});
store.callHook(null);
const kind: CallHook = CallHook.CallingHost;
void kind;
// @ts-expect-error only made by its two factories
new UpdateDeadline(1);

// Options are known and typed.
new Engine({ epochInterruption: true, craneliftOptLevel: 'none' });
// @ts-expect-error no such option
new Engine({ epochs: true });
// @ts-expect-error no such level
new Engine({ craneliftOptLevel: 'fast' });
new WasiConfig({
  args: ['a'] as const,
  env: { A: 'b' },
  stdin: new Uint8Array(),
  stdout: { capture: { limit: 1 } },
  stderr: 'inherit',
  preopens: [{ host: '.', guest: '/', readOnly: true }],
});
// @ts-expect-error stdin captures nothing
new WasiConfig({ stdin: 'capture' });

// Streams, functions and the process's environment fit as they are.
new WasiConfig({
  env: process.env,
  stdin: Readable.from(['text']),
  stdout: new PassThrough(),
  stderr: (bytes) => exactly<Uint8Array>()(bytes, true),
});

// Memories and types.
exactly<Uint8Array>()(memory.data(store), true);
exactly<boolean>()(valTypeMatches('i31ref', 'anyref'), true);
exactly<boolean>()(funcTypeMatches(linkedType, { params: ['i32'], results: [] }), true);
// @ts-expect-error
valTypeMatches('i31ref', 'any');

// Errors say what they are.
declare const error: unknown;
if (error instanceof Trap) {
  exactly<string>()(error.trapCode, true);
  exactly<readonly FrameInfo[]>()(error.frames, true);
}
if (error instanceof WasiExit) exactly<number>()(error.exitCode, true);
const base: WasmtimeError = new Trap('m', 'Interrupt');
exactly<string>()(base.code, true);
exactly<WasmtimeError>()(base, true);
void WasmtimeError;

// A profile goes where it is asked to.
const profiler = new GuestProfiler('p', 1, [['m', module]]);
exactly<GuestProfiler>()(GuestProfiler.forComponent('p', 1, component, [['m', module]]), true);
new GuestProfiler('p', 1, [['c', component, { debugInfo: 'c.wasm' }]]);
exactly<Promise<Uint8Array>>()(profiler.finish(), true);
exactly<Promise<undefined>>()(profiler.finish('path'), true);
exactly<Promise<undefined>>()(profiler.finish(process.stdout), true);
exactly<Promise<undefined>>()(profiler.finish(new URL('file:///x') as ProfileOutput), true);
profiler.sample(caller, 0);
// @ts-expect-error a delta is needed
profiler.sample(store);
const modules: NamedModule[] = [['m', module]];
new GuestProfiler('p', 1, modules);
// @ts-expect-error the name comes first
new GuestProfiler('p', 1, [[module, 'm']]);

// Handles can be disposed by `using`.
{
  using _store = new Store(engine);
  using _ticker = engine.startEpochTicker(1);
}

// Not to be made by hand.
// @ts-expect-error
new Module(engine, undefined);
// @ts-expect-error
new Func(store, undefined);
