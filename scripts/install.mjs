// What npm runs when the package is installed: nothing where a binary for this platform is there, as a package of its own,
// and loads; else node-gyp-build, which builds one from source. With --build-from-source that it does in any case.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

if (process.env.npm_config_build_from_source !== 'true' && (await loads())) process.exit(0);
const builder = createRequire(import.meta.url).resolve('node-gyp-build/bin.js');
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { status } = spawnSync(process.execPath, [builder], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

/** In a checkout there may be no `dist/` yet. */
async function loads() {
  try {
    await import('../dist/index.js');
    return true;
  } catch {
    return false;
  }
}
