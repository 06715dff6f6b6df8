// Where the addon is found in what npm installs: the package, and one with the binary for this platform beside it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ADDON = 'wasmtime_guest_profiler.node';
const BUILT = path.join(ROOT, 'build', 'Release', ADDON);

const prebuild = new URL('../../scripts/prebuild.mjs', import.meta.url).href;
const { platformName } = (await import(prebuild)) as { platformName(): string };

let modules: string;
beforeAll(() => {
  modules = path.join(
    realpathSync(mkdtempSync(path.join(tmpdir(), 'find-addon-'))),
    'node_modules',
  );
  const own = path.join(modules, 'wasmtime-guest-profiler');
  for (const part of ['dist', 'package.json']) {
    cpSync(path.join(ROOT, part), path.join(own, part), { recursive: true });
  }
});
afterAll(() => rmSync(path.dirname(modules), { recursive: true }));

/** The addon's file that a program has loaded, below `node_modules`. `WASMTIME_GUEST_PROFILER_PREBUILD` is its environment's. */
function loadedFile(instead?: string): string {
  const env = { ...process.env, WASMTIME_GUEST_PROFILER_PREBUILD: instead };
  const use = `
    import { createRequire } from 'node:module';
    import { Engine } from 'wasmtime-guest-profiler';
    new Engine().dispose();
    const { cache } = createRequire(import.meta.url);
    console.log(Object.keys(cache).filter((file) => file.endsWith('.node')).join());`;
  const cwd = path.dirname(modules);
  writeFileSync(path.join(cwd, 'use.mjs'), use);
  const output = execFileSync(process.execPath, ['use.mjs'], { cwd, env, encoding: 'utf8' });
  return path.relative(modules, output.trim());
}

/** A package as `scripts/prebuild.mjs` makes it; its file. */
function addPackage(platform: string): string {
  const name = `wasmtime-guest-profiler-${platform}`;
  const main = `wasmtime_guest_profiler.${platform}.node`;
  mkdirSync(path.join(modules, name));
  writeFileSync(path.join(modules, name, 'package.json'), JSON.stringify({ name, main }));
  cpSync(BUILT, path.join(modules, name, main));
  return path.join(name, main);
}

it('takes that of the package for this platform, or what was built', () => {
  const file = addPackage(platformName());
  expect(loadedFile()).toBe(file);
  if (process.platform === 'linux') {
    // Package managers that don't look at libcs install both.
    addPackage(platformName().replace(/gnu$|musl$/, (libc) => (libc === 'gnu' ? 'musl' : 'gnu')));
    expect(loadedFile()).toBe(file);
  }
  const release = path.join('wasmtime-guest-profiler', 'build', 'Release');
  mkdirSync(path.join(modules, release), { recursive: true });
  cpSync(BUILT, path.join(modules, release, ADDON));
  expect(loadedFile()).toBe(path.join(release, ADDON));
  // By node-gyp-build's variable, as `scripts/asan.mjs` has it.
  expect(path.resolve(modules, loadedFile(ROOT))).toBe(BUILT);
});
