import {
  Engine,
  type FinishedProfile,
  GuestProfiler,
  Linker,
  Module,
  Store,
  UpdateDeadline,
} from '../../lib/index.js';
import { HOSTILE_STRINGS, LONE_SURROGATES } from './strings.js';

/** The longest that a guest's name stays. */
const MAX_NAME = 4096;

/** As the profile shows what a guest called it. */
export function shownName(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

/** A string in the text format. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text)];
  return `"${bytes.map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')}"`;
}

/** A profile in which everything that anybody can name has such a name. */
export function hostileProfile(): FinishedProfile {
  const engine = new Engine({ epochInterruption: true });
  const functions = HOSTILE_STRINGS.map(
    (_, i) => `(func $f${i} (export "f${i}") (call $bump) (loop))`,
  ).join('\n');
  // The name section itself, since the text format takes no name twice and not the empty one.
  const names = HOSTILE_STRINGS.map(
    (name, i) => leb(i + 1) + leb(byteLength(name)) + hex(name),
  ).join('');
  const map = leb(HOSTILE_STRINGS.length) + names;
  const section = `01${leb(map.length / 2)}${map}`.replace(/../g, '\\$&');
  const module = Module.compile(
    engine,
    `(module (import "env" ${quoted('bump\n"</script>')} (func $bump)) ${functions}
      (@custom "name" "${section}"))`,
  );
  const store = new Store(engine);
  const all = [...HOSTILE_STRINGS, ...LONE_SURROGATES];
  // Of the module's name the formats for Chrome have a copy a function.
  const short = all.filter((name) => name.length < 100);
  const profiler = new GuestProfiler(all.join(' '), 1, [[short.join('/'), module]]);
  store.setEpochDeadline(1);
  store.epochDeadlineCallback((store) => {
    profiler.sample(store, 0.5);
    return UpdateDeadline.continue(1);
  });
  store.callHook((store, kind) => profiler.callHook(store, kind));
  const linker = new Linker(engine);
  const bump = () => engine.incrementEpoch();
  linker.funcWrap('env', 'bump\n"</script>', { params: [], results: [] }, bump);
  const instance = linker.instantiate(store, module);
  for (const i of HOSTILE_STRINGS.keys()) instance.getFunc(store, `f${i}`).call(store);
  for (const name of all) {
    const key = /[{}]/.test(name) ? 'key' : name;
    profiler.addMarker(name, { data: { [key]: name } });
    profiler.addCounter(name).sample(1);
  }
  return profiler.finishProfile();
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

/** An unsigned number in LEB128, in hexadecimal digits. */
function leb(number: number): string {
  const bytes: number[] = [];
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    const more = rest >= 128;
    bytes.push((rest % 128) + (more ? 128 : 0));
    if (!more) break;
  }
  return Buffer.from(bytes).toString('hex');
}
