import type { ReadOptions } from '../formats/row-limit.js';
import type { Profile } from '../profile/profile.js';
import { addCodeTexts } from '../profiler/code-texts.js';
import type { CacheOptions } from './cache-options.js';
import { CliError } from './cli-error.js';
import type { Disassembler } from './disassembler.js';
import { readFile } from './read-file.js';
import { sourceLookup } from './source-lookup.js';
import { sourcesIn } from './sources.js';

/** What `view` is asked for. */
export interface ViewOptions extends CacheOptions, ReadOptions {
  readonly offline?: boolean;
  readonly port: number;
  readonly sources?: string;
  readonly wasm: readonly string[];
  readonly precompiled: readonly string[];
  readonly frontEnd: string;
  readonly open?: boolean;
}

/** Serves a profile to a browser, until Ctrl-C. */
export async function view(path: string, options: ViewOptions): Promise<void> {
  const { sources, wasm, precompiled, cache, maxRows: _, ...rest } = options;
  if (precompiled.length > 0 && wasm.length === 0) {
    throw new CliError('--precompiled is code of a module that --wasm gives');
  }
  const profile = await readFile(path, options);
  const disassembler =
    wasm.length > 0
      ? await disassemblerOf(profile, wasm, precompiled, { ...(cache !== undefined && { cache }) })
      : undefined;
  // A page asks nobody for them later.
  if (rest.offline) {
    if (disassembler !== undefined) addCodeTexts(profile, disassembler.modules);
    if (sources !== undefined) addSources(profile, sources);
  }
  const { openProfile } = await import('./open-profile.js');
  await openProfile(profile, {
    ...rest,
    ...(sources !== undefined && { sources: sourcesIn(sources) }),
    ...(disassembler !== undefined && { disassembler }),
  });
}

/** Puts the texts of the profile's source files that lie below `directory` into the profile. */
function addSources(profile: Profile, directory: string): void {
  const textOf = sourceLookup(profile, directory);
  for (let source = 0; source < profile.sources.length; source++) {
    const text = textOf(source);
    if (text !== undefined) profile.sources.setContent(source, text);
  }
}

/** It compiles, as nothing else here. */
async function disassemblerOf(
  profile: Profile,
  wasm: readonly string[],
  precompiled: readonly string[],
  cache: CacheOptions,
): Promise<Disassembler> {
  const { Disassembler } = await import('./disassembler.js');
  const { compilerOf } = await import('./code-compiler.js');
  return Disassembler.of(profile, wasm, await compilerOf(wasm, { precompiled }), cache);
}
