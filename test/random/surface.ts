// What can be called from outside: read from the built library and its types, so that a method that is added
// is tried from that day on.
import { readdirSync, readFileSync } from 'node:fs';
import * as lib from '../../lib/index.js';
import { written } from '../../lib/runtime/internal.js';

/** A function of the public surface. */
export interface Operation {
  /** `Store.dispose`, `new Store`, `Module.compile`. */
  readonly name: string;
  /** Class of the object that it is a method of. */
  readonly of: string | undefined;
  /** Names of its parameters, without their defaults; `...args` for a rest. */
  readonly params: readonly string[];
  run(self: unknown, args: readonly unknown[]): unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: what a program without types sees.
type Loose = any;

/** Classes that the types alone tell of: programs get objects of them, and don't make any. */
const types = readTypes(new URL('../../dist/', import.meta.url));
const exported = new Map<string, Loose>(Object.entries(lib));
for (const [, names = '', from] of readIndex().matchAll(
  /export (?:type )?{([^}]*)} from '(.*)'/g,
)) {
  for (const [, name = ''] of names.matchAll(/(\w+)\s*(?:,|$)/g)) {
    if (!exported.has(name) && declarationOf(name) !== undefined) {
      exported.set(name, (await import(`../../lib/${from}`))[name]);
    }
  }
}

/** What must be known of a call beside its parameters' names. */
const WITH: Record<string, (args: unknown[]) => unknown[]> = {
  // Would wait for another thread.
  'SharedMemory.atomicWait': ([type, offset, expected]) => [type, offset, expected, 1],
};

/** Every function, constructor, method and getter that the built library exports. */
export function readSurface(): Operation[] {
  return [...exported].flatMap(([name, value]) => {
    if (typeof value !== 'function') return [];
    const declared = declarationOf(name);
    return declared === undefined ? [plain(name, value)] : members(name, value, declared);
  });
}

/** All classes that programs get objects of. */
export function readClasses(): Loose[] {
  return [...exported.values()].filter((value) => /^class\b/.test(String(value)));
}

/** What an engine that all runs have must not be: it is done to one of its own. */
const ENDS_ENGINES = ['Engine.dispose', 'Engine.[Symbol.dispose]'];

function declarationOf(name: string): string | undefined {
  return new RegExp(`export declare class ${name}\\b[^]*?\\n}`).exec(types)?.[0];
}

function readIndex(): string {
  return readFileSync(new URL('../../dist/index.d.ts', import.meta.url), 'utf8');
}

function readTypes(directory: URL): string {
  return readdirSync(directory, { withFileTypes: true })
    .map((entry) => {
      if (entry.isDirectory()) return readTypes(new URL(`${entry.name}/`, directory));
      return entry.name.endsWith('.d.ts')
        ? readFileSync(new URL(entry.name, directory), 'utf8')
        : '';
    })
    .join('\n');
}

function plain(name: string, fn: Loose): Operation {
  return { name, of: undefined, params: paramsOf(fn), run: (_, args) => fn(...args) };
}

/** What the types tell of: the rest is internal. */
function members(name: string, class_: Loose, declared: string): Operation[] {
  const operations: Operation[] = [];
  if (/\n\s+constructor\(/.test(declared)) {
    const source = /constructor\s*\(([^)]*)\)/.exec(class_.toString())?.[1] ?? '';
    const run = (_: unknown, args: readonly unknown[]) => new class_(...args);
    operations.push({ name: `new ${name}`, of: undefined, params: splitParams(source), run });
  }
  for (const key of Object.getOwnPropertyNames(class_)) {
    if (!new RegExp(`\\n\\s+static ${key}[(<]`).test(declared)) continue;
    operations.push({
      ...plain(`${name}.${key}`, class_[key].bind(class_)),
      params: paramsOf(class_[key]),
    });
  }
  for (const key of Reflect.ownKeys(class_.prototype)) {
    if (key === 'constructor') continue;
    const text = typeof key === 'symbol' ? `[${key.description}]` : key;
    const escaped = text.replace(/[[\].]/g, '\\$&');
    if (!new RegExp(`\\n\\s+(get |readonly )?${escaped}[(<:]`).test(declared)) continue;
    const { value, get } = Object.getOwnPropertyDescriptor(
      class_.prototype,
      key,
    ) as PropertyDescriptor;
    const called = value ?? get;
    operations.push({
      name: `${name}.${text}`,
      of: name,
      params: paramsOf(called),
      run: (self, args) => {
        const { [`${name}.${text}`]: fit = (args: unknown[]) => args } = WITH;
        const ends = ENDS_ENGINES.includes(`${name}.${text}`) && self instanceof lib.Engine;
        return Reflect.apply(called, ends ? new lib.Engine() : self, fit([...args]));
      },
    });
  }
  // Functions that each object has of its own.
  for (const [, key = '', params = ''] of declared.matchAll(/\n\s+readonly (\w+): \((.*)\) =>/g)) {
    operations.push({
      name: `${name}.${key}`,
      of: name,
      params: splitParams(params.replace(/\?:[^,]*|:[^,]*/g, '')),
      run: (self, args) => {
        const own = (self as Loose | undefined)?.[key];
        // What is no such object has none to call.
        return typeof own === 'function' ? Reflect.apply(own, self, args) : undefined;
      },
    });
  }
  return operations;
}

function paramsOf(fn: Loose): string[] {
  const source = (written.get(fn) ?? fn).toString();
  return splitParams(/^[^(]*\(([^)]*)\)/.exec(source)?.[1] ?? '');
}

function splitParams(source: string): string[] {
  return source
    .split(',')
    .map((param) => (/^\s*(\.{0,3}\w+)/.exec(param)?.[1] ?? '').trim())
    .filter((param) => param !== '');
}
