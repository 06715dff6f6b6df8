// Writes dist/wasmtime-guest-profiler.1, the man page, from the options that the built command line has.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'dist');
const page = execFileSync(process.execPath, [path.join(dist, 'cli', 'main.cjs'), 'man-page']);
writeFileSync(path.join(dist, 'wasmtime-guest-profiler.1'), page);
