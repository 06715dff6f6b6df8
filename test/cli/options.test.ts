import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../lib/cli/environment.js';
import {
  byteSize,
  directory,
  duration,
  fuel,
  interval,
  variable,
  wasmFeatures,
} from '../../lib/cli/options.js';
import { defaultProfilePath } from '../../lib/cli/profile-path.js';

describe('duration', () => {
  it.each([
    ['500us', 0.5],
    ['500\u00b5s', 0.5],
    ['500\u03bcs', 0.5],
    ['0.05ms', 0.05],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
  ])('%s is %d ms', (text, ms) => {
    expect(duration(text)).toBeCloseTo(ms, 9);
  });

  it.each(['', '1', 'ms', '-1s', '1 2', '1ms foo', '1,5s', '1.2.3s', '1x', '1M', 'NaN', '0s'])(
    'refuses %j',
    (text) => {
      expect(() => duration(text)).toThrow(InvalidArgumentError);
    },
  );
});

describe('interval', () => {
  it.each(['0.05ms', '50us', '1s', '1000ms'])('takes %s', (text) => {
    expect(interval(text)).toBeGreaterThan(0);
  });

  it.each(['0.049ms', '1.001s', '1m'])('refuses %s', (text) => {
    expect(() => interval(text)).toThrow('from 0.05ms to 1s');
  });
});

describe('directory', () => {
  it('collects host and guest', () => {
    const first = directory('/data::/', []);
    expect(directory('C:\\data::work::x', first)).toEqual([
      { host: '/data', guest: '/' },
      { host: 'C:\\data', guest: 'work::x' },
    ]);
  });

  it('has one name for both when it gets one', () => {
    expect(directory('.', [])).toEqual([{ host: '.', guest: '.' }]);
  });

  it.each(['', '::', 'a::', '::a'])('refuses %j', (text) => {
    expect(() => directory(text, [])).toThrow(InvalidArgumentError);
  });
});

describe('variable', () => {
  const collect = (...texts: string[]) =>
    texts.reduce<ReturnType<typeof variable>>((before, text) => variable(text, before), {});

  it('gives values, inherits those without, and lets the last one win', () => {
    const asked = collect('A=1', 'B', 'C', 'D=x=y', 'A=2', 'E=');
    expect({ ...environmentOf(asked, { B: 'own', Z: 'no' }) }).toEqual({
      A: '2',
      B: 'own',
      D: 'x=y',
      E: '',
    });
  });

  it.each(['', '=', '=1'])('refuses %j', (text) => {
    expect(() => variable(text, {})).toThrow(InvalidArgumentError);
  });
});

describe('defaultProfilePath', () => {
  it.each([
    ['a/b/app.wasm', 'app.profile.json'],
    ['app.wat', 'app.profile.json'],
    ['app', 'app.profile.json'],
    ['app.wasm.bin', 'app.wasm.bin.profile.json'],
  ])('of %s is %s', (module, path) => {
    expect(defaultProfilePath(module)).toBe(path);
  });
});

describe('byteSize', () => {
  it.each([
    ['65536', 65_536],
    ['64k', 65_536],
    ['64KiB', 65_536],
    ['1.5MB', 1_572_864],
    ['4GiB', 4_294_967_296],
  ])('%s is %d', (text, bytes) => {
    expect(byteSize(text)).toBe(bytes);
  });

  it.each(['', '0', '-1', '1T', '1.3', '1e3', '64 k', 'k', '9007199254740993'])(
    'refuses %j',
    (text) => {
      expect(() => byteSize(text)).toThrow(InvalidArgumentError);
    },
  );
});

describe('fuel', () => {
  it('takes whole numbers of 64 bits', () => {
    expect(fuel('18446744073709551615')).toBe(2n ** 64n - 1n);
    for (const text of ['', '0', '1.5', '0x10', `${2n ** 64n}`]) {
      expect(() => fuel(text), text).toThrow(InvalidArgumentError);
    }
  });
});

describe('wasmFeatures', () => {
  it('turns proposals on and off, by their names; the last word counts', () => {
    expect(wasmFeatures('gc,simd=n, tail-call=y')).toEqual({
      wasmGc: true,
      wasmSimd: false,
      wasmTailCall: true,
    });
    expect(wasmFeatures('gc=n', wasmFeatures('gc,memory64'))).toEqual({
      wasmGc: false,
      wasmMemory64: true,
    });
  });

  it.each(['', 'gc,', 'Gc', 'backtrace', 'gc=', 'gc=yes', '-gc'])('refuses %j', (text) => {
    expect(() => wasmFeatures(text)).toThrow(InvalidArgumentError);
  });
});
