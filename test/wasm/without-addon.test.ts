import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guest, MAIN } from '../cli/command.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'without-addon-'));
  // The package as it is where no prebuilt binary fits and none was built.
  for (const part of ['dist', 'wasm']) {
    cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  }
  cpSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  run('app.json', guest('c/parser.wasm'), '10');
  run('fuel.json', '--fuel', '1000000000', guest('c/parser.wasm'), '10');
  run('component.json', guest('component/parser.wasm'), '10');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(profile: string, ...args: string[]) {
  execFileSync(process.execPath, [MAIN, 'run', '-q', '-o', profile, ...args], { cwd: directory });
}

function cli(main: string, ...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  return spawnSync(process.execPath, [main, ...args], { cwd: directory, encoding: 'utf8', env });
}

const withoutAddon = () => join(directory, 'dist', 'cli', 'main.cjs');

it.each([
  ['app.json', 'c/parser.wasm', []],
  ['fuel.json', 'c/parser.wasm', ['--fuel']],
  ['component.json', 'component/parser.wasm', []],
])('annotate %s prints what it does with the addon', (profile, name, options) => {
  const args = ['annotate', ...options, profile, guest(name)];
  const { status, stdout, stderr } = cli(withoutAddon(), ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/function \d+: [\d,]+ samples/);
  expect(stdout).toBe(cli(MAIN, ...args).stdout);
});

it('annotate says what it has no samples of', () => {
  const { status, stderr } = cli(withoutAddon(), 'annotate', 'app.json', guest('c/endings.wasm'));
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: the profile has no samples of /);
});

it('annotate says what is no module', () => {
  const { status, stderr } = cli(withoutAddon(), 'annotate', 'app.json', 'app.json');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: app\.json is no valid WebAssembly: /);
});

it('view --wasm gives the instructions that it gives with the addon', async () => {
  const asked = async (main: string) => {
    const args = [main, 'view', '--wasm', guest('c/parser.wasm'), 'app.json'];
    const child = spawn(process.execPath, args, { cwd: directory });
    try {
      const text = await new Promise<string>((resolve, reject) => {
        child.stdout.once('data', (chunk) => resolve(String(chunk)));
        child.stderr.once('data', (chunk) => reject(new Error(String(chunk))));
      });
      const short = /^Open (\S+)$/m.exec(text)?.[1] ?? '';
      const { headers } = await fetch(short, { redirect: 'manual' });
      const server = new URL(headers.get('location') ?? '').searchParams.get('symbolServer');
      const { shared, libs } = JSON.parse(readFileSync(join(directory, 'app.json'), 'utf8'));
      const { name, debugName, breakpadId: debugId } = libs[0];
      const answers: Record<string, unknown>[] = [];
      for (const [row, address] of shared.nativeSymbols.address.entries()) {
        const startAddress = `0x${address.toString(16)}`;
        const size = `0x${shared.nativeSymbols.functionSize[row].toString(16)}`;
        const request = { name, debugName, debugId, startAddress, size };
        const body = JSON.stringify(request);
        const answer = await fetch(`${server}/asm/v1`, { method: 'POST', body });
        answers.push((await answer.json()) as Record<string, unknown>);
      }
      return answers;
    } finally {
      child.kill('SIGKILL');
    }
  };
  const answers = await asked(withoutAddon());
  expect(answers.length).toBeGreaterThan(3);
  for (const answer of answers) {
    const [first] = answer['instructions'] as [number, string][];
    expect(first).toEqual([0, expect.stringMatching(/^\(func \$/)]);
  }
  expect(answers).toEqual(await asked(MAIN));
});

it('run says that there is no addon', () => {
  const { status, stderr } = cli(withoutAddon(), 'run', guest('c/parser.wasm'));
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: no native build was found in /);
});
