import { Component } from '../runtime/component/component.js';
import { ComponentLinker } from '../runtime/component/component-linker.js';
import type { Store } from '../runtime/store.js';
import { CliError } from './cli-error.js';
import { type Entry, START } from './entry.js';
import { compileFile, type Guest, type GuestFile, orCliError } from './guest-file.js';

/** Of all versions of preview 2. */
const RUN = /^wasi:cli\/run@0\.2\./;

/**
 * A command of WASI preview 2: a component that exports `wasi:cli/run`.
 *
 * @throws CliError that says what the file is instead.
 */
export function loadComponent(file: GuestFile, entry: Entry): Guest {
  const { engine, path } = file;
  const component = compileFile(file, 'component', Component);
  if (entry !== START) {
    throw new CliError(
      `${path} is a component: --invoke calls functions of modules. Call it from JavaScript through the API`,
    );
  }
  const name = component.exports.find(({ name }) => RUN.test(name))?.name;
  if (name === undefined) {
    throw new CliError(
      `${path} exports no wasi:cli/run of WASI preview 2 (0.2): run needs a command. ` +
        'Call its exports from JavaScript through the API',
    );
  }
  const { preload = [], unknownImports } = file.imports ?? {};
  if (preload.length > 0) throw new CliError(`${path} is a component: --preload is for modules`);
  if (unknownImports === 'zero') {
    throw new CliError(`${path} is a component: --unknown-imports zero is for modules`);
  }
  const linker = new ComponentLinker(engine).addWasi();
  if (unknownImports === 'trap') linker.defineUnknownImportsAsTraps(component);
  const pre = orCliError(
    () => linker.instantiatePre(component),
    `${path} imports what isn't of WASI preview 2; define it in JavaScript through the API`,
  );
  const run = (store: Store): readonly unknown[] => {
    pre.instantiate(store).getFunc(store, [name, 'run']).call(store);
    return [];
  };
  return { code: component, run };
}
