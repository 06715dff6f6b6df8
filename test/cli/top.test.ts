import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import callersSchema from '../../docs/schemas/callers.schema.json' with { type: 'json' };
import linesSchema from '../../docs/schemas/lines.schema.json' with { type: 'json' };
import listSchema from '../../docs/schemas/list.schema.json' with { type: 'json' };
import { PLAIN } from '../../lib/cli/terminal.js';
import { type TopOptions, top } from '../../lib/cli/top.js';
import { addTopCommand } from '../../lib/cli/top-options.js';
import { Profile } from '../../lib/profile/profile.js';
import { select } from '../../lib/profile/select.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { sampleProfile } from '../support/sample-profile.js';

const directory = mkdtempSync(join(tmpdir(), 'top-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function told(options: Partial<TopOptions>, profile = sampleProfile(), width = Infinity): string {
  return top(profile, { limit: 30, ...options }, { style: PLAIN, width });
}

/** What it prints as JSON, checked against its schema. */
function json(schema: object, options: Partial<TopOptions>, profile?: Profile): unknown {
  const printed = JSON.parse(told({ ...options, json: true }, profile));
  const validate = new Ajv().compile(schema);
  expect(validate(printed), JSON.stringify(validate.errors)).toBe(true);
  return printed;
}

/**
 * ```
 * main, line 3 ─┬─ work, line 10                     2 samples
 *               ├─ work, line 12 ── work, line 11    3
 *               └─ work, without a line              1
 * ```
 */
function listedProfile(file: string): Profile {
  const profile = new Profile({ product: 'app', intervalMs: 1, startTimeUnixMs: 1 });
  const { strings, sources, funcs, frames, stacks } = profile;
  const source = sources.intern(strings.intern(file));
  const main = funcs.intern({ name: strings.intern('main'), source, line: 1 });
  const work = funcs.intern({ name: strings.intern('work'), source, line: 9 });
  const inMain = stacks.intern(NO_STACK, frames.intern({ func: main, line: 3 }));
  const at = (line: number, caller = inMain) =>
    stacks.intern(caller, frames.intern({ func: work, line }));
  const { samples } = profile.addThread({ name: 'app' });
  const order = [at(10), at(10), ...Array<number>(3).fill(at(11, at(12))), at(0)];
  for (const [time, stack] of order.entries()) samples.push(stack, time + 1, 1);
  return profile;
}

const TEXT = Array.from({ length: 20 }, (_, i) => `${i % 2 ? '\t' : ''}text ${i + 1}`).join('\n');

describe('top --callers', () => {
  it('tells who calls a function, and what it calls', () => {
    expect(told({ callers: 'parse' })).toBe(`app: 20 samples, one per 1 ms

Who calls parse: 12
weight          function  module
    12  100.0%  main      app.wasm

What parse calls
weight         function    module
     4  33.3%  (itself)
     8  66.7%  skip_space  app.wasm
`);
  });

  it('knows recursion, and functions that nobody calls', () => {
    const profile = listedProfile('a.c');
    expect(json(callersSchema, { callers: 'work' }, profile)).toMatchObject({
      function: 'work',
      self: 6,
      total: 6,
      callers: [
        { name: 'main', weight: 6 },
        { name: 'work', weight: 3 },
      ],
      callees: [{ name: 'work', weight: 3 }],
    });
    expect(told({ callers: 'main' }, profile)).toContain('\n     6  100.0%  (no caller)\n');
    expect(json(callersSchema, { callers: 'main' }, profile)).toMatchObject({
      callers: [{ name: null, module: null, weight: 6 }],
    });
  });

  it('takes a part of a name, and says which names have it', () => {
    expect(told({ callers: 'skip' })).toContain('Who calls skip_space: 8');
    expect(() => told({ callers: 'p' })).toThrow(
      /^5 functions have p in their names: parse, print, /,
    );
    expect(() => told({ callers: 'none' })).toThrow('no sample saw a function none');
  });

  it('is Markdown, limited, weighed and of a selection', () => {
    const profile = sampleProfile();
    select(profile, { focus: /print/ });
    const options = { callers: 'main', weight: 'cpu', markdown: true, limit: 1 } as const;
    const report = told(options, profile);
    expect(report).toContain('## Who calls main: 2.3 ms\n');
    expect(report).toContain('| 2.3 ms | 100.0% | print | app.wasm |');
  });
});

describe('top --lines', () => {
  it('lists the hottest lines', () => {
    expect(told({ lines: true }, listedProfile('src/a.c'))).toBe(`app: 6 samples, one per 1 ms

Hottest lines
self         total          line        function
   3  50.0%      3   50.0%  src/a.c:11  work
   2  33.3%      2   33.3%  src/a.c:10  work
   0   0.0%      6  100.0%  src/a.c:3   main
   0   0.0%      3   50.0%  src/a.c:12  work
16.7% ran where no line is known.
`);
  });

  it('is JSON and Markdown', () => {
    const profile = listedProfile('a|b.c');
    expect(json(linesSchema, { lines: true, limit: 1 }, profile)).toMatchObject({
      whole: 6,
      withoutLine: 1,
      lines: [{ file: 'a|b.c', line: 11, function: 'work', self: 3, total: 3 }],
      others: 3,
    });
    expect(told({ lines: true, markdown: true }, profile)).toContain('| a\\|b.c:11 | work |');
  });

  it('says where there are none', () => {
    const none = new Profile({ product: 'none', intervalMs: 1, startTimeUnixMs: 1 });
    expect(told({ lines: true }, none)).toContain('No sample has a line');
  });
});

describe('top --list', () => {
  it('shows the source that the profile carries, with what each line ran', () => {
    const profile = listedProfile('a.c');
    profile.sources.setContent(0, TEXT);
    expect(told({ list: 'work' }, profile)).toBe(`app: 6 samples, one per 1 ms

work in a.c: 6 itself
self         total  line  source
   .             .     9  text 9
   2  33.3%      2    10      text 10
   3  50.0%      3    11  text 11
   .             3    12      text 12
   .             .    13  text 13
   .             .    14      text 14
1 of its own ran where no line is known.
`);
    const fenced = told({ list: 'work', markdown: true }, profile);
    expect(fenced).toMatch(/^```text\nself {9}total {2}line {2}source\n(.*\n){6}```$/m);
  });

  it('reads it from below a directory otherwise, and from nowhere else', () => {
    mkdirSync(join(directory, 'src'));
    writeFileSync(join(directory, 'src', 'a.c'), TEXT);
    writeFileSync(join(directory, 'secret.c'), 'secret\n'.repeat(20));
    const list = (file: string, sources: string) =>
      json(listSchema, { list: 'work', sources }, listedProfile(file)) as {
        functions: { hasText: boolean; lines: { text: string | null }[] }[];
      };
    for (const name of ['src/a.c', join(directory, 'src', 'a.c')]) {
      const [shown] = list(name, directory).functions;
      expect([name, shown?.lines[1]?.text]).toEqual([name, '\ttext 10']);
    }
    for (const name of ['../secret.c', join(directory, 'secret.c')]) {
      const [shown] = list(name, join(directory, 'src')).functions;
      expect([name, shown?.hasText, shown?.lines.map(({ text }) => text)]).toEqual([
        name,
        false,
        [null, null, null],
      ]);
    }
    const text = told({ list: 'work', sources: directory }, listedProfile('gone.c'));
    expect(text).toContain('gone.c was not found: --sources DIR says where it lies.');
  });

  it('says when a function has no lines', () => {
    expect(told({ list: 'memchr' })).toContain('memchr in lib.wasm: 8 itself\nIt has no lines');
  });
});

it.each([
  [['--lines', '--callers', 'f']],
  [['--list', 'f', '--callers', 'g']],
  [['--list', 'f', '--lines']],
])('%j are refused together', async (args) => {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addTopCommand(program);
  for (const command of program.commands) command.exitOverride();
  await expect(program.parseAsync(['top', ...args, 'x'], { from: 'user' })).rejects.toMatchObject({
    code: 'commander.conflictingOption',
  });
});
