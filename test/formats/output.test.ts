import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeProfile, writeProfileSync } from '../../lib/formats/output.js';

const CHUNKS = ['one ', 'two ', 'three'].map((text) => Buffer.from(text));
const TEXT = 'one two three';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'output-'));
  path = join(directory, 'profile.json');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function* failingAfterOne(): Generator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('no more');
}

/** Both variants behind one signature, so that one set of tests holds for both. */
const toFile = {
  writeProfile: (chunks: Iterable<Uint8Array>, output: string | URL) =>
    writeProfile(chunks, output),
  writeProfileSync: async (chunks: Iterable<Uint8Array>, output: string | URL) =>
    writeProfileSync(chunks, output),
};

describe.each(Object.entries(toFile))('%s to a file', (_name, write) => {
  it('writes all of it, by path or URL, and nothing else', async () => {
    await write(CHUNKS, path);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
    await write([Buffer.from('newer')], pathToFileURL(path));
    expect(readFileSync(path, 'utf8')).toBe('newer');
    expect(readdirSync(directory)).toEqual(['profile.json']);
  });

  it('compresses a .gz', async () => {
    await write(CHUNKS, `${path}.gz`);
    expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(TEXT);
    await expect(write(failingAfterOne(), `${path}.gz`)).rejects.toThrow('no more');
    expect(readdirSync(directory)).toEqual(['profile.json.gz']);
    expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(TEXT);
  });

  it('leaves neither a half file nor a changed one when the profile fails', async () => {
    await expect(write(failingAfterOne(), path)).rejects.toThrow('no more');
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(path, 'older');
    await expect(write(failingAfterOne(), path)).rejects.toThrow('no more');
    expect(readdirSync(directory)).toEqual(['profile.json']);
    expect(readFileSync(path, 'utf8')).toBe('older');
  });

  it('the final name holds nothing before the end', async () => {
    function* watching(): Generator<Uint8Array> {
      for (const chunk of CHUNKS) {
        expect(existsSync(path)).toBe(false);
        yield chunk;
      }
    }
    await write(watching(), path);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
  });

  it('follows a link', async () => {
    const link = join(directory, 'link.json');
    writeFileSync(path, 'older');
    symlinkSync(path, link);
    await write(CHUNKS, link);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it('follows links that lead to nothing yet', async () => {
    const inner = join(directory, 'inner');
    mkdirSync(inner);
    symlinkSync('inner/link', path);
    symlinkSync('../real.json', join(inner, 'link'));
    await write(CHUNKS, path);
    expect(readFileSync(join(directory, 'real.json'), 'utf8')).toBe(TEXT);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    rmSync(path);
    symlinkSync('profile.json', path);
    await expect(write(CHUNKS, path)).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it.runIf(process.platform !== 'win32').each([0o600, 0o640, 0o666])(
    'keeps the permissions %o of what was there',
    async (mode) => {
      writeFileSync(path, 'older');
      chmodSync(path, mode);
      await write(CHUNKS, path);
      expect(statSync(path).mode & 0o777).toBe(mode);
      expect(readFileSync(path, 'utf8')).toBe(TEXT);
    },
  );

  it('is a private file before it is whole where the older one was', async () => {
    writeFileSync(path, 'older');
    chmodSync(path, 0o600);
    function* looking(): Generator<Uint8Array> {
      yield Buffer.from('half');
      const modes = readdirSync(directory).map(
        (name) => statSync(join(directory, name)).mode & 0o777,
      );
      expect(modes).toEqual([0o600, 0o600]);
    }
    await write(looking(), path);
  });

  it('keeps the other names of a file', async () => {
    writeFileSync(path, 'older');
    linkSync(path, join(directory, 'other.json'));
    await write(CHUNKS, path);
    expect(readFileSync(join(directory, 'other.json'), 'utf8')).toBe(TEXT);
    expect(statSync(path).nlink).toBe(2);
    expect(readdirSync(directory).sort()).toEqual(['other.json', 'profile.json']);
  });

  it('takes a name as long as a file system allows', async () => {
    const long = join(directory, 'n'.repeat(255));
    await write(CHUNKS, long);
    expect(readFileSync(long, 'utf8')).toBe(TEXT);
  });

  it('rejects with the error of the system', async () => {
    await expect(write(CHUNKS, join(directory, 'no', 'where'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await expect(write(CHUNKS, directory)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(write(CHUNKS, new URL('data:,x'))).rejects.toThrow(TypeError);
  });

  it.runIf(existsSync('/dev/full'))('reports a full disk, and replaces no device', async () => {
    await expect(write(CHUNKS, '/dev/full')).rejects.toMatchObject({ code: 'ENOSPC' });
    await write(CHUNKS, '/dev/null');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(readdirSync('/dev').filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});

describe('writeProfile to a stream', () => {
  it('writes all of it and leaves the stream open', async () => {
    const received: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        received.push(String(chunk));
        done();
      },
    });
    await writeProfile(CHUNKS, stream);
    expect(received).toEqual(['one ', 'two ', 'three']);
    expect(stream.writableEnded).toBe(false);
    expect(stream.listenerCount('error') + stream.listenerCount('close')).toBe(0);
  });

  it('makes a chunk only when the one before is written', async () => {
    let made = 0;
    let written = 0;
    let ahead = 0;
    function* counting(): Generator<Uint8Array> {
      for (; made < 20; made++) yield Buffer.alloc(64 * 1024);
    }
    const slow = new Writable({
      highWaterMark: 1024 * 1024,
      write(_chunk, _encoding, done) {
        setImmediate(() => {
          ahead = Math.max(ahead, made - written++);
          done();
        });
      },
    });
    await writeProfile(counting(), slow);
    expect(written).toBe(20);
    expect(ahead).toBeLessThanOrEqual(1);
  });

  it('rejects with the very error of the stream, which ends no process', async () => {
    const error = Object.assign(new Error('gone'), { code: 'EPIPE' });
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(error) });
    await expect(writeProfile(CHUNKS, stream)).rejects.toBe(error);
    // An 'error' event that nobody hears is thrown some ticks later; vitest would report it.
    await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('rejects when the stream is destroyed meanwhile, with an error or without', async () => {
    const error = new Error('reset');
    for (const reason of [error, undefined]) {
      const stream = new Writable({
        write() {
          stream.destroy(reason);
        },
      });
      const rejection = expect(writeProfile(CHUNKS, stream)).rejects;
      await (reason ? rejection.toBe(error) : rejection.toThrow());
    }
  });

  it('rejects for a stream that is over already', async () => {
    const destroyed = new Writable();
    destroyed.destroy();
    await expect(writeProfile(CHUNKS, destroyed)).rejects.toMatchObject({
      code: 'ERR_STREAM_PREMATURE_CLOSE',
    });
    const ended = new Writable({ write: (_chunk, _encoding, done) => done() });
    ended.end();
    await expect(writeProfile(CHUNKS, ended)).rejects.toMatchObject({
      code: 'ERR_STREAM_WRITE_AFTER_END',
    });
  });

  it('passes on the error of the profile itself, and leaves the stream open', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    await expect(writeProfile(failingAfterOne(), stream)).rejects.toThrow('no more');
    expect(stream.destroyed).toBe(false);
  });
});

it('writeProfile to nothing gives the bytes', async () => {
  expect(Buffer.from(await writeProfile(CHUNKS)).toString()).toBe(TEXT);
  expect(await writeProfile([])).toEqual(new Uint8Array(0));
});

it.each([7, null, {}])('writeProfile refuses %j as an output', async (output) => {
  await expect(writeProfile(CHUNKS, output as never)).rejects.toThrow(
    'expected a path, a file: URL or a Writable',
  );
});
