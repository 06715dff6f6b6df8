// Profiles a real program: Go's own compiler's output, with its scheduler, maps and garbage collector,
// for some seconds. Leaves the summary on the screen and the profile in profiles/.
//
//   npm run demo
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const guest = path.join('test', 'guests', 'go', 'pipeline.wasm');
const profile = path.join('profiles', 'pipeline.profile.json');
/** Texts that the guest makes, counts and sorts: some 3 seconds. */
const texts = '8000';

const args = ['run', '--profile', profile, guest, texts];
console.log(`$ npx wasmtime-guest-profiler ${args.join(' ')}`);
mkdirSync(path.join(root, 'profiles'), { recursive: true });
const { status, error } = spawnSync(
  process.execPath,
  [path.join(root, 'dist', 'cli', 'main.cjs'), ...args],
  { cwd: root, stdio: 'inherit' },
);
if (error) throw error;
process.exitCode = status ?? 1;
