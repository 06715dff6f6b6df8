import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { v8 } from './v8-wasm.js';

const directory = fileURLToPath(new URL('../.jco/', import.meta.url));
const library = path.join(directory, 'node_modules/@bytecodealliance/jco/dist/api.js');

/** Why rows of jco are empty, if they are. */
export const HOW_TO_INSTALL_JCO =
  'jco is not there, so its numbers are ‘not run’: install it with benches/install-jco.sh.';

/** What of jco is used here. */
interface Jco {
  parse(wat: string): Promise<Uint8Array>;
  transpile(
    component: Uint8Array,
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ files: Record<string, Uint8Array> }>;
}

// biome-ignore lint/suspicious/noExplicitAny: the component's own functions.
export type Exports = Record<string, (...args: any[]) => unknown>;

/** The exports of a component that jco has made JavaScript and modules for V8 of; undefined when it isn't installed. */
export async function startJco(wat: string): Promise<Exports | undefined> {
  if (!existsSync(library)) return undefined;
  const jco = (await import(pathToFileURL(library).href)) as Jco;
  const binary = await jco.parse(wat);
  const { files } = await jco.transpile(binary, { name: 'guest', instantiation: 'sync' });
  const made = mkdtempSync(path.join(directory, 'guest-'));
  try {
    for (const [name, bytes] of Object.entries(files)) {
      const file = path.join(made, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    writeFileSync(path.join(made, 'package.json'), '{ "type": "module" }');
    const { instantiate } = await import(pathToFileURL(path.join(made, 'guest.js')).href);
    return instantiate((name: string) => new v8.Module(files[name] as Uint8Array), {});
  } finally {
    rmSync(made, { recursive: true });
  }
}
