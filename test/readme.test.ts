import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { assertProfileIntegrity } from './support/profile-integrity.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const [profile] = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code ?? '');

/** Runs code of the README as it stands, with the built package, in the checkout. */
function run(name: string, code: string | undefined): string {
  // Within the checkout, so that the package finds itself by its name.
  const file = path.join(root, 'build', `readme-${name}.mjs`);
  writeFileSync(file, code ?? '');
  try {
    return execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
  } finally {
    rmSync(file);
  }
}

describe('the README', () => {
  it('profiles a program in 20 lines', () => {
    const file = path.join(root, 'pipeline.profile.json');
    rmSync(file, { force: true });
    expect(run('profile', profile)).toMatch(/^pipeline texts=500 /);
    const written = JSON.parse(readFileSync(file, 'utf8'));
    rmSync(file);
    assertProfileIntegrity(written);
    expect(written.threads[0].samples.length).toBeGreaterThan(10);
  });

  it('shows pictures and names files that exist', () => {
    for (const [, target] of readme.matchAll(/\]\(([^)#:]+)\)/g)) {
      expect(() => readFileSync(path.join(root, target as string))).not.toThrow();
    }
  });
});
