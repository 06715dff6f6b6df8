import { mkdirSync, statSync } from 'node:fs';
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

/** A directory of its own in the user's cache directory, by the platform's convention. */
export function defaultCacheDirectory(): string {
  const home = homedir();
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  const base =
    process.platform === 'win32'
      ? local || path.join(home, 'AppData', 'Local')
      : process.platform === 'darwin'
        ? path.join(home, 'Library', 'Caches')
        : xdg && path.isAbsolute(xdg)
          ? xdg
          : path.join(home, '.cache');
  return path.join(base, 'wasmtime-guest-profiler');
}

/**
 * Others that may write there could have us run what they like.
 *
 * @throws Error where they may.
 */
export function checkOwner(directory: string): void {
  const uid = process.getuid?.();
  if (uid === undefined) return;
  const stats = statSync(directory);
  if (stats.uid !== uid || (stats.mode & 0o022) !== 0) {
    throw new Error('others than you may write to it');
  }
}

/** Has Node keep what V8 makes of the JavaScript that is loaded from here on. Node can since 22.1. */
export function keepV8Code(): void {
  // The types here are those of Node 20.
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (directory: string) => void };
  if (enableCompileCache === undefined) return;
  const directory = defaultCacheDirectory();
  const own = path.join(directory, 'node');
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    checkOwner(directory);
    checkOwner(own);
    enableCompileCache(own);
  } catch {
    // It compiles as it did before.
  }
}
