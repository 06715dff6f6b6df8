import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Config,
  type DisassembledFunction,
  Engine,
  FinishedProfile,
  Module,
} from '../../lib/index.js';
import { expectMisuse, guestPath } from '../runtime/support.js';
import { CALLS, profileOfCalls } from '../support/code-profile.js';
import { profiledGuest } from './symbols-support.js';

const compile = (wat = CALLS, config: Config = {}) => Module.compile(new Engine(config), wat);

/** Lines as `self/total text`. */
const shown = ({ lines }: DisassembledFunction) =>
  lines.map(({ selfSamples, totalSamples, text }) => `${selfSamples}/${totalSamples} ${text}`);

describe('disassemble', () => {
  it('counts the samples of each instruction', () => {
    const module = compile();
    const functions = profileOfCalls(module).finished.disassemble(['guest', module]);
    expect(functions.map(({ name, index, selfSamples }) => [name, index, selfSamples])).toEqual([
      ['repeat', 1, 5],
      ['both', 2, 1],
    ]);
    expect(functions.map(shown)).toEqual([
      [
        '0/0 (func $repeat (;1;) (type 1) (param $times i32)',
        '0/0   loop $again',
        '5/5     call $sample',
        '0/0     local.get $times',
        '0/0     i32.const 1',
        '0/0     i32.sub',
        '0/0     local.tee $times',
        '0/0     br_if $again',
        '0/0   end',
        '0/0 )',
      ],
      [
        '0/0 (func $both (;2;) (type 0)',
        '0/0   i32.const 3',
        '0/3   call $repeat',
        '1/1   call $sample',
        '0/0   i32.const 2',
        '0/2   call $repeat',
        '0/0 )',
      ],
    ]);
  });

  it('shows as many functions as asked for, of the thread asked for', () => {
    const module = compile();
    const profile = profileOfCalls(module).finished;
    expect(profile.disassemble(['guest', module], { limit: 1 })).toHaveLength(1);
    expect(profile.disassemble(['guest', module], { limit: 0 })).toEqual([]);
    const two = FinishedProfile.merge([profile, profileOfCalls(module).finished]);
    const [one] = two.disassemble(['guest', module], { thread: 0 });
    expect(one?.selfSamples).toBe(5);
  });

  it('works on a profile that was read, of a module that was compiled again', async () => {
    const module = compile();
    const profile = profileOfCalls(module).finished;
    const read = await FinishedProfile.read(await profile.write());
    expect(read.disassemble(['guest', compile()])).toEqual(profile.disassemble(['guest', module]));
  });

  it('needs the binary of a module that was deserialized', () => {
    const engine = new Engine();
    const original = Module.compile(engine, CALLS);
    const module = Module.deserialize(engine, original.serialize());
    const profile = profileOfCalls(module).finished;
    expectMisuse('ERR_NO_BINARY', () => profile.disassemble(['guest', module]));
    expect(profile.disassemble(['guest', module, { wasm: Buffer.from(CALLS) }]).map(shown)).toEqual(
      profileOfCalls(original).finished.disassemble(['guest', original]).map(shown),
    );
    const wasm = Buffer.from('(module (func))');
    expectMisuse('ERR_NO_BINARY', () => profile.disassemble(['guest', module, { wasm }]));
  });

  it('refuses another module, another configuration, another name and what is no module', () => {
    const module = compile();
    const profile = profileOfCalls(module).finished;
    const other = compile('(module (func (export "run") (loop)))');
    expectMisuse('ERR_WRONG_MODULE', () => profile.disassemble(['guest', other]));
    const epochs = compile(CALLS, { epochInterruption: true });
    expectMisuse('ERR_WRONG_MODULE', () => profile.disassemble(['guest', epochs]));
    expectMisuse('ERR_WRONG_MODULE', () => profile.disassemble(['other', module]));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => profile.disassemble(['guest', {} as Module]));
    expect(() => profile.disassemble(['guest', module], { limit: -1 })).toThrow(RangeError);
    expect(() => profile.disassemble(['guest', module], { thread: 1 })).toThrow(RangeError);
    expectMisuse('ERR_INVALID_ARG_VALUE', () =>
      profile.disassemble(['guest', module], { top: 1 } as never),
    );
  });
});

it('counts checks at entries and loops as such, never as locals or as the end', () => {
  const { module, profile } = profiledGuest((engine) =>
    Module.compile(
      engine,
      `(module
        (memory (export "memory") 1)
        (func $locals (param i32) (result i32) (local i32 f64)
          (i32.add (local.get 0) (local.get 1)))
        (func $none (param i32) (result i32)
          (i32.add (local.get 0) (i32.const 1)))
        (func (export "_start") (local $i i32)
          (loop $again
            (drop (call $locals (local.get $i)))
            (drop (call $none (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 5))))))`,
    ),
  );
  const counted = profile
    .disassemble(['guest', module])
    .map(({ lines }) =>
      lines
        .filter(({ selfSamples }) => selfSamples > 0)
        .map(
          ({ selfSamples, label, text }) => `${selfSamples} ${label}: ${text.trim().split(' ')[0]}`,
        ),
    );
  expect(counted).toEqual([
    ['1 function entry or no instruction: (func', '5 loop: loop'],
    ['5 function entry or no instruction: (func'],
    ['5 function entry or no instruction: (func'],
  ]);
});

/** First bytes of instructions, by the specification. */
const OPCODES: Readonly<Record<string, number>> = {
  ...{ unreachable: 0x00, block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, ')': 0x0b },
  ...{ br: 0x0c, br_if: 0x0d, br_table: 0x0e, return: 0x0f, call: 0x10, call_indirect: 0x11 },
  ...{ drop: 0x1a, select: 0x1b, 'local.get': 0x20, 'local.set': 0x21, 'local.tee': 0x22 },
  ...{ 'global.get': 0x23, 'global.set': 0x24, 'i32.load': 0x28, 'i64.load': 0x29 },
  ...{ 'i32.store': 0x36, 'i64.store': 0x37, 'i32.const': 0x41, 'i64.const': 0x42 },
  ...{ 'i32.eqz': 0x45, 'i32.add': 0x6a, 'i32.sub': 0x6b, 'i64.add': 0x7c, 'i32.wrap_i64': 0xa7 },
};

it.each([
  ['c/parser.wasm', 3],
  ['go/pipeline.wasm', 20],
])('offsets of %s are those of its instructions', async (guest, argument) => {
  const { module, profile } = profiledGuest(guest, {}, {}, ['guest', `${argument}`]);
  const bytes = readFileSync(guestPath(guest));
  let lines = 0;
  let known = 0;
  let samples = 0;
  const functions = profile.disassemble(['guest', module], { limit: 40 });
  expect(functions.length).toBeGreaterThan(20);
  for (const shown of functions) {
    const [, ...instructions] = shown.lines;
    for (const { text, wasmOffset } of instructions) {
      const [name = ''] = text.trim().split(' ');
      const opcode = OPCODES[name];
      lines++;
      if (opcode === undefined) continue;
      known++;
      expect({ text, byte: bytes[wasmOffset] }).toEqual({ text, byte: opcode });
    }
    samples += shown.lines.reduce((sum, { selfSamples }) => sum + selfSamples, 0);
    const self = shown.lines.reduce((sum, { selfSamples }) => sum + selfSamples, 0);
    expect(self).toBe(shown.selfSamples);
  }
  expect(known / lines).toBeGreaterThan(0.8);
  expect(samples).toBeGreaterThan(1000);
  // Samples fall where compiled code looks at the epoch: at heads and loops.
  const hot = functions.flatMap(({ lines }) => lines.filter(({ selfSamples }) => selfSamples > 0));
  expect(hot.some(({ text }) => text.trim().startsWith('loop'))).toBe(true);
});
