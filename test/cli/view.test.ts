import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { Profile } from '../../lib/profile/profile.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory } from './command.js';

const FRONT_END = 'https://profiler.firefox.com';
const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => save('a.json', sampleProfile()));

/** Starts `view`; the address that it prints. */
async function view(...args: string[]) {
  const cli = directory.start(['view', ...args]);
  const text = await new Promise<string>((resolve, reject) => {
    cli.child.stdout.once('data', (chunk) => resolve(String(chunk)));
    cli.outcome.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  const link = /^Open (\S+)$/m.exec(text)?.[1] ?? '';
  const url = decodeURIComponent(link.replace(`${FRONT_END}/from-url/`, ''));
  const end = async () => {
    cli.child.kill('SIGINT');
    return cli.outcome;
  };
  return { link, url, end };
}

describe('view', () => {
  it('serves the profile to the Firefox Profiler, until Ctrl-C', async () => {
    const { link, url, end } = await view('a.json');
    expect(link).toMatch(
      /^https:\/\/profiler\.firefox\.com\/from-url\/http%3A%2F%2F127\.0\.0\.1%3A/,
    );
    const answer = await fetch(url);
    expect(answer.headers.get('access-control-allow-origin')).toBe(FRONT_END);
    assertProfileIntegrity(await answer.json());
    expect(await end()).toMatchObject({ code: 0, stderr: '' });
    await expect(fetch(url)).rejects.toThrow();
  });

  it('serves a page with --offline', async () => {
    const { link, url, end } = await view('--offline', 'a.json');
    expect(link).toBe(url);
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await answer.text()).toContain('"name":"memchr"');
    await end();
  });

  it('gives nothing to who can’t name the path, or comes by another name', async () => {
    const { url, end } = await view('a.json');
    const { origin, port, pathname } = new URL(url);
    for (const path of ['/', '/profile.json', `/${'0'.repeat(32)}/profile.json`, `${pathname}x`]) {
      expect((await fetch(`${origin}${path}`)).status, path).toBe(404);
    }
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const preflight = await fetch(url, { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-private-network')).toBe('true');
    // As a page whose name was made to lead here would ask.
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: 'evil.example' };
      request({ host: '127.0.0.1', port, path: pathname, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(rebound).toBe(404);
    await end();
  });

  it('shows sources from a directory, and nothing outside of it', async () => {
    mkdirSync(directory.file('sources/src'), { recursive: true });
    writeFileSync(directory.file('sources/src/app.c'), 'int found;\n');
    writeFileSync(directory.file('secret'), 'secret');
    symlinkSync(directory.file('secret'), directory.file('sources/link.c'));
    const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
    const names = ['src/app.c', '../secret', '/etc/passwd', 'link.c', 'src', 'none.c', '\0'];
    for (const name of names) {
      const source = profile.sources.intern(profile.strings.intern(name));
      profile.funcs.add({ name: profile.strings.intern(name), source });
    }
    profile.addThread({ name: 'p' });
    save('sources.json', profile);
    const { url, end } = await view('--sources', directory.file('sources'), 'sources.json');
    const { shared } = (await (await fetch(url)).json()) as {
      shared: { sources: { content: (string | null)[] } };
    };
    expect(shared.sources.content).toEqual(['int found;\n', ...Array(6).fill(null)]);
    expect((await end()).stderr).toBe('');
  });

  it('tells when the port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await directory.run(['view', '--port', `${port}`, 'a.json']);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: can't listen on port \d+: .*EADDRINUSE/);
  });

  it.each([
    [['view'], 2, "missing required argument 'file'"],
    [['view', 'none.json'], 1, "can't read none.json: no such file or directory"],
    [['view', '--port', '65536', 'a.json'], 2, 'Expected a port'],
    [['view', '--sources', 'none', 'a.json'], 1, "can't read none: no such file or directory"],
  ])('%j exits with %d', async (args, expected, message) => {
    const { code, stdout, stderr } = await directory.run(args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
  });
});

function save(name: string, profile: Profile): void {
  writeFileSync(directory.file(name), Buffer.concat([...firefoxJson(profile)]));
}
