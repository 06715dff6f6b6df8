import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import stringWidth from 'string-width';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { textTable } from '../../lib/cli/table.js';
import { type LinkedPlace, layoutOf, PLAIN, styleOf } from '../../lib/cli/terminal.js';
import { fitName, fitPath, prepareWidths, textWidth } from '../../lib/cli/text-width.js';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory, guest, MAIN, RunningCli } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => {
  writeFileSync(directory.file('a.json'), Buffer.concat([...firefoxJson(sampleProfile())]));
});

describe('colours', () => {
  afterEach(() => vi.unstubAllEnvs());

  const terminal = (isTTY: boolean, hasColors: boolean) =>
    ({ isTTY, columns: 70, hasColors: () => hasColors }) as NodeJS.WriteStream;

  it.each([
    [true, true, undefined, true],
    [true, false, undefined, false],
    [false, true, undefined, false],
    [false, false, '', true],
    [false, false, '1', true],
    [false, false, 'true', true],
    [true, true, '0', false],
    [true, true, 'false', false],
  ])('terminal %s, of colours %s, FORCE_COLOR=%s: %s', (isTTY, hasColors, forced, expected) => {
    vi.stubEnv('FORCE_COLOR', forced);
    expect(styleOf(terminal(isTTY, hasColors)) !== PLAIN).toBe(expected);
  });

  it.each([
    [{ FORCE_COLOR: '1', NO_COLOR: undefined }, true],
    [{ FORCE_COLOR: undefined, NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: undefined, NO_COLOR: undefined }, false],
  ])('off a terminal, with %j: %s', async (env, coloured) => {
    const { stdout } = await directory.run(['top', 'a.json'], { stdin: '', env });
    expect(stdout.includes('\x1b[')).toBe(coloured);
  });

  it('leave lines whole off a terminal', () => {
    expect(layoutOf(terminal(false, false)).width).toBe(Number.POSITIVE_INFINITY);
    expect(layoutOf(terminal(true, false)).width).toBe(70);
  });
});

describe('a table', () => {
  const columns = [
    { title: 'n', align: 'right' },
    { title: 'function', align: 'left' },
    { title: 'place', align: 'left' },
  ] as const;
  const rows = [
    ['1,234', 'a_function_with_a_long_name', 'src/a.c:1'],
    ['5', 'f', 'a/directory/of/sources/b.c:22'],
  ];
  const table = (width: number) => textTable(columns, rows, { style: PLAIN, width });

  it('is as wide as it needs where there is room', () => {
    expect(table(Number.POSITIVE_INFINITY)).toEqual([
      '    n  function                     place',
      '1,234  a_function_with_a_long_name  src/a.c:1',
      '    5  f                            a/directory/of/sources/b.c:22',
    ]);
    expect(table(65)).toEqual(table(Number.POSITIVE_INFINITY));
  });

  it('is as wide as the terminal, the widest columns cut', () => {
    expect(table(40)).toEqual([
      '    n  function         place',
      '1,234  a_function_wit…  src/a.c:1',
      '    5  f                a/directory/of/…',
    ]);
    for (let width = 26; width < 70; width++) {
      for (const line of table(width)) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('keeps something of each column on the narrowest', () => {
    expect(table(1)).toEqual([
      '    n  function  place',
      '1,234  a_funct…  src/a.c…',
      '    5  f         a/direc…',
    ]);
  });
});

describe('the width of a text', () => {
  it('is that of its letters, before others are prepared for too', () => {
    for (let code = 0x20; code < 0x2200; code++) {
      const text = String.fromCharCode(code);
      expect([text, textWidth(text)]).toSatisfy(([, width]) => width >= stringWidth(text));
    }
    expect(textWidth('été … λ → Ж')).toBe(11);
    expect(textWidth('漢字')).toBe(4);
  });
});

describe('a table of wide letters', () => {
  beforeAll(() => prepareWidths(['漢字']));

  const columns = [
    { title: 'n', align: 'right' },
    { title: '関数', align: 'left', shorten: fitName },
    { title: 'place', align: 'left', shorten: fitPath, isPlace: true },
  ] as const;
  const rows = [
    ['1', '解析する(文字列)', 'ソース/解析.c:1'],
    ['2', 'e\u0301te\u0301', 'a.c:22'],
    ['3', '👩🏽 f', 'b.c:3'],
  ];

  it('is aligned by columns of the terminal', () => {
    expect(textTable(columns, rows, { style: PLAIN, width: 80 })).toEqual([
      'n  関数              place',
      '1  解析する(文字列)  ソース/解析.c:1',
      '2  e\u0301te\u0301               a.c:22',
      '3  👩🏽 f              b.c:3',
    ]);
  });

  it('fits, whatever the width', () => {
    for (let width = 23; width < 40; width++) {
      for (const line of textTable(columns, rows, { style: PLAIN, width })) {
        expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }
    }
    expect(textTable(columns, rows, { style: PLAIN, width: 26 })[1]).toBe(
      '1  解析する(…)  …/解析.c:1',
    );
  });

  it('has links around what is shown of a place, which take no room', () => {
    const link = (text: string, { file, line }: LinkedPlace) => `<${file}|${line}>${text}</>`;
    expect(textTable(columns, rows, { style: PLAIN, width: 26, link }).slice(0, 3)).toEqual([
      'n  関数         place',
      '1  解析する(…)  <ソース/解析.c|1>…/解析.c:1</>',
      '2  e\u0301te\u0301          <a.c|22>a.c:22</>',
    ]);
  });
});

describe('links', () => {
  const forced = { FORCE_HYPERLINK: '1', NO_COLOR: '1' };
  const ESC = String.fromCharCode(27);
  const LINK = new RegExp(`${ESC}]8;;(.+?)${ESC}\\\\(.+?)${ESC}]8;;${ESC}\\\\`, 'g');
  const linksIn = (text: string) => [...text.matchAll(LINK)].map((match) => match.slice(1));
  const fileUrl = (name: string) => pathToFileURL(realpathSync(directory.file(name))).href;

  it('lead from lines to the files below a directory, and to no others', async () => {
    mkdirSync(directory.file('sources'), { recursive: true });
    writeFileSync(directory.file('sources/a b.c'), '\n'.repeat(8));
    writeFileSync(directory.file('outside.c'), '');
    const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
    const { strings, sources, funcs, frames, stacks } = profile;
    const thread = profile.addThread({ name: 'p' });
    for (const name of ['a b.c', '../outside.c', directory.file('outside.c'), 'none.c']) {
      const source = sources.intern(strings.intern(name));
      const func = funcs.intern({ name: strings.intern('f'), source });
      thread.samples.push(stacks.intern(NO_STACK, frames.intern({ func, line: 7 })), 1, 1);
    }
    writeFileSync(directory.file('lines.json'), Buffer.concat([...firefoxJson(profile)]));
    for (const [option, ...linked] of [
      ['--lines', 'a b.c:7'],
      ['--limit=9', 'a b.c:7'],
      // Each line of its listing; functions of that name in the other files have listings, too.
      ['--list=f', '7', '8', '9'],
    ] as const) {
      const args = ['top', option, 'lines.json'];
      const cli = new RunningCli(
        directory.file('sources'),
        [...args.slice(0, 2), '../lines.json'],
        {
          env: forced,
        },
      );
      expect(linksIn((await cli.outcome).stdout)).toEqual(
        linked.map((text, i) => [`${fileUrl('sources/a b.c')}#${7 + i}`, text]),
      );
    }
    const { stdout } = await directory.run(['top', '--lines', 'lines.json']);
    expect(stdout).not.toContain('\x1b');
  });

  it('lead to what a run has written, wherever', async () => {
    const out = directory.file('elsewhere.json');
    const args = ['run', '-o', out, guest('c/endings.wasm'), 'args'];
    const { stderr } = await directory.run(args, { stdin: '', env: forced });
    expect(linksIn(stderr)).toContainEqual([fileUrl('elsewhere.json'), out]);
  });
});

describe('a table of long names', () => {
  const columns = [
    { title: 'n', align: 'right' },
    { title: 'function', align: 'left', shorten: fitName },
    { title: 'place', align: 'left', shorten: fitPath },
  ] as const;
  const long = `std::__2::map<${'std::__2::vector<int>, '.repeat(20)}int>::find(int const&)`;
  const path = `wasisdk://v33.0+m/build/${'sysroot/'.repeat(10)}src/string/memcmp.c:41`;
  const table = (width: number) =>
    textTable(
      columns,
      [
        ['1', long, path],
        ['2', 'f', 'a.c:1'],
      ],
      { style: PLAIN, width },
    );

  it('keeps the ends of names and of paths on a terminal', () => {
    expect(table(70)).toEqual([
      'n  function                           place',
      '1  std::__2::map<…>::find(…)          …/sysroot/src/string/memcmp.c:41',
      '2  f                                  a.c:1',
    ]);
  });

  it('has them whole off it, without room for the longest in each row', () => {
    expect(table(Number.POSITIVE_INFINITY)).toEqual([
      `n  ${'function'.padEnd(80)}  place`,
      `1  ${long}  ${path}`,
      `2  ${'f'.padEnd(80)}  a.c:1`,
    ]);
  });
});

describe('a reader that goes away', () => {
  it.each([
    [['top', 'a.json']],
    [['top', '--markdown', 'a.json']],
    [['diff', 'a.json', 'a.json']],
    [['convert', '--format', 'firefox', 'a.json', '-']],
    [['run', '--help']],
  ])('ends %j, and is no error', async (args) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: directory.path });
    child.stdout.destroy();
    const errors: Buffer[] = [];
    child.stderr.on('data', (part) => errors.push(part));
    const [code] = await once(child, 'close');
    expect({ code, stderr: Buffer.concat(errors).toString() }).toEqual({ code: 0, stderr: '' });
  });

  it('does not cost the profile of a run', async () => {
    const args = ['run', '-o', 'p.json', guest('c/endings.wasm'), 'args'];
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: directory.path });
    child.stderr.destroy();
    child.stdout.resume();
    expect((await once(child, 'close'))[0]).toBe(0);
    directory.profile('p.json');
  });
});

describe('a profile without samples', () => {
  beforeAll(() => {
    const none = new Profile({ product: 'none', intervalMs: 1, startTimeUnixMs: 1 });
    writeFileSync(directory.file('none.json'), Buffer.concat([...firefoxJson(none)]));
    none.addThread({ name: 'none' });
    writeFileSync(directory.file('empty.json'), Buffer.concat([...firefoxJson(none)]));
  });

  it.each(['none.json', 'empty.json'])('%s is told to be empty', async (name) => {
    const { code, stdout } = await directory.run(['top', name]);
    expect(code).toBe(0);
    expect(stdout).toBe('none: 0 samples, one per 1 ms\n\nNo sample saw a function.\n');
    const { stdout: report } = await directory.run(['top', '--markdown', name]);
    expect(report).toBe(
      '# Profile of none\n\n0 samples, one per 1 ms.\n\nNo sample saw a function.\n',
    );
    const { stdout: compared } = await directory.run(['diff', name, name]);
    expect(compared).toContain('No function changed.');
    const { code: converted, stderr } = await directory.run(['convert', name, 'x.html']);
    expect({ converted, stderr }).toEqual({ converted: 0, stderr: '' });
  });
});
