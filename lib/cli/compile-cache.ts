import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { unusedSuffix } from '../formats/output.js';
import { printable } from '../formats/terminal-text.js';
import { sha256 } from '../runtime/digest.js';
import { checkOwner, defaultCacheDirectory } from './cache-directory.js';
import type { CacheOptions } from './cache-options.js';
import { reasonOf } from './cli-error.js';
import { writeNow } from './terminal.js';

/** Most bytes that are kept; what was used longest ago goes. */
const MOST_BYTES = 1 << 30;
/** What a writer that was killed left behind is no one's after so long. */
const ABANDONED_MS = 3_600_000;
const CODE = '.cwasm';
const UNFINISHED = '.tmp';
const DIGEST_BYTES = 32;

/**
 * Compiled code, in a file for each module and configuration. It is machine code that is run as it is, so that each file
 * begins with its own digest, and the directory must be the user's alone. Any number of processes may use it: files come
 * there whole, by being renamed, and go whole. A cache that can't be used is said to be so, once, and compiled without.
 */
export class CompileCache {
  readonly #directory: string;
  readonly #most: number;
  #isUsable = true;

  /** In `directory`, which has at most so many bytes. */
  constructor(directory: string, most = MOST_BYTES) {
    this.#directory = directory;
    this.#most = most;
  }

  /** The cache that is asked for, if any. */
  static of({ cache }: CacheOptions): CompileCache | undefined {
    if (cache === false) return undefined;
    // Absent or, by Commander, true.
    const directory = typeof cache === 'string' ? path.resolve(cache) : defaultCacheDirectory();
    return new CompileCache(directory);
  }

  /** What is kept under `key`; undefined for nothing, or nothing whole. */
  read(key: string): Uint8Array | undefined {
    const file = this.#fileOf(key);
    let bytes: Uint8Array;
    try {
      if (statSync(this.#directory, { throwIfNoEntry: false }) === undefined) return undefined;
      checkOwner(this.#directory);
      bytes = readFileSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#giveUp(error);
      return undefined;
    }
    const code = bytes.subarray(DIGEST_BYTES);
    if (!sha256(code).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
    try {
      const now = new Date();
      utimesSync(file, now, now);
    } catch {
      // It goes earlier than it might.
    }
    return code;
  }

  /** Keeps `code` under `key`. */
  write(key: string, code: Uint8Array): void {
    if (!this.#isUsable || code.length > this.#most) return;
    const unfinished = path.join(this.#directory, `${key}.${unusedSuffix()}${UNFINISHED}`);
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      checkOwner(this.#directory);
      this.#shrink(this.#most - code.length);
      try {
        writeFileSync(unfinished, sha256(code), { flag: 'wx', mode: 0o600 });
        writeFileSync(unfinished, code, { flag: 'a' });
        renameSync(unfinished, this.#fileOf(key));
      } catch (error) {
        rmSync(unfinished, { force: true });
        throw error;
      }
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #fileOf(key: string): string {
    return path.join(this.#directory, key + CODE);
  }

  /** Lets go of what was used longest ago, until no more than `most` bytes are left. */
  #shrink(most: number): void {
    const files = readdirSync(this.#directory)
      .filter((name) => name.endsWith(CODE) || name.endsWith(UNFINISHED))
      .flatMap((name) => {
        const file = path.join(this.#directory, name);
        const stats = statSync(file, { throwIfNoEntry: false });
        // Another process may have been here.
        return stats === undefined ? [] : [{ file, size: stats.size, usedMs: stats.mtimeMs }];
      })
      .sort((a, b) => b.usedMs - a.usedMs);
    let kept = 0;
    for (const { file, size, usedMs } of files) {
      kept += size;
      const isAbandoned = file.endsWith(UNFINISHED) && Date.now() - usedMs > ABANDONED_MS;
      if (kept <= most && !isAbandoned) continue;
      rmSync(file, { force: true });
      kept -= size;
    }
  }

  #giveUp(error: unknown): void {
    if (!this.#isUsable) return;
    this.#isUsable = false;
    const reason = error instanceof Error && 'code' in error ? reasonOf(error) : String(error);
    writeNow(
      `warning: compiled code is not kept in ${printable(this.#directory)}: ${printable(reason)} ` +
        '(--cache names another directory, --no-cache none)\n',
    );
  }
}

/** The key of what `parts` decide. */
export function cacheKey(...parts: readonly (string | Uint8Array)[]): string {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const marked = bytes.flatMap((part) => [Buffer.from(`${part.length}:`), part]);
  return sha256(...marked).toString('hex');
}
