import { readFileSync } from 'node:fs';
import { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import { Module } from '../runtime/module.js';
import { CliError, reasonOf } from './cli-error.js';

const WASI = 'wasi_snapshot_preview1';

/** The engine of all commands: the same code for the same module, so the same offsets into it. */
export function commandEngine(): Engine {
  return new Engine({ epochInterruption: true });
}

/**
 * Compiles a WASI preview 1 command: a module that exports `_start` and imports WASI or nothing.
 *
 * @throws CliError that says what the file is instead.
 */
export function loadCommand(engine: Engine, path: string): Module {
  const bytes = read(path);
  if (isComponent(bytes)) {
    throw new CliError(
      `${path} is a component: run needs a core module, a WASI preview 1 command such as ` +
        'clang, Rust and TinyGo make for wasm32-wasip1, and Go for GOOS=wasip1',
    );
  }
  const module = compile(engine, path, bytes);
  checkStart(path, module);
  checkImports(path, module);
  return module;
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CliError(`can't read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** After the magic number, a version and a layer of 16 bits each: layer 0 is a module, 1 a component. */
function isComponent(bytes: Uint8Array): boolean {
  const isBinary = bytes[0] === 0 && Buffer.from(bytes.subarray(1, 4)).toString() === 'asm';
  return isBinary && bytes[6] === 1 && bytes[7] === 0;
}

function compile(engine: Engine, path: string, bytes: Uint8Array): Module {
  try {
    return Module.compile(engine, bytes);
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(`${path} is no valid WebAssembly module: ${error.message}`, {
      cause: error,
    });
  }
}

function checkStart(path: string, module: Module): void {
  const { exports } = module;
  const start = exports.find(({ name }) => name === '_start')?.type;
  if (start === undefined) {
    const isReactor = exports.some(({ name }) => name === '_initialize');
    throw new CliError(
      isReactor
        ? `${path} is a WASI reactor (it exports _initialize, but no _start): run needs a command. ` +
            'Build it with a main function, or call its exports from JavaScript through the API'
        : `${path} exports no _start function: run needs a WASI command. ` +
            'Call its exports from JavaScript through the API',
    );
  }
  if (start.kind !== 'func' || start.params.length + start.results.length > 0) {
    throw new CliError(`${path} exports a _start that is no function without parameters`);
  }
}

function checkImports(path: string, module: Module): void {
  const others = module.imports.filter((type) => type.module !== WASI);
  if (others.length === 0) return;
  const names = others.slice(0, 3).map((type) => `${type.module}.${type.name}`);
  if (others.length > names.length) names.push(`${others.length - names.length} more`);
  throw new CliError(
    `${path} imports ${names.join(', ')}: run offers ${WASI} alone. ` +
      'Define the others in JavaScript through the API',
  );
}
