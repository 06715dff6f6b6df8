import { HOSTCALL_SCHEMA } from '../../lib/profile/marker-schema.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';

/** Milliseconds since 1970 at which all these profiles start. */
export const START_UNIX_MS = 1_700_000_000_000;

/** Names a guest could choose to trip a writer: quotes, controls, a lone surrogate, markup, nothing. */
export const WEIRD_NAMES = [
  'say "hi" \\ \n\t\u0000\u001f',
  'lone \ud800 surrogate',
  '</script><!-- <b>',
  'snowman ☃ 𝄞 ä \u2028',
  '',
  '__proto__',
];

/**
 * A recording of 20 samples, 1 ms apart, of two modules, written by hand:
 *
 * ```
 * app.wasm: main ─┬─ parse ── skip_space (inlined) ── lib.wasm: memchr   8 samples
 *                 ├─ parse                                               4
 *                 └─ print                                               3, and the cause of 2 hostcalls
 * (no frame)                                                             2
 * weird names, one below the other                                       3
 * ```
 */
export function sampleProfile(): Profile {
  const profile = new Profile({
    product: 'app',
    intervalMs: 1,
    startTimeUnixMs: START_UNIX_MS,
  });
  const { strings, libs, resources, nativeSymbols, sources, funcs, frames, stacks } = profile;
  const source = sources.intern(strings.intern('src/app.c'));
  sources.setContent(source, 'int main() {\n}\n');

  const module = (name: string) => ({
    lib: libs.add({ name }),
    resource: resources.addLibrary(strings.intern(name)),
  });
  const app = module('app.wasm');
  const lib = module('lib.wasm');

  const main = frames.intern({
    func: funcs.intern({ name: strings.intern('main'), resource: app.resource, source, line: 1 }),
    lib: app.lib,
    address: 0x0f,
    nativeSymbol: nativeSymbols.intern(app.lib, 0x00, strings.intern('main'), 0x20),
    line: 2,
    column: 7,
  });
  const parseSymbol = nativeSymbols.intern(app.lib, 0x20, strings.intern('parse'), 0x40);
  const parse = frames.intern({
    func: funcs.intern({ name: strings.intern('parse'), resource: app.resource, source, line: 9 }),
    lib: app.lib,
    address: 0x3f,
    nativeSymbol: parseSymbol,
    line: 11,
  });
  const skipSpace = frames.intern({
    func: funcs.intern({ name: strings.intern('skip_space'), resource: app.resource }),
    lib: app.lib,
    address: 0x3f,
    inlineDepth: 1,
    nativeSymbol: parseSymbol,
  });
  const memchr = frames.intern({
    func: funcs.intern({ name: strings.intern('memchr'), resource: lib.resource }),
    lib: lib.lib,
    address: 0x3f,
    nativeSymbol: nativeSymbols.intern(lib.lib, 0x00, strings.intern('memchr')),
  });
  const print = frames.intern({
    func: funcs.intern({ name: strings.intern('print'), resource: app.resource }),
    lib: app.lib,
    address: 0x7f,
    nativeSymbol: nativeSymbols.intern(app.lib, 0x60, strings.intern('print'), 0x20),
  });

  const inMain = stacks.intern(NO_STACK, main);
  const inParse = stacks.intern(inMain, parse);
  const inMemchr = stacks.intern(stacks.intern(inParse, skipSpace), memchr);
  const inPrint = stacks.intern(inMain, print);
  let inWeird = NO_STACK;
  for (const name of WEIRD_NAMES) {
    const func = funcs.intern({ name: strings.intern(name), resource: app.resource });
    inWeird = stacks.intern(inWeird, frames.intern({ func }));
  }

  const thread = profile.addThread({ name: 'app', pid: '7', isMainThread: true });
  const order = [
    ...Array(8).fill(inMemchr),
    ...Array(4).fill(inParse),
    ...Array(3).fill(inPrint),
    ...Array(2).fill(NO_STACK),
    ...Array(3).fill(inWeird),
  ] as number[];
  for (const [row, stack] of order.entries()) {
    // A third of a millisecond off the grid: times that no short decimal equals.
    thread.samples.push(stack, row + 1 + 1 / 3, row === 0 ? 0 : 0.75);
  }

  const hostcall = {
    name: strings.intern('hostcall'),
    schema: profile.markerSchemas.intern(HOSTCALL_SCHEMA),
  };
  thread.markers.close(thread.markers.pushIntervalStart(hostcall, 0.25, inPrint), 0.5);
  thread.markers.pushIntervalStart(hostcall, 13.5, inPrint);
  thread.markers.pushIntervalEnd(hostcall, 13.75);
  thread.markers.pushInstant({ name: strings.intern('note') }, 14);
  thread.end(21);
  return profile;
}
