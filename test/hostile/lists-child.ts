// Guests that give lists from anywhere and take them by allocators that lie: `lists-child.ts FIRST COUNT TRACE`, from
// seed FIRST on. What they give must be what the canonical ABI says it is, and what they take must be what they were
// given, or an error of ours. Prints what it counted.
import { writeFileSync } from 'node:fs';
import {
  Component,
  type ComponentInstance,
  ComponentLinker,
  Engine,
  Store,
  WasmtimeError,
} from '../../lib/index.js';
import { seededRandom } from '../support/random.js';
import {
  alignment,
  isScalar,
  Memory,
  Refused,
  SCALAR_KINDS,
  type Scalar,
  size,
  type Type,
  text,
} from './canonical-abi.js';

const [first = '1', count = '1', trace = '/dev/null'] = process.argv.slice(2);

const PAGE = 65_536;
/** Where the guest's data begin: below is what its functions use. */
const DATA = 64;
/** Elements that are read, however often: Wasmtime has a limit of its own, which is larger. */
const BUDGET = 200_000;

const counted = { given: 0, refused: 0, taken: 0, notTaken: 0, spent: 0, cannotEnter: 0 };
const engine = new Engine();

/** What an allocator does: by these numbers its guest knows them. */
const ALLOCATORS = [
  // One that does what it should, which follows the last block.
  'good',
  // … after its memory has grown, at its end.
  'grows',
  'odd',
  'at the end',
  'outside',
  'before 0',
  'at 0',
  'traps',
  // It calls the function that the list comes from, or goes to.
  'calls back',
] as const;

for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  writeFileSync(trace, `seed ${seed}`);
  await tryGuest(seed);
}
console.log(JSON.stringify(counted));

async function tryGuest(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const element = randomType(random, 2);
  const memory = randomMemory(random, element);
  const component = Component.compile(engine, guest(element, memory));
  for (let i = 0; i < 12; i++) {
    const at = randomPointer(random);
    const length = randomLength(random);
    await give(component, element, memory, at, length, random(2) === 0);
  }
  for (let i = 0; i < 12; i++) {
    const length = [0, 1, 2, 3, 50, 127, 128, 129, 1000, 5000][random(10)] as number;
    const list = Array.from({ length }, () => randomValue(random, element));
    const allocator = random(ALLOCATORS.length);
    await take(component, element, allocator, list, random(2) === 0, random(2) === 0);
  }
}

/** A list that lies anywhere. */
async function give(
  component: Component,
  element: Type,
  bytes: Uint8Array,
  at: number,
  length: number,
  isAsync: boolean,
): Promise<void> {
  using started = start(component, () => []);
  const memory = new Memory(bytes.slice(), BUDGET);
  // As the guest leaves them for its caller.
  new DataView(memory.bytes.buffer).setUint32(16, at, true);
  new DataView(memory.bytes.buffer).setUint32(20, length, true);
  let expected: unknown;
  let refused: Refused | undefined;
  try {
    expected = memory.list(element, at, length);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused = error;
  }
  if (memory.isSpent) {
    counted.spent++;
    return;
  }
  const what = `list<${text(element)}> of ${length} at ${at}`;
  const found = await outcome(() => started.call('give', isAsync, at, length), what);
  if (refused !== undefined) {
    counted.refused++;
    if (found.error === undefined) throw new Error(`${what}: taken, but ${refused.message}`);
  } else {
    counted.given++;
    if (found.error !== undefined)
      throw new Error(`${what}: ${found.error}`, { cause: found.error });
    if (!isSame(found.value, expected)) throw new Error(`${what}: another list`);
  }
}

/** A list that goes to the guest, as an argument or as the result of a host function. */
async function take(
  component: Component,
  element: Type,
  allocator: number,
  list: unknown[],
  isAsync: boolean,
  asResult: boolean,
): Promise<void> {
  const value = asNumbers(element, list);
  using started = start(component, () => value);
  const name = ALLOCATORS[allocator] as (typeof ALLOCATORS)[number];
  const what = `list<${text(element)}> of ${list.length}, ${name}`;
  await started.call('allocate', false, allocator);
  const taken = asResult
    ? () => started.call('fetch', isAsync, size(element))
    : () => started.call('take', isAsync, value, size(element));
  const found = await outcome(taken, what);
  if (found.error !== undefined) counted.notTaken++;
  else counted.taken++;
  const isGood = name === 'good' || name === 'grows';
  if (isGood && found.error !== undefined) {
    throw new Error(`${what}: ${found.error}`, { cause: found.error });
  }
  // Where there is nothing to make room for, nobody lies.
  if (!isGood && list.length > 0 && found.error === undefined && name !== 'at 0') {
    const isAligned = name === 'odd' && alignment(element) === 1;
    if (!isAligned) throw new Error(`${what}: taken`);
  }
  if (isGood && isScalar(element)) {
    const sum = checksum(bytesOf(element.kind, list));
    if (found.value !== sum) throw new Error(`${what}: ${found.value} instead of ${sum}`);
  }
  // One that has failed is left in the middle of it.
  if (found.error !== undefined && list.length > 0) {
    const again = await outcome(() => started.call('allocate', false, 0), what);
    if (again.error !== undefined) counted.cannotEnter++;
  }
}

async function outcome(
  f: () => unknown,
  what: string,
): Promise<{ value?: unknown; error?: WasmtimeError }> {
  try {
    return { value: await f() };
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw new Error(`${what}: ${error}`, { cause: error });
    return { error };
  }
}

function start(component: Component, host: () => unknown) {
  const store = new Store(engine);
  const linker = new ComponentLinker(engine);
  linker.root().funcNew('f', host);
  const instance: ComponentInstance = linker.instantiate(store, component);
  const call = (name: string, isAsync: boolean, ...args: unknown[]): unknown => {
    const func = instance.getFunc(store, name);
    return isAsync ? func.callAsync(store, ...args) : func.call(store, ...args);
  };
  return { call, [Symbol.dispose]: () => store.dispose() };
}

function guest(element: Type, memory: Uint8Array): string {
  const list = `(list ${text(element)})`;
  const data = Buffer.from(memory.subarray(DATA)).toString('hex').replaceAll(/../g, '\\$&');
  const options = '(memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))';
  const cases = [
    `(call $good (local.get $align) (local.get $size))`,
    `(drop (memory.grow (i32.const 3)))
     (local.set $old (i32.sub (i32.mul (memory.size) (i32.const ${PAGE})) (i32.const ${2 * PAGE})))
     (if (result i32) (i32.gt_u (local.get $size) (i32.const ${2 * PAGE}))
       (then (call $good (local.get $align) (local.get $size)))
       (else (local.get $old)))`,
    '(i32.or (call $good (local.get $align) (i32.add (local.get $size) (i32.const 1))) (i32.const 1))',
    `(i32.sub (i32.mul (memory.size) (i32.const ${PAGE}))
       (i32.and (i32.sub (local.get $size) (i32.const 1)) (i32.sub (i32.const 0) (local.get $align))))`,
    `(i32.mul (memory.size) (i32.const ${PAGE}))`,
    '(i32.sub (i32.const 0) (local.get $align))',
    '(i32.const 0)',
    'unreachable',
    `(call_indirect (type $f) (i32.const 32) (i32.const 0))
     (call $good (local.get $align) (local.get $size))`,
  ];
  const branches = cases.map(
    (code, i) => `(if (i32.eq (global.get $allocator) (i32.const ${i})) (then (return ${code})))`,
  );
  return `(component
    (import "f" (func $f (result ${list})))
    (core module $libc
      (type $f (func (param i32)))
      (memory (export "memory") 2)
      (table (export "table") 1 funcref)
      (data (i32.const ${DATA}) "${data}")
      (global $allocator (export "allocator") (mut i32) (i32.const 0))
      (global $next (mut i32) (i32.const ${PAGE}))
      (func $good (param $align i32) (param $size i32) (result i32) (local $at i32)
        (local.set $at (i32.and
          (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (block $done (loop $grow
          (br_if $done (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const ${PAGE}))))
          (drop (memory.grow (i32.const 1)))
          (br $grow)))
        (local.get $at))
      (func (export "realloc") (param $old i32) (param i32) (param $align i32) (param $size i32) (result i32)
        ${branches.join('\n')}
        unreachable))
    (core instance $libc (instantiate $libc))
    (core func $lowered (canon lower (func $f) ${options}))
    (core module $m
      (import "" "memory" (memory 2))
      (import "" "table" (table 1 funcref))
      (import "" "allocator" (global $allocator (mut i32)))
      (import "" "f" (func $f (param i32)))
      (elem (i32.const 0) func $f)
      (func (export "give") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0))
        (i32.store (i32.const 20) (local.get 1))
        (i32.const 16))
      (func $sum (export "take") (param $at i32) (param $length i32) (param $size i32) (result i64)
        (local $end i32) (local $sum i64)
        (local.set $end
          (i32.add (local.get $at) (i32.mul (local.get $length) (local.get $size))))
        (block $done (loop $next
          (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
          (local.set $sum (i64.add
            (i64.mul (local.get $sum) (i64.const 31)) (i64.load8_u (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
        (local.get $sum))
      (func (export "fetch") (param $size i32) (result i64)
        (call $f (i32.const 32))
        (call $sum (i32.load (i32.const 32)) (i32.load (i32.const 36)) (local.get $size)))
      (func (export "allocate") (param i32) (global.set $allocator (local.get 0))))
    (core instance $m (instantiate $m (with "" (instance
      (export "memory" (memory $libc "memory"))
      (export "table" (table $libc "table"))
      (export "allocator" (global $libc "allocator"))
      (export "f" (func $lowered))))))
    (func (export "give") (param "at" u32) (param "length" u32) (result ${list})
      (canon lift (core func $m "give") ${options}))
    (func (export "take") (param "x" ${list}) (param "size" u32) (result u64)
      (canon lift (core func $m "take") ${options}))
    (func (export "fetch") (param "size" u32) (result u64)
      (canon lift (core func $m "fetch") ${options}))
    (func (export "allocate") (param "n" u32) (canon lift (core func $m "allocate"))))`;
}

function randomType(random: (limit: number) => number, depth: number): Type {
  const what = depth === 0 ? 0 : random(10);
  if (what < 6) return { kind: SCALAR_KINDS[random(SCALAR_KINDS.length)] as Scalar };
  if (what === 6) return { kind: 'string' };
  if (what === 7) return { kind: 'list', element: randomType(random, depth - 1) };
  if (what === 8) return { kind: 'option', element: randomType(random, depth - 1) };
  const types = Array.from({ length: 1 + random(3) }, () => randomType(random, depth - 1));
  return { kind: 'tuple', types };
}

/** Two pages: numbers of all kinds, and among them places of lists and texts that are mostly right. */
function randomMemory(random: (limit: number) => number, element: Type): Uint8Array {
  const bytes = new Uint8Array(2 * PAGE);
  const view = new DataView(bytes.buffer);
  const hasNoPlaces = isScalar(element);
  for (let at = DATA; at < bytes.length; at += 8) {
    const kind = random(100);
    if (kind < 2) {
      view.setUint32(at, randomPointer(random), true);
      view.setUint32(at + 4, randomLength(random), true);
    } else if (kind < 60 && !hasNoPlaces) {
      view.setUint32(at, 8 * random(PAGE / 8), true);
      view.setUint32(at + 4, random(6), true);
    } else {
      // Zeros and ones are booleans and cases; letters are texts and characters.
      for (let i = 0; i < 8; i += 4) {
        view.setUint32(
          at + i,
          [random(2), 97 + random(26), random(2 ** 32)][random(3)] as number,
          true,
        );
      }
    }
  }
  return bytes;
}

function randomPointer(random: (limit: number) => number): number {
  const near = (n: number) => (n + random(17) - 8 + 2 ** 32) % 2 ** 32;
  const pointers = [near(0), near(2 * PAGE), near(2 ** 31), near(2 ** 32 - 8), random(2 ** 32)];
  return random(10) < 6 ? 8 * random((2 * PAGE) / 8) : (pointers[random(5)] as number);
}

function randomLength(random: (limit: number) => number): number {
  const near = (n: number) => (n + random(5) - 2 + 2 ** 32) % 2 ** 32;
  const lengths = [
    near(0),
    near(PAGE),
    near(2 ** 29),
    near(2 ** 30),
    near(2 ** 31),
    near(2 ** 32 - 3),
  ];
  return random(10) < 6 ? random(300) : (lengths[random(6)] as number);
}

function randomValue(random: (limit: number) => number, type: Type): unknown {
  switch (type.kind) {
    case 'bool':
      return random(2) === 0;
    case 'u64':
      return BigInt(random(2 ** 32)) << 20n;
    case 's64':
      return -(BigInt(random(2 ** 32)) << 20n);
    case 's8':
    case 's16':
    case 's32':
      return random(200) - 100;
    case 'char':
      return String.fromCodePoint(97 + random(50_000));
    case 'string':
      return 'aé漢😀'.repeat(random(4));
    case 'list':
      return Array.from({ length: random(4) }, () => randomValue(random, type.element));
    case 'option': {
      const value = randomValue(random, type.element);
      if (type.element.kind === 'option') {
        return random(2) === 0 ? { tag: 'none' } : { tag: 'some', val: value };
      }
      return random(2) === 0 ? undefined : value;
    }
    case 'tuple':
      return type.types.map((part) => randomValue(random, part));
    default:
      return random(200);
  }
}

/** Lists of numbers go as typed arrays, every other one. */
function asNumbers(element: Type, list: unknown[]): unknown {
  if (!isScalar(element) || element.kind === 'bool' || element.kind === 'char') return list;
  const bytes = bytesOf(element.kind, list);
  return list.length % 2 === 0 ? list : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function bytesOf(kind: Scalar, list: unknown[]): Uint8Array {
  const each = size({ kind });
  const bytes = new Uint8Array(each * list.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of list.entries()) {
    const at = i * each;
    if (kind === 'f32') view.setFloat32(at, value as number, true);
    else if (kind === 'f64') view.setFloat64(at, value as number, true);
    else if (kind === 'char') view.setUint32(at, (value as string).codePointAt(0) as number, true);
    else if (each === 8) view.setBigInt64(at, BigInt.asIntN(64, value as bigint), true);
    else if (each === 4) view.setInt32(at, value as number, true);
    else if (each === 2) view.setInt16(at, value as number, true);
    else view.setInt8(at, Number(value));
  }
  return bytes;
}

/** As the guest's. */
function checksum(bytes: Uint8Array): bigint {
  let sum = 0n;
  for (const byte of bytes) sum = BigInt.asUintN(64, sum * 31n + BigInt(byte));
  return sum;
}

function isSame(a: unknown, b: unknown): boolean {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    const [x, y] = [a, b].map(
      (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    );
    return (
      a.constructor === b.constructor && Buffer.compare(x as Uint8Array, y as Uint8Array) === 0
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  }
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    const keys = Object.keys(b);
    return (
      Object.keys(a).length === keys.length &&
      keys.every((key) => isSame(Reflect.get(a, key), Reflect.get(b, key)))
    );
  }
  return Object.is(a, b);
}
