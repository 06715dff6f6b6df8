import { Component } from '../runtime/component/component.js';
import { componentInterfaces } from '../runtime/component/component-interfaces.js';
import { ComponentLinker } from '../runtime/component/component-linker.js';
import type { Store } from '../runtime/store.js';
import { CliError } from './cli-error.js';
import { type Entry, START } from './entry.js';
import { compileFile, type Guest, type GuestFile, orCliError } from './guest-file.js';

/** Of all versions of preview 2. */
const RUN = /^wasi:cli\/run@0\.2(?:\.|$)/;

const RUN_OF_ANY = /^wasi:cli\/run(?:@|$)/;

/** What `addWasi` defines. */
const OFFERED = /^wasi:(?:cli|clocks|filesystem|io|random|sockets)\/[^@]*@0\.2(?:\.|$)/;

const OFFER = 'run offers wasi:cli, clocks, filesystem, io, random and sockets of WASI 0.2';

/**
 * A command of WASI preview 2: a component that exports `wasi:cli/run`.
 *
 * @throws CliError that says what the file is instead.
 */
export async function loadComponent(file: GuestFile, entry: Entry): Promise<Guest> {
  const { engine, path } = file;
  // Compiling takes a while, so first what can be told without it.
  const interfaces = componentInterfaces(file.bytes);
  const { preload = [], unknownImports } = file.imports ?? {};
  const check = (imports: readonly string[], exports: readonly string[]): void => {
    checkExports(path, exports);
    if (unknownImports !== 'trap') checkImports(path, imports);
  };
  check(interfaces.imports, interfaces.exports);
  if (entry !== START) {
    throw new CliError(
      `${path} is a component: --invoke calls functions of modules. Call it from JavaScript through the API`,
    );
  }
  if (preload.length > 0) throw new CliError(`${path} is a component: --preload is for modules`);
  if (unknownImports === 'zero') {
    throw new CliError(`${path} is a component: --unknown-imports zero is for modules`);
  }
  const component = await compileFile(file, 'component', Component);
  const exports = component.exports.map(({ name }) => name);
  // What came compiled tells it only now.
  check(
    component.imports.map(({ name }) => name),
    exports,
  );
  const name = exports.find((name) => RUN.test(name));
  if (name === undefined) {
    throw new CliError(
      `${path} exports no wasi:cli/run of WASI preview 2 (0.2): run needs a command. ` +
        'Call its exports from JavaScript through the API',
    );
  }
  const linker = new ComponentLinker(engine).addWasi();
  if (unknownImports === 'trap') linker.defineUnknownImportsAsTraps(component);
  const pre = await orCliError(
    () => linker.instantiatePre(component),
    `${path} imports what isn't of WASI preview 2; define it in JavaScript through the API`,
  );
  const run = (store: Store): readonly unknown[] => {
    pre.instantiate(store).getFunc(store, [name, 'run']).call(store);
    return [];
  };
  return { code: component, run };
}

/** One that could be run in two ways is run in the newer one by Wasmtime's own command line. */
function checkExports(path: string, exports: readonly string[]): void {
  const other = exports.find((name) => RUN_OF_ANY.test(name) && !RUN.test(name));
  if (other === undefined) return;
  const also = exports.some((name) => RUN.test(name)) ? ', beside that of WASI 0.2' : '';
  throw new CliError(
    `${path} exports ${other}${also}: run supports WASI 0.2 alone, and no other yet`,
  );
}

/** Names the worlds that are missing. */
function checkImports(path: string, imports: readonly string[]): void {
  const missing = imports.filter((name) => name.startsWith('wasi:') && !OFFERED.test(name));
  if (missing.length > 0) {
    throw new CliError(`${path} needs ${missing.join(', ')}: ${OFFER}`);
  }
  const others = imports.filter((name) => !name.startsWith('wasi:'));
  if (others.length > 0) {
    throw new CliError(
      `${path} imports ${others.join(', ')}: ${OFFER}. Define the others in JavaScript through the API`,
    );
  }
}
