import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MAIN } from './cli/command.js';

const action = parse(readFileSync('.github/actions/compare-profiles/action.yml', 'utf8')) as {
  readonly inputs: Record<string, { readonly default?: string }>;
  readonly runs: {
    readonly steps: readonly { name: string; env?: Record<string, string>; run: string }[];
  };
};
const toy = mkdtempSync(join(tmpdir(), 'toy-'));
afterAll(() => rmSync(toy, { recursive: true, force: true }));

const program = (rounds: number) => `(module
  (func $spin (local $i i32)
    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${rounds})))))
  (func (export "_start") (call $spin)))`;

/** What the runner does with a step: its expressions are those that are given. */
function step(name: string, values: Record<string, string>) {
  const { run, env = {} } = action.runs.steps.find((step) => step.name === name) ?? {
    run: 'false',
  };
  const evaluated = Object.entries(env).map(([key, text]) => [
    key,
    text.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => values[expression] ?? ''),
  ]);
  return spawnSync('bash', ['-e', '-o', 'pipefail', '-c', run], {
    cwd: toy,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${toy}${delimiter}${process.env['PATH']}`,
      RUNNER_TEMP: toy,
      GITHUB_OUTPUT: join(toy, 'output'),
      GITHUB_STEP_SUMMARY: join(toy, 'summary'),
      ...Object.fromEntries(evaluated),
    },
  });
}

it("comments on a toy repository's pull request by the action's own commands", () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=toy', '-c', 'user.email=toy@example.com', ...args], {
      cwd: toy,
    });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(toy, 'app.wat'), program(1_000_000));
  git('add', 'app.wat');
  git('commit', '-qm', 'Spin');
  git('checkout', '-qb', 'slower');
  writeFileSync(join(toy, 'app.wat'), program(1_500_000));
  git('commit', '-qam', 'Spin longer');
  writeFileSync(join(toy, 'base.wat'), git('show', 'main:app.wat'));
  // Stands for GitHub's own command: it keeps what it was told to do, and knows the comments of `known`.
  writeFileSync(join(toy, 'known'), '');
  writeFileSync(
    join(toy, 'gh'),
    '#!/bin/sh\necho "$*" >> called\nfor last; do :; done\n' +
      'case "$*" in *--jq*) cat known;; *) cp "$(echo "$last" | cut -c7-)" comment.md;; esac\n',
  );
  chmodSync(join(toy, 'gh'), 0o755);

  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [`inputs.${name}`, input.default ?? '']),
  );
  const values = {
    ...inputs,
    'inputs.before': 'base.wat',
    'inputs.after': 'app.wat',
    'inputs.options': '--by fuel --every-fuel 10000',
    'inputs.command': `${process.execPath} ${MAIN}`,
    'github.event.pull_request.number': '7',
    'github.repository': 'toy/toy',
  };
  const compared = step('Compare', values);
  expect({ status: compared.status, stderr: compared.stderr }).toEqual({ status: 0, stderr: '' });
  expect(readFileSync(join(toy, 'output'), 'utf8')).toBe('code=3\n');
  expect(step('Comment', values).status).toBe(0);
  // After the next push, it is written again.
  writeFileSync(join(toy, 'known'), '12\n13\n');
  expect(step('Comment', values).status).toBe(0);
  const [asked, made, again, edited] = readFileSync(join(toy, 'called'), 'utf8').split('\n');
  expect([asked, again]).toEqual(Array(2).fill(expect.stringContaining('startswith(env.MARKER)')));
  expect(made).toMatch(/^api --silent repos\/toy\/toy\/issues\/7\/comments -F body=@/);
  expect(edited).toMatch(
    /^api --silent --method PATCH repos\/toy\/toy\/issues\/comments\/12 -F body=@/,
  );
  const comment = readFileSync(join(toy, 'comment.md'), 'utf8');
  expect(comment).toMatch(
    /^<!-- wasmtime-guest-profiler app\.wat {2}-->\n## base\.wat → app\.wat\n/,
  );
  expect(comment).toContain('**Beyond the limit:**');
  expect(comment).toMatch(/\| \+3,\d\d\d,000 \| \+\d\d\.\d% \|.*\| spin \|/);
  expect(step('Fail', values).status).toBe(3);
  // The program that can't be run fails the step.
  expect(step('Compare', { ...values, 'inputs.after': 'none.wat' }).status).toBe(1);
});

it('is used by the guide with inputs that it has', () => {
  const text = readFileSync('docs/comparing.md', 'utf8');
  const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(text) ?? [];
  const { jobs } = parse(yaml) as {
    readonly jobs: Record<string, { steps: { uses?: string; with?: Record<string, unknown> }[] }>;
  };
  const steps = Object.values(jobs).flatMap(({ steps }) => steps);
  const own = steps.find(({ uses }) => uses?.includes('.github/actions/compare-profiles@'));
  expect(Object.keys(action.inputs)).toEqual(
    expect.arrayContaining(Object.keys(own?.with ?? { none: '' })),
  );
});
