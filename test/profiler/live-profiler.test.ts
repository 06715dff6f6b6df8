import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Linker, LiveProfiler, Store } from '../../lib/index.js';
import { pprofTop } from '../readers/tools.js';
import { rejection } from '../runtime/support.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { spinner } from './spinner.js';

const { engine, module, store, spin } = spinner();
const modules = [['spinner', module]] as const;
const directory = mkdtempSync(join(tmpdir(), 'live-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A guest at work, as in a server: calls of some milliseconds, and the event loop between them. */
let working: NodeJS.Timeout;
let live: LiveProfiler;
beforeEach(() => {
  working = setInterval(() => spin.call(store, 5_000_000), 5);
  live = new LiveProfiler({ modules, intervalMs: 0.5 });
  live.watch(store);
});
afterEach(() => clearInterval(working));

describe('LiveProfiler.record', () => {
  it('profiles a running store for a while, again and again', async () => {
    for (let i = 0; i < 2; i++) {
      const profile = await live.record(400);
      expect(profile.hotFunctions().map(({ name }) => name)).toContain('work');
      expect(live.recording).toBe(false);
    }
  });

  it('is one at a time', async () => {
    const first = live.record(30);
    expect(live.recording).toBe(true);
    await expect(live.record(30)).rejects.toMatchObject({ code: 'ERR_PROFILER_BUSY' });
    await first;
  });

  it('ends at a signal, before or after', async () => {
    const later = new AbortController();
    setTimeout(() => later.abort(), 20);
    expect((await live.record(60_000, later.signal)).name).toBe('spinner');
    await live.record(60_000, AbortSignal.abort());
  });

  it('takes stores that come later, and none that are disposed', async () => {
    const other = new Store(engine);
    other.setEpochDeadline(Number.MAX_SAFE_INTEGER);
    const gone = new Store(engine);
    live.watch(gone);
    live.watch(store);
    gone.dispose();
    clearInterval(working);
    const recorded = live.record(40);
    live.watch(other);
    new Linker(engine).instantiate(other, module).getFunc(other, 'spin').call(other, 300_000_000);
    expect((await recorded).hotFunctions()[0]?.name).toBe('work');
  });

  it.each([
    [() => new LiveProfiler({} as never), 'ERR_INVALID_ARG_TYPE'],
    [() => new LiveProfiler({ modules, every: 1 } as never), 'ERR_INVALID_ARG_VALUE'],
    [() => new LiveProfiler({ modules, intervalMs: 0 }), 'ERR_OUT_OF_RANGE'],
    [() => live.watch({} as never), 'ERR_INVALID_ARG_TYPE'],
  ])('refuses wrong arguments: %#', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });

  it.each([0, -1, Number.NaN, '1'])('refuses a duration of %j', async (duration) => {
    await expect(live.record(duration as number)).rejects.toThrow('durationMs');
    expect(live.recording).toBe(false);
  });
});

describe('LiveProfiler.rotate', () => {
  it('writes one file after the other, and keeps the newest', async () => {
    const to = join(directory, 'rotated');
    const stop = new AbortController();
    const rotating = live.rotate({ directory: to, everyMs: 40, keep: 2 }, stop.signal);
    writeFileSync(join(to, 'mine.json.gz'), 'not ours');
    writeFileSync(join(to, 'guest-list.json.gz'), 'nor this');
    await sleep(900);
    stop.abort();
    await rotating;
    const files = readdirSync(to).sort();
    expect(files).toHaveLength(4);
    expect(files).toContain('mine.json.gz');
    expect(files).toContain('guest-list.json.gz');
    for (const file of files.filter((name) => name.startsWith('guest-2'))) {
      assertProfileIntegrity(JSON.parse(gunzipSync(readFileSync(join(to, file))).toString()));
    }
    expect(live.recording).toBe(false);
  });

  it('writes over no profile of another that began at the same time', async () => {
    const to = join(directory, 'same-time');
    const time = Date.UTC(2026, 0, 1);
    const now = vi.spyOn(Date, 'now').mockReturnValue(time);
    try {
      mkdirSync(to);
      writeFileSync(join(to, 'guest-2026-01-01T00-00-00-001Z.json.gz'), 'another program’s');
      const stop = new AbortController();
      const other = new LiveProfiler({ modules });
      const rotating = [live, other].map((one) =>
        one.rotate({ directory: to, everyMs: 10, extension: '.json.gz' }, stop.signal),
      );
      while (readdirSync(to).filter((name) => !name.endsWith('.partial')).length < 6)
        await sleep(5);
      stop.abort();
      await Promise.all(rotating);
    } finally {
      now.mockRestore();
    }
    const files = readdirSync(to).sort();
    // Each takes the next free name.
    expect(files).toEqual(
      files.map((_, i) => `guest-2026-01-01T00-00-00-${String(i).padStart(3, '0')}Z.json.gz`),
    );
    expect(readFileSync(join(to, files[1] as string), 'utf8')).toBe('another program’s');
    for (const file of files.filter((_, i) => i !== 1)) {
      assertProfileIntegrity(JSON.parse(gunzipSync(readFileSync(join(to, file))).toString()));
    }
  });

  it('tells of a file that it can’t write, and goes on', async () => {
    const to = join(directory, 'removed');
    const errors: unknown[] = [];
    const stop = new AbortController();
    const options = { directory: to, everyMs: 20, onError: (error: unknown) => errors.push(error) };
    const rotating = live.rotate(options, stop.signal);
    rmSync(to, { recursive: true });
    await sleep(150);
    stop.abort();
    await rotating;
    expect(errors.length).toBeGreaterThan(1);
    expect(errors[0]).toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    [{ directory: 7 }, 'ERR_INVALID_ARG_TYPE'],
    [{ directory: '.', keep: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ directory: '.', everyMs: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ directory: '.', every: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ directory: '.', extension: 7 }, 'ERR_INVALID_ARG_TYPE'],
    [{ directory: '.', extension: '.svg' }, 'ERR_OUT_OF_RANGE'],
    [{ directory: '.', onError: 7 }, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses %j', async (options, code) => {
    const rotating = live.rotate(options as never, AbortSignal.abort());
    await expect(rotating).rejects.toMatchObject({ code });
  });
});

describe('a signal', () => {
  it.each([undefined, {}, 'abort'])('%j is none', async (signal) => {
    const options = { directory: join(directory, 'none') };
    await expect(live.rotate(options, signal as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    if (signal === undefined) return;
    await expect(live.record(10, signal as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    expect(live.recording).toBe(false);
  });
});

describe('LiveProfiler.handler', () => {
  let server: Server;
  let origin: string;
  beforeEach(async () => {
    server = createServer(live.handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('is what go tool pprof asks', async () => {
    const top = await pprofTop(`${origin}/debug/pprof/profile?seconds=1`);
    expect([...top.keys()][0]).toBe('work');
  });

  it('answers in other formats too', async () => {
    const answer = await fetch(`${origin}/debug/pprof/profile?seconds=0.05&format=firefox`);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="profile.json"');
    assertProfileIntegrity(await answer.json());
  });

  it('ends when nobody waits for it any more', async () => {
    const gone = new AbortController();
    const asked = fetch(`${origin}/debug/pprof/profile?seconds=60`, { signal: gone.signal });
    while (!live.recording) await sleep(5);
    gone.abort();
    await expect(asked).rejects.toThrow();
    while (live.recording) await sleep(5);
  });

  it.each([
    ['/', 404, 'not found'],
    ['/debug/pprof/heap', 404, 'not found'],
    ['/debug/pprof/profile?seconds=0', 400, 'seconds: expected'],
    ['/debug/pprof/profile?seconds=1e9', 400, 'seconds: expected'],
    ['/debug/pprof/profile?seconds=3601', 400, 'seconds: expected'],
    ['/debug/pprof/profile?seconds=0.0001', 400, 'seconds: expected'],
    ['/debug/pprof/profile?seconds=', 400, 'seconds: expected'],
    ['/debug/pprof/profile?seconds=-1', 400, 'seconds: expected'],
    ['/debug/pprof/profile?seconds=x', 400, 'seconds: expected'],
    ['/debug/pprof/profile?seconds=1&format=svg', 400, 'format: expected'],
  ])('%s is %d', async (path, status, text) => {
    const answer = await fetch(`${origin}${path}`);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(text);
  });

  it('refuses other methods, and a second recording', async () => {
    const post = await fetch(`${origin}/debug/pprof/profile`, { method: 'POST' });
    expect(post.status).toBe(405);
    const recording = live.record(100);
    const second = await fetch(`${origin}/debug/pprof/profile?seconds=1`);
    expect([second.status, await second.text()]).toEqual([409, 'a recording is under way\n']);
    await recording;
  });

  it.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const answer = await fetch(`${origin}/debug/pprof/profile`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET']);
    expect(live.recording).toBe(false);
  });

  it.each(['//', 'http://[', '*', '/%'])('survives the path %j', async (path) => {
    const status = await new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const asked = request({ host: '127.0.0.1', port, path }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on('error', reject).end();
    });
    expect(status).toBe(404);
  });

  it('gives one of several clients a profile, and the others a refusal', async () => {
    const url = `${origin}/debug/pprof/profile?seconds=0.3`;
    const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(url)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    for (const answer of answers) await answer.arrayBuffer();
    // And is free again.
    expect((await fetch(`${origin}/debug/pprof/profile?seconds=0.01`)).status).toBe(200);
  });

  it('survives that someone else has answered meanwhile', async () => {
    const impatient = createServer((request, response) => {
      const answered = live.handler(request, response);
      response.writeHead(503).flushHeaders();
      void answered.then(() => impatient.close());
    });
    await new Promise<void>((resolve) => impatient.listen(0, '127.0.0.1', resolve));
    const { port } = impatient.address() as AddressInfo;
    const closed = new Promise((resolve) => impatient.once('close', resolve));
    const path = '/debug/pprof/profile?seconds=0.01';
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    expect(answer.status).toBe(503);
    await expect(answer.text()).rejects.toThrow();
    await closed;
  });

  it('leaves other paths to the next middleware', async () => {
    const passed: string[] = [];
    const request = { url: '/other', method: 'GET' };
    await live.handler(request as never, {} as never, () => passed.push('next'));
    expect(passed).toEqual(['next']);
  });

  it.each([
    ['request', undefined, {}, undefined],
    ['next', { url: '/other' }, {}, 'next'],
    ['response', { url: '/other' }, null, undefined],
    ['response.end', { url: '/profile', method: 'GET' }, {}, undefined],
    ['response.setHeader', { url: '/profile', method: 'GET' }, { end() {} }, undefined],
    ['response.once', { url: '/profile', method: 'GET' }, { end() {}, setHeader() {} }, undefined],
  ])('refuses what is no %s', async (what, request, response, next) => {
    const error = await rejection(live.handler(request as never, response as never, next as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(String(error)).toContain(`${what}: expected`);
    expect(live.recording).toBe(false);
  });
});
