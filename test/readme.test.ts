import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { assertProfileIntegrity } from './support/profile-integrity.js';
import { examplesIn, runExample } from './support/run-example.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const [profile = ''] = examplesIn(readme);

describe('the README', () => {
  it('profiles a program in 20 lines', () => {
    const file = path.join(root, 'pipeline.profile.json');
    rmSync(file, { force: true });
    expect(runExample('readme-profile', profile)).toMatch(/^pipeline texts=500 /);
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
