// What the tests of crates need, and what `cargo test` says, as a report of Vitest's.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** As many random modules as the oracle's test demands at least, and some that can't be run. */
const MODULES = 400;

/** Writes random modules (test/smith), the same ones each time; the variable that names their file to the tests. */
export function randomModules(root) {
  const crate = path.join(root, 'test', 'smith');
  execFileSync('cargo', ['build', '--release', '--locked'], { cwd: crate, stdio: 'inherit' });
  const smith = path.join(crate, 'target', 'release', 'smith');
  const directory = path.join(root, 'target');
  const file = path.join(directory, 'random-modules.bin');
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, execFileSync(smith, ['0', `${MODULES}`], { maxBuffer: 2 ** 28 }));
  return { SMITH_MODULES: file };
}

/** How many tests passed and failed, under the names that Vitest's reports have. */
export function countTests(stdout) {
  const sum = (pattern) =>
    [...stdout.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
  return {
    numPassedTests: sum(/^test result: .*?(\d+) passed/gm),
    numFailedTests: sum(/^test result: .*?(\d+) failed/gm),
    testResults: [],
  };
}
