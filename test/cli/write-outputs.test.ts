import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CliDirectory, guest, samplesIn } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

describe('the outputs of run', () => {
  it('are as many files as wanted, each in its format', async () => {
    const files = ['p.json', 'p.jslb', 'p.cpuprofile', 'p.pb.gz'];
    const outputs = files.flatMap((file) => ['-o', file]);
    const args = ['run', '--hz', '5000', ...outputs, guest('c/parser.wasm'), '20'];
    const { code, stderr } = await directory.run(args);
    expect(code).toBe(0);
    for (const file of files) expect(stderr).toContain(`Profile: ${file}\n`);
    expect(stderr).toContain('one per 0.2 ms');
    const { samples } = JSON.parse(readFileSync(directory.file('p.cpuprofile'), 'utf8'));
    expect(samples).toHaveLength(samplesIn(directory.profile('p.json')) + 1);
  });

  it('take one format whatever their names, and a weight where it has one', async () => {
    const args = ['run', '-q', '--format', 'folded', '--weight', 'wall', '-o', 'p.txt'];
    await directory.run([...args, guest('c/parser.wasm'), '20']);
    expect(readFileSync(directory.file('p.txt'), 'utf8')).toMatch(/^_start\S*;main\S* \d{6,}$/m);
  });

  it('are whole, but for those that fail', async () => {
    const args = ['run', '-o', 'good.json', '-o', '/dev/full', guest('c/endings.wasm'), 'args'];
    const { code, stderr } = await directory.run(args);
    expect(code).toBe(1);
    expect(stderr).toContain("error: can't write the profile /dev/full: no space is left");
    directory.profile('good.json');
  });

  it.each([
    [['run', '--hz', '0', guest('c/endings.wasm')], 2, 'Expected a number of samples'],
    [['run', '--hz', '1e3', guest('c/endings.wasm')], 2, 'Expected a number of samples'],
    [['run', '--hz', '9', '--interval', '1ms', guest('c/endings.wasm')], 2, 'cannot be used with'],
    [['run', '--format', 'svg', guest('c/endings.wasm')], 2, 'Allowed choices are firefox'],
    [
      ['run', '-o', 'a.json', '-o', 'no/b', guest('c/endings.wasm')],
      1,
      "can't write the profile no/b",
    ],
  ])('%j exits with %d', (args, code, message) => directory.expectRefusal(args, code, message));
});
