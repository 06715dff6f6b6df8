// Programs that were bundled elsewhere, with the addon beside them, installed around them, or nowhere.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPECTED, Project, ROOT, TOOLS } from './project.js';

const ADDON = 'wasmtime_guest_profiler.node';
const PROGRAM = `
  import * as lib from 'wasmtime-guest-profiler';
  import { use } from './use.mjs';
  use(lib).then((found) => console.log(JSON.stringify(found)));`;
const BUNDLE = `
  import { build } from 'esbuild';
  import { rolldown } from 'rolldown';
  import webpack from 'webpack';

  const formats = { esm: 'mjs', cjs: 'cjs' };
  for (const [format, extension] of Object.entries(formats)) {
    const options = { entryPoints: ['program.mjs'], bundle: true, platform: 'node', format };
    await build({ ...options, outfile: 'esbuild.' + extension });

    const bundle = await rolldown({ input: 'program.mjs', platform: 'node' });
    await bundle.write({ file: 'rolldown.' + extension, format, codeSplitting: false });

    const isModule = format === 'esm';
    await new Promise((resolve, reject) =>
      webpack(
        {
          mode: 'production',
          optimization: { minimize: false },
          target: 'node',
          entry: './program.mjs',
          context: process.cwd(),
          experiments: { outputModule: isModule },
          output: {
            path: process.cwd(),
            filename: 'webpack.' + extension,
            module: isModule,
            library: { type: isModule ? 'module' : 'commonjs2' },
          },
        },
        (error, stats) =>
          error || stats.hasErrors() ? reject(error ?? stats.toString()) : resolve(),
      ));
  }`;

/** Where programs run; the files of the package that they were bundled from are gone. */
const project = new Project({ 'program.mjs': PROGRAM, 'bundle.mjs': BUNDLE }, {});
afterAll(() => project.remove());

beforeAll(() => {
  const modules = project.path('node_modules');
  const source = join(modules, 'wasmtime-guest-profiler');
  mkdirSync(source, { recursive: true });
  cpSync(join(ROOT, 'dist'), join(source, 'dist'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(source, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'));
  for (const name of ['esbuild', 'rolldown', 'webpack']) {
    symlinkSync(join(TOOLS, 'node_modules', name), join(modules, name));
  }
  expect(project.node('bundle.mjs')).toMatchObject({ status: 0 });
  renameSync(modules, project.path('elsewhere'));
});

/** A directory of its own for a bundle. */
function place(bundle: string, name: string): string {
  const directory = project.path(`${bundle}-${name}`);
  mkdirSync(directory);
  copyFileSync(project.path(bundle), join(directory, bundle));
  return directory;
}

const bundles = ['esbuild', 'rolldown', 'webpack'].flatMap((tool) => [
  `${tool}.mjs`,
  `${tool}.cjs`,
]);

describe.each(bundles)('%s', (bundle) => {
  it('is one file, without the addon', () => {
    const text = readFileSync(project.path(bundle), 'utf8');
    const imported = [...text.matchAll(/^import .*? from ?["']([^"']+)["'];?$/gm)].map(
      ([, name]) => name,
    );
    for (const name of imported) expect(builtinModules).toContain(name?.replace(/^node:/, ''));
  });

  it('finds the addon beside it', () => {
    const directory = place(bundle, 'beside');
    copyFileSync(join(ROOT, 'build', 'Release', ADDON), join(directory, ADDON));
    const { status, output } = project.node(join(directory, bundle));
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(JSON.parse(output)).toEqual({ ...EXPECTED, page: 'ERR_TEMPLATE_NOT_FOUND' });
  });

  it('finds it in the package that is installed', () => {
    const directory = place(bundle, 'installed');
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(ROOT, join(directory, 'node_modules', 'wasmtime-guest-profiler'));
    const { status, output } = project.node(join(directory, bundle));
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(JSON.parse(output)).toEqual(EXPECTED);
  });

  it('says where it has looked for it', () => {
    const directory = place(bundle, 'nowhere');
    const { status, output } = project.node(join(directory, bundle));
    expect(status).toBe(1);
    expect(output).toContain('ERR_ADDON_NOT_FOUND');
    expect(output).toContain(`put ${ADDON}`);
    expect(output).toContain(directory);
  });
});

// A copy of Node with the program in it, as `pkg` makes them too.
it('a single executable finds the addon beside it', () => {
  const blob = project.path('program.blob');
  const config = { main: 'esbuild.cjs', output: blob, disableExperimentalSEAWarning: true };
  writeFileSync(project.path('sea.json'), JSON.stringify(config));
  expect(project.node('--experimental-sea-config', 'sea.json')).toMatchObject({ status: 0 });
  const directory = project.path('single');
  mkdirSync(directory);
  const program = join(directory, 'program');
  copyFileSync(process.execPath, program);
  const postject = join(TOOLS, 'node_modules', 'postject', 'dist', 'cli.js');
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  const injected = project.node(postject, program, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse);
  expect(injected).toMatchObject({ status: 0 });

  expect(project.run(program, [])).toMatchObject({
    status: 1,
    output: expect.stringContaining(`Looked in ${directory}`),
  });
  copyFileSync(join(ROOT, 'build', 'Release', ADDON), join(directory, ADDON));
  const { status, output } = project.run(program, []);
  expect({ status, output }).toMatchObject({ status: 0 });
  expect(JSON.parse(output)).toEqual({ ...EXPECTED, page: 'ERR_TEMPLATE_NOT_FOUND' });
});
