import { afterAll, expect, it } from 'vitest';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

it.each([
  ['signal', /i32\.load/],
  ['epoch', /loop/],
])('annotates the hottest functions with samples by instruction: %s', async (sampler, sampled) => {
  const profile = directory.file(`hot-${sampler}.json`);
  const options = ['-q', '--sampler', sampler, '--interval', '50us', '-o', profile];
  await directory.run(['run', ...options, guest('c/parser.wasm'), '50']);
  const annotate = ['annotate', '-n', '2', profile, guest('c/parser.wasm')];
  const { code, stdout, stderr } = await directory.run(annotate);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n');
  const heads = lines.filter((line) => / \(func \$/.test(line));
  expect(heads).toHaveLength(2);
  expect(lines.filter((line) => /^\S.*, function \d+: [\d,]+ samples, /.test(line))).toHaveLength(
    2,
  );
  const withSelf = /^ *[\d,]+ +\d+\.\d% +[\d,]+ +\d+\.\d% +0x[0-9a-f]+ {2,}(?<text>.*)$/;
  const texts = lines.flatMap((line) => withSelf.exec(line)?.groups?.['text'] ?? []);
  expect(texts).toContainEqual(expect.stringMatching(sampled));

  const other = await directory.run(['annotate', profile, guest('c/endings.wasm')]);
  expect(other.code).toBe(1);
  expect(other.stderr).toContain('error: the profile has no samples of ');
});

it('annotates by code that was compiled before', async () => {
  const [profile, app, cwasm] = [
    directory.file('hot-epoch.json'),
    guest('c/parser.wasm'),
    'e.cwasm',
  ];
  await directory.run(['compile', '--sampler', 'epoch', '-o', cwasm, app]);
  const usual = await directory.run(['annotate', profile, app]);
  const precompiled = ['annotate', '--precompiled', cwasm, profile];
  expect(await directory.run([...precompiled, app])).toEqual(usual);
  const misfit = await directory.run([...precompiled, guest('c/endings.wasm')]);
  expect(misfit.code).toBe(1);
  expect(misfit.stderr).toMatch(/^error: e\.cwasm was not compiled of \S+endings\.wasm$/m);
});
