import type { CompiledCode } from '../compiler.js';
import type { LibIndex } from '../profile/lib-table.js';
import type { Profile } from '../profile/profile.js';
import { hasFunctionsOf } from '../profiler/code-of-profile.js';
import { addCodeTexts } from '../profiler/code-texts.js';
import type { ModuleSymbols } from '../profiler/module-symbols.js';
import { listedCode } from '../profiler/named-module.js';
import type { Guest } from './guest-file.js';
import type { ProfileFile } from './write-outputs.js';

/** Adds the text of the guest's hot functions to its profile, if a page is written, which shows it. */
export function addGuestCode(
  profile: Profile,
  { code, preloads = [] }: Guest,
  { name, symbols }: { readonly name: string; readonly symbols: ModuleSymbols },
  outputs: readonly ProfileFile[],
): void {
  if (!outputs.some(({ format }) => format === 'html')) return;
  const modules = new Map<LibIndex, CompiledCode>();
  for (const listed of listedCode([[name, code, symbols], ...preloads])) {
    // The profiler has read the same file, and warned of it.
    const whole = listed.whole(() => undefined);
    const lib = [...profile.libs].findIndex(
      (lib, row) =>
        lib.name === listed.name &&
        !modules.has(row) &&
        hasFunctionsOf(whole.functions(), profile, row),
    );
    if (lib >= 0) modules.set(lib, whole);
  }
  addCodeTexts(profile, modules);
}
