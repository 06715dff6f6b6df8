import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import type { PageData } from '../../lib/formats/page-types.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory, guest } from './command.js';

const FRONT_END = 'https://profiler.firefox.com';
const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => save('a.json', sampleProfile()));

/** Starts `view` in `directory`; the address that it prints. */
async function view(...given: (string | NodeJS.ProcessEnv)[]) {
  const args = given.filter((arg) => typeof arg === 'string');
  const env = given.find((arg) => typeof arg === 'object') ?? {};
  const cli = directory.start(['view', ...args], { env });
  const text = await new Promise<string>((resolve, reject) => {
    cli.child.stdout.once('data', (chunk) => resolve(String(chunk)));
    cli.outcome.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  const short = /^Open (\S+)$/m.exec(text)?.[1] ?? '';
  expect(short).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}$/);
  const { status, headers } = await fetch(short, { redirect: 'manual' });
  expect(status).toBe(302);
  const link = headers.get('location') ?? '';
  const { pathname, searchParams } = new URL(link);
  const [, fromUrl, encoded = ''] = pathname.split('/');
  const url = fromUrl === 'from-url' ? decodeURIComponent(encoded) : link;
  const symbolServer = searchParams.get('symbolServer') ?? '';
  const end = async () => {
    cli.child.kill('SIGINT');
    return cli.outcome;
  };
  /** The symbol server's answer. */
  const ask = async (path: string, request: object) => {
    const answer = await fetch(`${symbolServer}/${path}`, {
      method: 'POST',
      body: JSON.stringify(request),
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe(FRONT_END);
    return answer.json() as Promise<Record<string, unknown>>;
  };
  return { short, link, url, symbolServer, ask, end };
}

/** What a page shows. */
function pageOf(html: string): PageData {
  const [, json = ''] =
    /<script id="profile" type="application\/json">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json) as PageData;
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
    expect((await fetch(url, { method: 'PUT' })).status).toBe(405);
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(404);
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

  it('gives names for addresses, as symbol servers do', async () => {
    save('named.json', withPlaces(['src/app.c']));
    const { ask, end } = await view('named.json');
    const job = {
      memoryMap: [
        ['app.wasm', 'A0'],
        ['app.wasm', 'B0'],
      ],
      stacks: [
        [[0, 0x44]],
        [
          [0, 0x20],
          [0, 0x60],
          [1, 0x44],
        ],
      ],
    };
    expect(await ask('symbolicate/v5', { jobs: [job] })).toEqual({
      results: [
        {
          found_modules: { 'app.wasm/A0': true, 'app.wasm/B0': false },
          stacks: [
            [
              {
                ...{ frame: 0, module: 'app.wasm', module_offset: '0x44' },
                ...{ function: 'main', function_offset: '0x4', function_size: '0x10' },
                ...{ file: 'src/app.c', line: 7 },
                inlines: [{ function: 'skip', file: 'src/app.c', line: 3 }],
              },
            ],
            [
              { frame: 0, module: 'app.wasm', module_offset: '0x20' },
              { frame: 1, module: 'app.wasm', module_offset: '0x60' },
              { frame: 2, module: 'app.wasm', module_offset: '0x44' },
            ],
          ],
        },
      ],
    });
    await end();
  });

  it('gives sources from a directory, and nothing outside of it', async () => {
    mkdirSync(directory.file('sources/src'), { recursive: true });
    writeFileSync(directory.file('sources/src/app.c'), 'int found;\n');
    writeFileSync(directory.file('sources/other.c'), 'int other;\n');
    writeFileSync(directory.file('secret'), 'secret');
    symlinkSync(directory.file('secret'), directory.file('sources/link.c'));
    const names = ['src/app.c', '../secret', '/etc/passwd', 'link.c', 'src', 'none.c', '\0'];
    save('sources.json', withPlaces(names));
    const { url, ask, end } = await view('--sources', directory.file('sources'), 'sources.json');
    const at = { debugName: 'app.wasm', debugId: 'A0', moduleOffset: '0x44' };
    expect(await ask('source/v1', { ...at, file: 'src/app.c' })).toMatchObject({
      file: 'src/app.c',
      source: 'int found;\n',
    });
    for (const [i, file] of names.slice(1).entries()) {
      const moduleOffset = `0x${(0x45 + i).toString(16)}`;
      const { error } = await ask('source/v1', { ...at, moduleOffset, file });
      expect(error, file).toBe(`${file} is not in the directory of --sources`);
    }
    // A file that is there, but that no code at that address comes from.
    const { error } = await ask('source/v1', { ...at, file: 'other.c' });
    expect(error).toBe('no code at 0x44 comes from other.c');
    // What is shared from the front end must not hold sources without being asked for.
    expect(await (await fetch(url)).text()).not.toContain('int found');
    expect((await end()).stderr).toBe('');
  });

  it('gives the sources that a profile holds itself', async () => {
    const profile = withPlaces(['src/app.c']);
    profile.sources.setContent(0, 'int embedded;\n');
    save('embedded.json', profile);
    const { ask, end } = await view('embedded.json');
    const at = { debugName: 'app.wasm', debugId: 'A0', moduleOffset: '0x44' };
    const answer = await ask('source/v1', { ...at, file: 'src/app.c' });
    expect(answer).toMatchObject({ file: 'src/app.c', source: 'int embedded;\n' });
    await end();
  });

  it('says why there is no source', async () => {
    save('named.json', withPlaces(['src/app.c']));
    const { ask, end } = await view('named.json');
    const at = { debugName: 'app.wasm', debugId: 'A0', moduleOffset: '0x44' };
    const { error } = await ask('source/v1', { ...at, file: 'src/app.c' });
    expect(error).toContain('--sources');
    await end();
  });

  describe('of a recorded program', () => {
    const PARSER = guest('c/parser.wasm');
    beforeAll(async () => {
      const run = async (file: string, ...options: string[]) => {
        const args = ['run', '-q', '--hz', '5000', ...options, '-o', file, PARSER, '20'];
        expect((await directory.run(args)).code).toBe(0);
      };
      await run('parser.json');
      await run('fuel.json', '--fuel', '1000000000000');
    });

    it.each(['parser.json', 'fuel.json'])(
      'gives the instructions of functions in %s',
      async (name) => {
        const { shared, libs } = JSON.parse(readFileSync(directory.file(name), 'utf8'));
        const { nativeSymbols, frameTable, stackTable } = shared;
        const { ask, end } = await view('--wasm', PARSER, name);
        const of = {
          name: libs[0].name,
          debugName: libs[0].debugName,
          debugId: libs[0].breakpadId,
        };
        const linesOf = new Map<number, [number, string][]>();
        for (const [symbol, address] of nativeSymbols.address.entries()) {
          const size = `0x${nativeSymbols.functionSize[symbol].toString(16)}`;
          const startAddress = `0x${address.toString(16)}`;
          const answer = await ask('asm/v1', { ...of, startAddress, size });
          expect(answer).toMatchObject({ startAddress, size, arch: 'wasm' });
          const instructions = answer['instructions'] as [number, string][];
          expect(instructions[0]).toEqual([
            0,
            expect.stringMatching(/^\(func \$.* ;; function entry or no instruction$/),
          ]);
          expect(instructions.map(([, text]) => text)).not.toContainEqual(
            expect.stringMatching(/^ *\(local/),
          );
          const offsets = instructions.map(([offset]) => offset);
          expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
          expect(offsets.at(-1)).toBeLessThan(nativeSymbols.functionSize[symbol]);
          linesOf.set(symbol, instructions);
        }
        // What called another function was in the middle of a call.
        let calls = 0;
        for (const [stack, frame] of stackTable.frame.entries()) {
          const prefixOffset = stackTable.prefixOffset[stack];
          if (prefixOffset === 0 || frameTable.inlineDepth[frame] > 0) continue;
          const caller = stackTable.frame[stack - prefixOffset];
          const symbol = frameTable.nativeSymbol[caller];
          const offset = frameTable.address[caller] - nativeSymbols.address[symbol];
          const line = linesOf.get(symbol)?.findLast(([at]) => at <= offset)?.[1];
          // Wasmtime itself is called by instructions on memories.
          expect(line).toMatch(/^ *(call|call_indirect|memory\.\w+)\b/);
          calls++;
        }
        expect(calls).toBeGreaterThan(20);
        const nothing = await ask('asm/v1', { ...of, startAddress: '0x1', size: '0x4' });
        expect(nothing).toEqual({ error: 'no function that was sampled begins at 0x1' });
        expect((await end()).stderr).toBe('');
      },
    );

    it('takes code that was compiled before', async () => {
      const compiled = directory.file('parser.cwasm');
      expect((await directory.run(['compile', '-o', compiled, PARSER])).code).toBe(0);
      const args = ['run', '-q', '--hz', '5000', '-o', 'compiled.json', '--precompiled', compiled];
      expect((await directory.run([...args, '20'])).code).toBe(0);
      const heads = [];
      // The second was recorded without the module's binary.
      for (const name of ['parser.json', 'compiled.json']) {
        const { shared, libs } = JSON.parse(readFileSync(directory.file(name), 'utf8'));
        const { ask, end } = await view('--wasm', PARSER, '--precompiled', compiled, name);
        const { address, functionSize, name: names } = shared.nativeSymbols;
        const row = names.findIndex((at: number) => shared.stringArray[at].includes('parse'));
        const { instructions } = await ask('asm/v1', {
          ...{ debugName: libs[0].debugName, debugId: libs[0].breakpadId },
          startAddress: `0x${address[row].toString(16)}`,
          size: `0x${functionSize[row].toString(16)}`,
        });
        heads.push((instructions as [number, string][])[0]?.[1]);
        expect((await end()).stderr).toBe('');
      }
      expect(heads).toEqual([0, 1].map(() => expect.stringMatching(/^\(func \$.*parse/)));
      for (const [args, message] of [
        [['--precompiled', compiled], '--precompiled is code of a module that --wasm gives'],
        [['--wasm', PARSER, '--precompiled', PARSER], 'is nothing that Wasmtime has compiled'],
        [['--wasm', PARSER, '--precompiled', 'none'], "can't read none: no such file"],
      ] as const) {
        const { code, stderr } = await directory.run(['view', ...args, 'parser.json']);
        expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) });
      }
    });

    it('shows instructions and sources on the page that needs no web', async () => {
      const stripped = guest('c/parser-stripped.wasm');
      const outputs = ['-o', 'stripped.json', '-o', 'stripped.html'];
      const args = ['run', '-q', '--hz', '5000', ...outputs, stripped, '20'];
      expect((await directory.run(args)).code).toBe(0);
      const { url, end } = await view('--offline', '--wasm', stripped, 'stripped.json');
      const served = pageOf(await (await fetch(url)).text());
      expect((await end()).stderr).toBe('');
      const written = pageOf(readFileSync(directory.file('stripped.html'), 'utf8'));
      expect(served.codes).toEqual(written.codes);
      expect(served.codes[0]?.lines[0]?.text).toMatch(/^\(func /);
      mkdirSync(directory.file('page-sources'), { recursive: true });
      writeFileSync(directory.file('page-sources/app.c'), 'int shown;\n');
      save('page.json', withPlaces(['app.c']));
      const sources = await view('--offline', '--sources', 'page-sources', 'page.json');
      expect(pageOf(await (await fetch(sources.url)).text()).sources).toEqual([
        { file: 'app.c', text: 'int shown;\n' },
      ]);
      expect((await sources.end()).stderr).toBe('');
    });

    it('says why there are no instructions', async () => {
      const { shared, libs } = JSON.parse(readFileSync(directory.file('parser.json'), 'utf8'));
      const startAddress = `0x${shared.nativeSymbols.address[0].toString(16)}`;
      const { ask, end } = await view('parser.json');
      const of = { debugName: libs[0].debugName, debugId: libs[0].breakpadId };
      const { error } = await ask('asm/v1', { ...of, startAddress, size: '0x10' });
      expect(error).toContain('--wasm FILE');
      await end();
    });

    it('takes no file that isn’t the profile’s module, or that comes out otherwise', async () => {
      const json = JSON.parse(readFileSync(directory.file('parser.json'), 'utf8'));
      json.shared.nativeSymbols.functionSize[0]++;
      writeFileSync(directory.file('otherwise.json'), JSON.stringify(json));
      for (const [file, profile, message] of [
        ['none.wasm', 'parser.json', "can't read none.wasm: no such file or directory"],
        ['a.json', 'parser.json', 'a.json is no valid WebAssembly module'],
        [guest('c/endings.wasm'), 'parser.json', 'endings.wasm is no module of the profile'],
        [PARSER, 'otherwise.json', 'is compiled to other code here than in the profile'],
      ] as const) {
        const { code, stdout, stderr } = await directory.run(['view', '--wasm', file, profile]);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toContain(message);
      }
    });
  });

  it('answers requests that make no sense with errors, and goes on', async () => {
    const { symbolServer, ask, end } = await view('a.json');
    const post = async (path: string, body: string) =>
      (await fetch(`${symbolServer}/${path}`, { method: 'POST', body })).status;
    expect(await post('source/v1', '{')).toBe(400);
    expect(await post('source/v2', '{}')).toBe(404);
    const of = { debugName: 'app.wasm', debugId: '' };
    for (const [path, request, message] of [
      ['symbolicate/v5', {}, 'jobs: expected an array'],
      ['symbolicate/v5', { jobs: [1] }, 'job: expected an object'],
      ['symbolicate/v5', { jobs: [{ memoryMap: [['a']], stacks: [] }] }, 'debug id: expected'],
      ['symbolicate/v5', { jobs: [{ memoryMap: [], stacks: [[[0, 1]]] }] }, 'module index:'],
      ['symbolicate/v5', { jobs: [{ memoryMap: [], stacks: [[[-1, 1]]] }] }, 'module index:'],
      ['source/v1', [], 'request: expected an object'],
      ['source/v1', { ...of, file: 1 }, 'file: expected a string'],
      ['source/v1', { ...of, file: 'a', moduleOffset: '12' }, 'moduleOffset: expected an offset'],
      ['asm/v1', { ...of, startAddress: 12 }, 'startAddress: expected a string'],
      ['asm/v1', { debugName: 'b', debugId: '', startAddress: '0x1' }, 'b: the profile has no'],
    ] as const) {
      expect((await ask(path, request))['error'], path).toContain(message);
    }
    expect(await end()).toMatchObject({ code: 0, stderr: '' });
  });

  it('starts the browser with --open, and goes on without one', async () => {
    const opened = directory.file('opened');
    const browser = directory.file('browser');
    writeFileSync(
      browser,
      `#!/bin/sh\necho "$1" > ${opened}.part && mv ${opened}.part ${opened}\n`,
    );
    chmodSync(browser, 0o755);
    const { short, end } = await view('--open', 'a.json', { BROWSER: browser });
    await vi.waitFor(() => expect(readFileSync(opened, 'utf8')).toBe(`${short}\n`), 30_000);
    expect(await end()).toMatchObject({ code: 0 });
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
    [['view', '--front-end', 'ftp://x', 'a.json'], 2, 'Expected an address'],
    [['view', '--front-end', 'x', 'a.json'], 2, 'Expected an address'],
    [['view', '--sources', 'none', 'a.json'], 1, "can't read none: no such file or directory"],
  ])('%j exits with %d', async (args, expected, message) => {
    const { code, stdout, stderr } = await directory.run(args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
  });
});

/** A function `main` with one inlined into it, `skip`: both of the first file at 0x44, of the next at 0x45 … */
function withPlaces(files: readonly string[]): Profile {
  const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
  const { strings, libs, nativeSymbols, sources, funcs, frames, stacks } = profile;
  const lib = libs.add({ name: 'app.wasm', debugName: 'app.wasm', breakpadId: 'A0' });
  const nativeSymbol = nativeSymbols.intern(lib, 0x40, strings.intern('main'), 0x10);
  const thread = profile.addThread({ name: 'p' });
  for (const [i, file] of files.entries()) {
    const source = sources.intern(strings.intern(file));
    const func = (name: string) => funcs.intern({ name: strings.intern(name), source });
    const at = { lib, nativeSymbol, address: 0x44 + i };
    const main = frames.intern({ ...at, func: func('main'), line: 7 });
    const skip = frames.intern({ ...at, func: func('skip'), line: 3, inlineDepth: 1 });
    thread.samples.push(stacks.intern(stacks.intern(NO_STACK, main), skip), i, 1);
  }
  thread.end(files.length);
  return profile;
}

function save(name: string, profile: Profile): void {
  writeFileSync(directory.file(name), Buffer.concat([...firefoxJson(profile)]));
}
