import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch: string[] = [];
afterEach(() => {
  for (const directory of scratch.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Checks the sources with `lines` added to some of the files. */
function check(lines: Record<string, string>): { status: number | null; stderr: string } {
  const copy = mkdtempSync(path.join(tmpdir(), 'arrows-'));
  scratch.push(copy);
  const isSource = (file: string) => !/[\\/](node_modules|target|fuzz)$/.test(file);
  for (const part of ['lib', 'crate']) {
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true, filter: isSource });
  }
  for (const [file, line] of Object.entries(lines)) appendFileSync(path.join(copy, file), line);
  const script = path.join(root, 'scripts', 'check-arrows.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script], { cwd: copy, encoding: 'utf8' });
  return { status, stderr };
}

describe('check-arrows', () => {
  it('passes on what is here', () => {
    expect(check({})).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    [
      'lib/profile/func-table.ts',
      "import type { Engine } from '../runtime/engine.js';\n",
      'lib: profile/func-table.ts may not import runtime/engine.ts\n',
    ],
    [
      'lib/native.ts',
      "import type { Store } from './runtime/store.js';\n",
      'lib: native.ts may not import runtime/store.ts\n',
    ],
    [
      'lib/runtime/errors.ts',
      "import type { ExnRef } from './exn-ref.js';\n",
      'lib: runtime/errors.ts may not import runtime/exn-ref.ts\n',
    ],
    [
      'lib/formats/folded.ts',
      "export * from '../profiler/guest-profiler.js';\n",
      'lib: formats/folded.ts may not import profiler/guest-profiler.ts\n',
    ],
    [
      'lib/profiler/source-map.ts',
      "const more = await import('../cli/main.js');\n",
      'lib: profiler/source-map.ts may not import cli/main.ts\n',
    ],
    [
      'crate/addon/src/js/handle.rs',
      'use crate::{objects::{func::NativeFunc, tag}, js};\n',
      'crate/addon/src: js/handle may not import objects/func\n',
    ],
    [
      'crate/addon/src/waits/call_state.rs',
      'fn f(_: &crate::store::StoreData) {}\n',
      'crate/addon/src: waits/call_state may not import store/data\n',
    ],
    [
      'crate/addon/src/wasi/state.rs',
      'use crate::store;\nfn f() { store::look_in_time(); }\n',
      'crate/addon/src: wasi/state may not import store/hooks\n',
    ],
  ])('finds an arrow that goes back: %s', (file, line, fault) => {
    const { status, stderr } = check({ [file]: line });
    expect(stderr).toContain(fault);
    expect(status).toBe(1);
  });

  it('finds files in a circle, by types alone too', () => {
    const { status, stderr } = check({
      'lib/profile/column.ts': "import type { FuncTable } from './func-table.js';\n",
      'crate/sampler/src/walker.rs': 'use crate::self_check;\n',
      'crate/sampler/src/walk_check.rs': 'use crate::recorder::Recorder;\n',
    });
    expect(stderr).toMatch(/^lib: a circle of \d+ files: .*profile\/column\.ts/m);
    expect(stderr).toMatch(/^crate\/sampler\/src: a circle of 4 files: .*walker/m);
    expect(status).toBe(1);
  });

  it('finds circles through what modules of Rust pass on', () => {
    const { status, stderr } = check({
      // A folder, by `pub use self::{…}`.
      'crate/sampler/src/signal/stream.rs': 'use crate::recorder::Recorder;\n',
      // A folder, by `pub use values::*`.
      'crate/addon/src/js/main_stack.rs': 'use super::handle::into_js;\n',
      'crate/addon/src/js/handle.rs': 'use super::planted::f;\n',
      'crate/addon/src/js/planted.rs': 'use crate::js;\npub fn f() { js::number(); }\n',
      // The root, by another name.
      'crate/sampler/src/thread_stack.rs': 'mod tests { use super::super::WalkLayout; }\n',
      'crate/sampler/src/signal/published.rs': 'use crate::thread_stack::left;\n',
    });
    const circle = (crate: string, files: string) =>
      `crate/${crate}/src: a circle of 4 files: ${files}\n`;
    expect(stderr).toContain(
      circle('sampler', 'recorder, signal/signals, signal/source, signal/stream'),
    );
    expect(stderr).toContain(circle('addon', 'js/handle, js/main_stack, js/planted, js/values'));
    expect(stderr).toContain(circle('sampler', 'broken, frames, signal/published, thread_stack'));
    expect(status).toBe(1);
  });

  it('finds what a file needs while it is loaded and is imported by', () => {
    const { status, stderr } = check({
      'lib/runtime/func.ts':
        "import { StructRef } from './struct-ref.js';\nconst f = () => StructRef;\n",
      'lib/runtime/caller.ts':
        "import type { Instance } from './instance.js';\nimport './linker.js';\n",
      'lib/runtime/linker.ts': 'const made = [Instance, () => Func];\n',
    });
    const late = (from: string, to: string) =>
      `lib: runtime/${from} uses runtime/${to} while it is loaded, which imports it\n`;
    expect(stderr).toContain(late('linker.ts', 'instance.ts'));
    expect(stderr).toContain(late('struct-ref.ts', 'reference.ts'));
    expect(stderr).not.toContain(late('linker.ts', 'func.ts'));
    expect(status).toBe(1);
  });

  it('leaves comments alone', () => {
    expect(check({ 'crate/addon/src/js/handle.rs': '// See crate::objects::func.\n' }).status).toBe(
      0,
    );
  });
});
