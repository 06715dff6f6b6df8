import { InvalidArgumentError, Option } from 'commander';
import parseDuration from 'parse-duration';
import type { Milliseconds } from '../profile/sample-table.js';
import type { Config } from '../runtime/config.js';
import { didYouMean } from '../runtime/did-you-mean.js';
import type { WasiPreopen } from '../runtime/wasi-config.js';
import { checkAddress } from '../runtime/wasi-network.js';
import { WASM_FEATURES } from '../runtime/wasm-features.js';
import type { Environment } from './environment.js';

/** What the library would read otherwise: signs, words, numbers without a unit. */
const DURATION = /^(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h))+$/;

export const MINIMUM_INTERVAL_MS = 0.05;
export const MAXIMUM_INTERVAL_MS = 1000;

/** `500us`, `1.5s`, `1m30s`. */
export function duration(text: string): Milliseconds {
  // Two letters look like micro: the Greek one, and the sign, which the library knows.
  const usual = text.trim().replaceAll('\u03bc', '\u00b5');
  const ms = DURATION.test(usual) ? parseDuration(usual) : null;
  if (ms === null || !(ms > 0 && ms < Infinity)) {
    throw new InvalidArgumentError('Expected a time such as 500us, 1ms, 1.5s or 2m.');
  }
  return ms;
}

export function interval(text: string): Milliseconds {
  const ms = duration(text);
  if (ms < MINIMUM_INTERVAL_MS || ms > MAXIMUM_INTERVAL_MS) {
    throw new InvalidArgumentError('Expected an interval from 0.05ms to 1s.');
  }
  return ms;
}

/** Samples in a second; the interval between them in milliseconds. */
export function hertz(text: string): Milliseconds {
  const intervalMs = /^\d+(?:\.\d+)?$/.test(text) ? 1000 / Number(text) : 0;
  if (!(intervalMs >= MINIMUM_INTERVAL_MS && intervalMs <= MAXIMUM_INTERVAL_MS)) {
    throw new InvalidArgumentError('Expected a number of samples from 1 to 20000.');
  }
  return intervalMs;
}

/** `host::guest`; `host` alone has the same name in the guest, as with Wasmtime's own `--dir`. */
export function directory(text: string, before: readonly WasiPreopen[]): readonly WasiPreopen[] {
  const at = text.indexOf('::');
  const host = at < 0 ? text : text.slice(0, at);
  const guest = at < 0 ? text : text.slice(at + 2);
  if (host === '' || guest === '') {
    throw new InvalidArgumentError('Expected host::guest, or one name for both.');
  }
  return [...before, { host, guest }];
}

/** Addresses that {@link WasiNetwork} takes, to collect. */
export function address(text: string, before: readonly string[]): readonly string[] {
  try {
    checkAddress('address', text);
  } catch {
    throw new InvalidArgumentError(
      "Expected an address and a port, such as 127.0.0.1:80, '[::1]:*' or 10.0.0.0/8:443.",
    );
  }
  return [...before, text];
}

/** A module that another imports from. */
export interface Preload {
  /** What it is imported as. */
  readonly name: string;
  readonly path: string;
}

/** `NAME=FILE`, as of Wasmtime's own `--preload`. */
export function preload(text: string, before: readonly Preload[]): readonly Preload[] {
  const at = text.indexOf('=');
  const [name, path] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || path === '') throw new InvalidArgumentError('Expected NAME=FILE.');
  return [...before, { name, path }];
}

/** `NAME=value`; `NAME` alone is inherited. */
export function variable(text: string, before: Environment): Environment {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (name === '') throw new InvalidArgumentError('Expected NAME=value, or a NAME to inherit.');
  return { ...before, [name]: at < 0 ? undefined : text.slice(at + 1) };
}

const UNITS = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 } as const;

/** Bytes: `65536`, `64KiB`, `512M`, `1GiB`; units of 1024, with or without `iB`. */
export function byteSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(?:([kmg])(?:i?b)?)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * UNITS[unit.toLowerCase() as keyof typeof UNITS];
  if (!Number.isSafeInteger(bytes) || bytes === 0) {
    throw new InvalidArgumentError('Expected a size such as 65536, 64KiB, 512MiB or 1GiB.');
  }
  return bytes;
}

/** Fuel: an integer of 64 bits. */
export function fuel(text: string): bigint {
  const amount = /^\d+$/.test(text) ? BigInt(text) : 0n;
  if (amount === 0n || amount > 0xffff_ffff_ffff_ffffn) {
    throw new InvalidArgumentError('Expected a whole number from 1.');
  }
  return amount;
}

/** Units of fuel between two samples. */
export function fuelUnits(text: string): number {
  const units = positive(text);
  if (units < 1000 || units > 1e12) {
    throw new InvalidArgumentError('Expected a number from 1000 to 1000000000000.');
  }
  return units;
}

/** The names of proposals as Wasmtime's own `-W` has them, and the options of ours: `tail-call`. */
export const FEATURES: ReadonlyMap<string, string> = new Map<string, string>([
  ...WASM_FEATURES.map((key): [string, string] => [
    key
      .slice('wasm'.length)
      .replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? '-' : ''}${letter.toLowerCase()}`),
    key,
  ]),
  ['shared-memory', 'sharedMemory'],
]);

/** `gc,simd=n`: proposals to turn on, or off. */
export function wasmFeatures(text: string, before: Config = {}): Config {
  const features: Record<string, boolean> = {};
  for (const part of text.split(',')) {
    const [, name = '', off] = /^([a-z0-9-]+)(?:=(?:y|(n)))?$/.exec(part.trim()) ?? [];
    const key = FEATURES.get(name);
    if (key === undefined) {
      const known = [...FEATURES.keys()];
      const meant = didYouMean(name, known) || '.';
      throw new InvalidArgumentError(
        `Expected names such as gc or simd=n, of ${known.join(', ')}${meant}`,
      );
    }
    features[key] = off === undefined;
  }
  return { ...before, ...features };
}

/** The option that says which proposals the engine has. */
export function wasmFeaturesOption(): Option {
  return new Option(
    '--wasm-features <list>',
    'proposals to turn on, or off with =n: gc,simd=n',
  ).argParser(wasmFeatures);
}

/** How many of something. */
export function positive(text: string): number {
  const number = Number(text);
  if (!(Number.isSafeInteger(number) && number > 0)) {
    throw new InvalidArgumentError('Expected a number from 1.');
  }
  return number;
}

/** How many of something, or none. */
export function natural(text: string): number {
  if (/^0+$/.test(text)) return 0;
  return positive(text);
}
