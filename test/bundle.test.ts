// Programs that were bundled, with the addon beside them, installed around them, or nowhere.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const addon = join(root, 'build/Release/wasmtime_guest_profiler.node');
const directory = mkdtempSync(join(tmpdir(), 'bundle-'));
afterAll(() => rmSync(directory, { recursive: true }));

const PROGRAM = `
  import { Engine, GuestProfiler, Module } from ${JSON.stringify(join(root, 'dist/index.js'))};
  const module = Module.compile(new Engine(), '(module)');
  const profile = new GuestProfiler('p', 1, [['m', module]]).finishProfile();
  profile.write().then(async (bytes) => {
    console.log('bundled', JSON.parse(Buffer.from(bytes)).meta.product);
    const page = await profile.write(undefined, { format: 'html' }).catch(({ code }) => code);
    console.log(typeof page === 'string' ? page : Buffer.from(page).subarray(0, 15).toString());
  });`;

async function bundle(format: 'esm' | 'cjs', name: string): Promise<string> {
  const file = join(directory, name, `program.${format === 'esm' ? 'mjs' : 'cjs'}`);
  mkdirSync(join(directory, name));
  await build({
    stdin: { contents: PROGRAM, resolveDir: root },
    outfile: file,
    bundle: true,
    platform: 'node',
    format,
    logLevel: 'silent',
  });
  return file;
}

function run(file: string): string {
  try {
    return execFileSync(process.execPath, [file], {
      encoding: 'utf8',
      cwd: tmpdir(),
      stdio: 'pipe',
    });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

describe.each(['esm', 'cjs'] as const)('a bundle as %s', (format) => {
  it('finds the addon beside it', async () => {
    const file = await bundle(format, `beside-${format}`);
    copyFileSync(addon, join(directory, `beside-${format}`, 'wasmtime_guest_profiler.node'));
    expect(run(file)).toBe('bundled p\nERR_TEMPLATE_NOT_FOUND\n');
  });

  it('finds it in the package that is installed', async () => {
    const file = await bundle(format, `installed-${format}`);
    const modules = join(directory, `installed-${format}`, 'node_modules');
    mkdirSync(modules);
    symlinkSync(root, join(modules, 'wasmtime-guest-profiler'));
    expect(run(file)).toBe('bundled p\n<!doctype html>\n');
  });

  it('says where it has looked for it', async () => {
    const file = await bundle(format, `nowhere-${format}`);
    const output = run(file);
    expect(output).toContain('ERR_ADDON_NOT_FOUND');
    expect(output).toContain('put wasmtime_guest_profiler.node');
    expect(output).toContain(join(directory, `nowhere-${format}`));
  });
});
