import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The tools' own package, which `npm run readers` installs. */
export const TOOLS = fileURLToPath(new URL('.', import.meta.url));

/** What `use.mjs` finds, wherever the library works. */
export const EXPECTED = {
  results: ['42', '42', '7'],
  byte: 42,
  trap: [true, 'IntegerDivisionByZero'],
  error: [true, 'negative'],
  misuse: [true, 'ERR_INVALID_ARG_TYPE'],
  product: 'tested',
  page: '<!doctype html>',
};

/** The same, as it stands in a test that a tool runs. */
export const EXPECT = JSON.stringify(EXPECTED);

/** Of such a test, once modules were reset: what the copy `first` and a second one know of each other. */
export const SECOND_COPY = `
    const second = await import('wasmtime-guest-profiler');
    expect(second.Engine).not.toBe(first.Engine);
    expect(() => new second.Store(new first.Engine())).toThrow(/the Engine of another copy of/);
    for (const lib of [second, first, second]) expect(await use(lib)).toEqual(${EXPECT});`;

/** A directory with `use.mjs` and files of one's own, in which packages are linked as `npm link` does it. */
export class Project {
  readonly directory = mkdtempSync(join(tmpdir(), 'project-'));

  constructor(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>>) {
    copyFileSync(join(TOOLS, 'use.mjs'), this.path('use.mjs'));
    for (const [name, text] of Object.entries({
      'package.json': '{ "type": "module" }',
      ...files,
    })) {
      writeFileSync(this.path(name), text);
    }
    for (const [name, target] of Object.entries(links)) {
      const link = this.path('node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(target, link);
    }
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** Runs Node in the directory; what it printed, and how it ended. */
  node(...args: string[]): { status: number | null; output: string } {
    return this.run(process.execPath, args);
  }

  run(file: string, args: readonly string[]): { status: number | null; output: string } {
    const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
    const { status, stdout, stderr, error } = spawnSync(file, args, {
      cwd: this.directory,
      encoding: 'utf8',
      env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0', CI: '1' },
    });
    if (error) throw error;
    return { status, output: stdout + stderr };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
