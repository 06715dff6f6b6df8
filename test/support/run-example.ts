import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** One that hangs is told of instead of the test's own time. */
const HOW = { cwd: root, encoding: 'utf8', timeout: 60_000 } as const;
/** Packages that recipes use are those of the tests. */
const ENV = { ...process.env, NODE_PATH: path.join(root, 'test/tools/node_modules') };

/** What code of a page prints, run as it stands with the built package, in the checkout. */
export function runExample(name: string, code: string): string {
  // Within the checkout, so that the package finds itself by its name.
  const file = path.join(root, 'build', `${name}.mjs`);
  writeFileSync(file, code);
  try {
    return execFileSync(process.execPath, [file], { ...HOW, env: ENV });
  } finally {
    rmSync(file);
  }
}

/** What commands of a page print, run in the checkout. */
export function runCommands(commands: string): string {
  // An installed package's command is on the PATH of npx; this is the checkout's own.
  const npx = `npx() { shift; '${process.execPath}' dist/cli/main.cjs "$@"; }`;
  const script = `set -e\n${npx}\n${commands}`;
  return execFileSync('bash', ['-c', script], HOW);
}

/** A block of code in Markdown. */
export interface CodeBlock {
  readonly language: string;
  /** A note to the language says so: a placeholder stands in it, or CI runs it as a job of its own. */
  readonly isRun: boolean;
  readonly code: string;
}

/** All blocks of code in Markdown. */
export function blocksIn(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)( not-run)?\n(.*?)^```$/gms)].map(
    ([, language = '', note, code = '']) => ({ language, isRun: note === undefined, code }),
  );
}

/** The blocks of JavaScript in Markdown. */
export function examplesIn(markdown: string): string[] {
  return [...markdown.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code ?? '');
}
