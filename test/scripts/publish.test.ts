import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const {
  packIn,
  writeSums,
}: {
  packIn(directory: string, destination: string): unknown;
  writeSums(directory: string): void;
} = await import(new URL('../../scripts/packed.mjs', import.meta.url).href);

const SCRIPT = fileURLToPath(new URL('../../scripts/publish.mjs', import.meta.url));

/** What npm sends, of which a registry keeps this. */
interface Publication {
  readonly name: string;
  readonly versions: Readonly<Record<string, { readonly dist: { readonly integrity: string } }>>;
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>;
}

const directory = mkdtempSync(join(tmpdir(), 'publish-'));
const packages = join(directory, 'packages');
/** Whatever is published, in this order. */
let published: Publication[] = [];
const registry = createServer(async (request, response) => {
  const name = decodeURIComponent(request.url?.slice(1) ?? '');
  if (request.method === 'PUT') {
    published.push((await json(request)) as Publication);
    response.writeHead(201).end('{}');
    return;
  }
  const known = published.find((publication) => publication.name === name);
  if (known === undefined) response.writeHead(404).end('{}');
  else response.end(JSON.stringify({ 'dist-tags': { latest: '1.0.0' }, ...known }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const { port } = registry.address() as AddressInfo;
  const url = `//127.0.0.1:${port}/`;
  writeFileSync(join(directory, 'npmrc'), `registry=http:${url}\n${url}:_authToken=none\n`);
});
afterAll(() => {
  registry.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  published = [];
  rmSync(packages, { recursive: true, force: true });
  mkdirSync(packages);
  // By their names the main one comes first.
  pack({ name: 'app', optionalDependencies: { 'app-linux': '1.0.0' } });
  pack({ name: 'app-linux' });
  writeSums(packages);
});

function pack(manifest: object) {
  const source = mkdtempSync(join(directory, 'source-'));
  writeFileSync(join(source, 'package.json'), JSON.stringify({ version: '1.0.0', ...manifest }));
  packIn(source, packages);
}

/** Runs the script beside the registry of this process. */
async function publish(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    cwd: directory,
    env: {
      ...process.env,
      NPM_CONFIG_USERCONFIG: join(directory, 'npmrc'),
      NPM_CONFIG_CACHE: join(directory, 'cache'),
      PACKAGES: packages,
      ...env,
    },
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, output };
}

const names = () => published.map(({ name }) => name);

it('publishes the bytes that were packed, the main package last', async () => {
  const { code, output } = await publish();
  expect([code, names()], output).toEqual([0, ['app-linux', 'app']]);
  for (const { name, versions, _attachments } of published) {
    const bytes = readFileSync(join(packages, `${name}-1.0.0.tgz`));
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    expect(versions['1.0.0']?.dist.integrity).toBe(integrity);
    expect(Object.values(_attachments).map(({ data }) => Buffer.from(data, 'base64'))).toEqual([
      bytes,
    ]);
  }
});

it('goes on where an earlier run ended', async () => {
  await publish();
  published = published.slice(0, 1);
  const { code, output } = await publish();
  expect([code, names()], output).toEqual([0, ['app-linux', 'app']]);
  expect(output).toContain('app-linux@1.0.0: published already');
});

it('takes no other package of that version for its own', async () => {
  await publish();
  pack({ name: 'app', description: 'another' });
  writeSums(packages);
  const { code, output } = await publish();
  expect([code, names()]).toEqual([1, ['app-linux', 'app']]);
  expect(output).toContain('another app@1.0.0 was published');
});

it('publishes nothing that was changed since', async () => {
  appendFileSync(join(packages, 'app-linux-1.0.0.tgz'), 'more');
  const { code, output } = await publish();
  expect([code, names()]).toEqual([1, []]);
  expect(output).toContain('app-linux-1.0.0.tgz is not what was packed');
});

it('publishes nothing on trial', async () => {
  const { code, output } = await publish(['--dry-run']);
  expect([code, names()], output).toEqual([0, []]);
  expect(output).toContain('app@1.0.0: would be published');
});

it('wants the repository to be named where provenance is', async () => {
  const { code, output } = await publish([], { NPM_CONFIG_PROVENANCE: 'true' });
  expect([code, names()]).toEqual([1, []]);
  expect(output).toContain('package.json of app-linux, app has no `repository`');
});
