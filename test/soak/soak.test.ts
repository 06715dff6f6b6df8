import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('a short soak loses nothing and leaves no thread', async () => {
  const args = ['--import', './benches/support/typescript.mjs', 'test/soak/soak.ts'];
  const options = ['--minutes', '0.2', '--stores', '200'];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, ...options], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const { lost, samples, profiles, attached, threadsBefore, threadsAfter } = JSON.parse(stdout);
  console.log(`soak: ${stdout.trim()}`);
  expect(lost).toBe(0);
  expect(samples).toBeGreaterThan(0);
  expect(profiles).toBeGreaterThan(7);
  expect(attached).toBeGreaterThan(0);
  expect(threadsAfter).toBeLessThanOrEqual(threadsBefore);
});
