import { readFileSync } from 'node:fs';
import os from 'node:os';

/** On what, with what, when, and how busy the machine was beforehand. */
export function circumstances(): string {
  const cores = os.cpus();
  const load = os.loadavg()[0] as number;
  return [
    `${cores.length} × ${cores[0]?.model ?? os.arch()}`,
    `${os.type()} ${os.release().replace(/-.*/, '')} ${os.arch()}`,
    `Node ${process.versions.node}`,
    `Wasmtime ${wasmtimeVersion()}`,
    new Date().toISOString().slice(0, 10),
    `load ${load.toFixed(1)} before`,
  ].join('; ');
}

function wasmtimeVersion(): string {
  const lock = readFileSync(new URL('../../Cargo.lock', import.meta.url), 'utf8');
  const version = /^name = "wasmtime"\nversion = "([^"]+)"/m.exec(lock)?.[1];
  if (version === undefined) throw new Error('Cargo.lock has no wasmtime');
  return version;
}
