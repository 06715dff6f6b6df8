import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { readProfileBytes } from '../../lib/formats/read.js';
import { hotFunctions } from '../../lib/profile/hot-functions.js';
import { mergeRuns } from '../../lib/profile/merge.js';
import { signalObstacle } from '../../lib/profiler/signal-sampler.js';
import { type MadeFunction, madeProfile } from '../support/made-profile.js';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
/** Whether samples are taken by signals, and so programs run at the same time. */
const areSignals = signalObstacle(false) === undefined;
afterAll(() => directory[Symbol.asyncDispose]());

/** Parses what a command printed, and checks it against its schema. */
function checked(command: string, text: string): Record<string, unknown> {
  const path = new URL(`../../docs/schemas/${command}.schema.json`, import.meta.url);
  const validate = new Ajv().compile(JSON.parse(readFileSync(path, 'utf8')) as object);
  const json = JSON.parse(text) as Record<string, unknown>;
  expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
  return json;
}

/** Eight runs of six functions, those of `grown` a tenth larger; the odd ones of either side. */
function save(name: string, first: number, grown: string): void {
  const runs = Array.from({ length: 8 }, (_, run) => {
    const functions = ['a', 'b', 'c', 'd', 'e', 'f'].map(
      (name, i): MadeFunction => ({
        name,
        code: [1000 * i, 100 + i],
        samples: (name === grown ? 440 : 400) + ((run * (i + 3)) % 7),
      }),
    );
    return madeProfile([{ name: 'app', functions }], 10_000 * (2 * run + first));
  });
  writeFileSync(directory.file(name), Buffer.concat([...firefoxJson(mergeRuns(runs))]));
}
save('before.json', 0, '');
save('after.json', 1, 'b');

const functionsIn = (json: Record<string, unknown>) =>
  json['functions'] as {
    name: string;
    oldName: string | null;
    only: string | null;
    self: { verdict: string };
  }[];

describe('diff of runs', () => {
  it('tells what is significant, and how much is not', async () => {
    const { stdout } = await directory.run(['diff', 'before.json', 'after.json']);
    expect(stdout).toContain('8 runs each; ');
    expect(stdout).toMatch(/Grew\n.*\n *\+40\.0 ms +\+9\.9% +\+9\.\d% … \+10\.\d% .* b\n\n/);
    expect(stdout).toContain('Within noise: 5 functions, 2.01 s (83.2%) before');
    expect(stdout).not.toContain('Shrank');
    const { stdout: all } = await directory.run(['diff', '--all', 'before.json', 'after.json']);
    expect(all).toMatch(/Within noise\n(?:.*\n){6}/);
  });

  it('is JSON as its schema says', async () => {
    const args = ['diff', '--json', '--fail-above', '5%', 'before.json', 'after.json'];
    const { code, stdout } = await directory.run(args);
    expect(code).toBe(0);
    const json = checked('diff', stdout);
    expect(functionsIn(json).map(({ name, self }) => `${name} ${self.verdict}`)[0]).toBe(
      'b significant',
    );
    expect(json['interleaved']).toBe(true);
  });

  it('is Markdown', async () => {
    const args = ['diff', '--markdown', '--fail-above', '1%', 'before.json', 'after.json'];
    const { code, stdout } = await directory.run(args);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^## made → made\n/);
    expect(stdout).toContain('**Beyond the limit:**');
    expect(stdout).toMatch(/\| \+40\.0 ms \| \+9\.9% \|/);
  });

  it.each([
    [['--fail-above', '1%'], 3, 'Beyond the limit: b: +1.7% of the whole'],
    [['--fail-above', '5%'], 0, 'Grew'],
    [['--fail-above', '5%', '--function', '^b$'], 3, 'Beyond the limit: b: +9.9%\n'],
    [['--fail-above', '5%', '--function', '^a$'], 0, 'Grew'],
    [['--fail-above', '20', '--function', 'b'], 0, 'Grew'],
  ])('%j exits with %d', async (options, expected, text) => {
    const { code, stdout } = await directory.run(['diff', ...options, 'before.json', 'after.json']);
    expect(code).toBe(expected);
    expect(stdout).toContain(text);
  });

  it.each([
    [['--function', 'b'], 1, '--function is for --fail-above'],
    [['--json', '--markdown'], 1, 'choose one'],
    [['--fail-above', 'much'], 2, 'Expected a share such as 5%.'],
    [['--focus', '('], 2, 'Invalid regular expression'],
    [['--focus', 'nothing'], 1, 'before.json has no function that /nothing/u fits'],
    [['--root', 'nothing'], 1, 'before.json has no function nothing'],
    [['--from', 'x'], 2, 'Expected a time'],
    [['--map', 'x'], 2, 'Expected the names of a module, old=new.'],
  ])('%j exits with %d', async (options, expected, message) => {
    const { code, stderr } = await directory.run(['diff', ...options, 'before.json', 'after.json']);
    expect({ code, told: stderr.includes(message) }, stderr).toEqual({
      code: expected,
      told: true,
    });
  });

  it('needs runs to fail', async () => {
    const one = madeProfile([{ name: 'app', functions: [{ name: 'f', samples: 9 }] }]);
    writeFileSync(directory.file('one.json'), Buffer.concat([...firefoxJson(one)]));
    const args = ['diff', '--fail-above', '5%', 'one.json', 'one.json'];
    const { code, stderr } = await directory.run(args);
    expect(code).toBe(1);
    expect(stderr).toContain('--fail-above needs 6 runs of each at least');
  });
});

describe('a profile from a pipe', () => {
  it('is read as from a file, compressed or not', async () => {
    await directory.run(['convert', 'after.json', 'after.json.gz']);
    await directory.run(['convert', 'after.json', 'after.jslb']);
    const { stdout: expected } = await directory.run(['top', '--json', 'after.json']);
    checked('top', expected);
    for (const file of ['after.json', 'after.json.gz', 'after.jslb']) {
      const cli = directory.start(['top', '--json', '-']);
      const bytes = readFileSync(directory.file(file));
      // The first piece is smaller than what tells the formats apart.
      cli.child.stdin.write(bytes.subarray(0, 1));
      cli.child.stdin.end(bytes.subarray(1));
      expect((await cli.outcome).stdout, file).toBe(expected);
    }
  });

  it('may be one of two', async () => {
    const stdin = readFileSync(directory.file('before.json'), 'utf8');
    const { stdout } = await directory.run(['diff', '-', 'after.json'], { stdin });
    expect(stdout).toContain(' b\n');
    const { code, stderr } = await directory.run(['diff', '-', '-'], { stdin });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: one profile only can be - for stdin\n',
    });
    const { stderr: none } = await directory.run(['top', '-'], { stdin: '' });
    expect(none).toContain("can't read -: an empty file is no profile");
  });
});

describe('run --repeat', () => {
  it('records runs into one profile', async () => {
    const args = ['run', '--repeat', '3', '--warmup', '1', '-o', 'r.json', guest('c/parser.wasm')];
    const { code, stdout, stderr } = await directory.run([...args, '8']);
    expect(code).toBe(0);
    expect(stdout.match(/parser rounds=8/g)).toHaveLength(4);
    expect(stderr).toContain('3 runs, the last of which returned; CPU time ');
    const { threads } = directory.profile('r.json');
    expect(threads).toHaveLength(3);
  });

  it('gives each run what it reads', async () => {
    writeFileSync(directory.file('input'), 'twelve bytes');
    const args = ['run', '--repeat', '2', '--stdin', 'input', guest('c/endings.wasm'), 'stdin'];
    const { code, stdout } = await directory.run(args);
    expect({ code, runs: stdout.match(/stdin length=12 /g)?.length }).toEqual({ code: 0, runs: 2 });
  });

  it('ends with a run that traps', async () => {
    const args = ['run', '--repeat', '3', '-o', 't.json', guest('c/endings.wasm'), 'abort'];
    const { code, stdout } = await directory.run(args);
    expect({ code, runs: stdout.match(/steps/g)?.length }).toEqual({ code: 134, runs: 1 });
    expect(directory.profile('t.json').threads).toHaveLength(1);
  });
});

describe('compare', () => {
  const parser = guest('c/parser.wasm');
  const compare = async (before: string, after: string, ...more: string[]) => {
    const args = [
      'compare',
      '--json',
      '--repeat',
      '6',
      '--warmup',
      '0',
      '--interval',
      '0.1ms',
      ...more,
    ];
    const { code, stdout, stderr } = await directory.run([...args, before, after, '--', '8']);
    // Of what is stripped it says so, of others nothing.
    expect(stderr).toMatch(after.includes('stripped') ? /^warning: .*: stripped: .*\n$/ : /^$/);
    expect(code).toBe(0);
    return checked('diff', stdout);
  };
  /** The share of the time that is in functions of both. */
  const matched = (json: Record<string, unknown>): number => {
    const functions = json['functions'] as { only: string | null; self: { after: number } }[];
    const sum = (rows: typeof functions) => rows.reduce((sum, { self }) => sum + self.after, 0);
    return sum(functions.filter(({ only }) => only === null)) / sum(functions);
  };

  it('matches a binary under another name', async () => {
    writeFileSync(directory.file('renamed.wasm'), readFileSync(parser));
    const json = await compare(parser, 'renamed.wasm', '--profiles', 'out');
    expect([json['interleaved'], json['paired']]).toEqual([true, areSignals]);
    expect(functionsIn(json).filter(({ oldName }) => oldName !== null)).toEqual([]);
    expect(matched(json)).toBeGreaterThan(0.95);
    // What it left tells the same.
    const args = ['diff', '--json', 'out/before.profile.json', 'out/after.profile.json'];
    expect(checked('diff', (await directory.run(args)).stdout)['functions']).toEqual(
      json['functions'],
    );
  });

  it('matches a binary that was built with other flags', async () => {
    expect(matched(await compare(parser, guest('c/parser-dwarf4.wasm')))).toBeGreaterThan(0.95);
  });

  it('matches functions without names by their code', async () => {
    const json = await compare(parser, guest('c/parser-stripped.wasm'), '--fold-inlined');
    expect(matched(json)).toBeGreaterThan(0.8);
    const renamed = functionsIn(json).find(({ oldName }) => oldName === 'by_letters');
    expect(renamed?.name).toMatch(/^wasm-function\[\d+\]$/);
  });

  it('has components take turns in whole', async () => {
    const component = guest('component/parser.wasm');
    const json = await compare(component, component, '--repeat', '2');
    expect([json['interleaved'], json['paired']]).toEqual([true, false]);
  });

  it('calls an export of either, which may import from what is preloaded', async () => {
    const lib =
      '(module (func $step (export "step") (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1))))';
    const app = (
      rounds: number,
    ) => `(module (import "lib" "step" (func $step (param i32) (result i32)))
      (func (export "run") (local i32) (local.set 0 (i32.const ${rounds}))
        (loop $l (br_if $l (local.tee 0 (call $step (local.get 0)))))))`;
    for (const [name, text] of [
      ['lib', lib],
      ['few', app(4e6)],
      ['many', app(8e6)],
    ] as const) {
      writeFileSync(directory.file(`${name}.wat`), text);
    }
    const args = ['compare', '--json', '--preload', 'lib=lib.wat', '--invoke', 'run'];
    const { code, stdout, stderr } = await directory.run([...args, 'few.wat', 'many.wat']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const json = checked('diff', stdout);
    expect(json['paired']).toBe(areSignals);
    expect(functionsIn(json).map(({ name, self }) => [name, self.verdict])).toContainEqual([
      'run',
      'significant',
    ]);
  });

  it('has the same random numbers for both in each round, and others in the next', async () => {
    const spin = (name: string) =>
      `(func $${name} (local $i i32) (loop $l
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000000)))))`;
    writeFileSync(
      directory.file('coin.wat'),
      `(module (import "wasi_snapshot_preview1" "random_get" (func $draw (param i32 i32) (result i32)))
        (memory (export "memory") 1) ${spin('heads')} ${spin('tails')}
        (func (export "_start") (drop (call $draw (i32.const 0) (i32.const 1)))
          (if (i32.and (i32.load8_u (i32.const 0)) (i32.const 1)) (then (call $heads)) (else (call $tails)))))`,
    );
    const args = ['compare', '--repeat', '8', '--warmup', '0', '--profiles', 'coins'];
    const { code, stderr } = await directory.run([...args, 'coin.wat', 'coin.wat']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const sides = ['before', 'after'].map(async (side) => {
      const file = readFileSync(directory.file(`coins/${side}.profile.json`));
      const profile = await readProfileBytes(file);
      const { funcs, strings } = profile;
      return profile.threads.map((thread) => {
        const [hottest] = hotFunctions(profile, thread);
        return hottest && strings.get(funcs.name.get(hottest.func));
      });
    });
    const [before, after] = await Promise.all(sides);
    expect(before).toEqual(after);
    expect(new Set(before)).toEqual(new Set(['heads', 'tails']));
  });

  it.each([
    [['--timeout', '300ms'], 'a run ran out of time, so'],
    [['--timeout', '300ms', '--fuel', '1000000000000000'], 'a run ran out of time, so'],
    [['--fuel', '1000000'], 'a run trapped, so'],
  ])('ends with %j', async (options, message) => {
    writeFileSync(
      directory.file('endless.wat'),
      '(module (func (export "_start") (loop $l (br $l))))',
    );
    const args = ['compare', ...options, 'endless.wat', 'endless.wat'];
    const { code, stderr } = await directory.run(args);
    expect({ code, told: stderr.includes(message) }, stderr).toEqual({ code: 1, told: true });
  });

  it('refuses what does not end by itself, or is no program', async () => {
    const abort = ['compare', guest('c/endings.wasm'), guest('c/endings.wasm'), '--', 'abort'];
    const { code, stderr } = await directory.run(abort);
    expect(code).toBe(1);
    expect(stderr).toContain('error: a run trapped, so there is nothing to compare: ');
    const none = await directory.run(['compare', parser, 'none.wasm']);
    expect({ code: none.code, stderr: none.stderr }).toEqual({
      code: 1,
      stderr: "error: can't read none.wasm: no such file or directory\n",
    });
  });
});

describe('by fuel', () => {
  const workload = (rounds: number) => `(module (func $other (local $i i32)
      (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4000000)))))
    (func $changed (local $i i32)
      (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${rounds})))))
    (func (export "_start") (call $other) (call $changed)))`;

  it('finds that one function does 5 % more, in one run', async () => {
    writeFileSync(directory.file('old.wat'), workload(4_000_000));
    writeFileSync(directory.file('new.wat'), workload(4_200_000));
    const args = ['compare', '--by', 'fuel', '--every-fuel', '1000', '--fail-above', '2%'];
    const { code, stdout } = await directory.run([...args, 'old.wat', 'new.wat']);
    expect(code).toBe(3);
    expect(stdout).toContain('By fuel: the same in each run, so that one is enough.\n');
    expect(stdout).toMatch(/Grew\n.*\n *\+1,[34]\d\d,000 +\+5\.0% .* changed\n\nWithin/);
    const same = await directory.run([...args, '--json', 'old.wat', 'old.wat']);
    expect(same.code).toBe(0);
    const json = checked('diff', same.stdout);
    expect(functionsIn(json).every(({ self }) => self.verdict === 'noise')).toBe(true);
  });

  /** Counts as far as `import` of WASI says, which writes 8 bytes to address 0 when it is called with `args`. */
  const drawn = (name: string, type: string, args: string) => `(module
    (import "wasi_snapshot_preview1" "${name}" (func $draw ${type}))
    (memory (export "memory") 1)
    (func (export "_start") (local $i i32)
      (drop (call $draw ${args}))
      (local.set $i (i32.and (i32.load (i32.const 0)) (i32.const 0xfffff)))
      (loop $l (br_if $l (i32.gt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 0))))))`;
  const told = async (app: string, ...options: string[]) => {
    const args = ['compare', '--by', 'fuel', '--every-fuel', '1000', ...options, app, app];
    const { code, stdout, stderr } = await directory.run(args);
    expect(code, stderr).toBe(0);
    return stdout;
  };

  it('gives a program the same random numbers in each run', async () => {
    const random = drawn(
      'random_get',
      '(param i32 i32) (result i32)',
      '(i32.const 0) (i32.const 4)',
    );
    writeFileSync(directory.file('random.wat'), random);
    const [first, second] = [await told('random.wat'), await told('random.wat', '--seed', '1')];
    for (const stdout of [first, second, await told('random.wat', '--seed', '0')]) {
      expect(stdout).toContain('\nBy fuel: the same in each run, so that one is enough.\n');
    }
    expect(await told('random.wat', '--seed', '0')).toBe(first);
    expect(second).not.toBe(first);
  });

  it('compares runs that differ as others', async () => {
    const timed = drawn(
      'clock_time_get',
      '(param i32 i64 i32) (result i32)',
      '(i32.const 1) (i64.const 1) (i32.const 0)',
    );
    writeFileSync(directory.file('timed.wat'), timed);
    expect(await told('timed.wat')).toContain(
      '\nBy fuel, but the runs differ: what the program does depends on a clock or on random numbers. 10 runs each; ',
    );
    // One of each tells nothing of that.
    expect(await told('timed.wat', '--repeat', '1')).toContain(
      '\nBy fuel, one run each: the next ones are the same, unless the program reads a clock.\n',
    );
    const json = checked('diff', await told('timed.wat', '--json'));
    expect([json['byFuel'], json['exact']]).toEqual([true, false]);
  });

  it('is ended by a timeout', async () => {
    writeFileSync(
      directory.file('ever.wat'),
      '(module (func (export "_start") (loop $l (br $l))))',
    );
    const args = ['run', '-q', '--by', 'fuel', '--timeout', '200ms', '-o', 'e.json', 'ever.wat'];
    expect((await directory.run(args)).code).toBe(124);
    directory.profile('e.json');
  });
});
