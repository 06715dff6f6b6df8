import type { CompiledCode } from '../compiler.js';
import { oneLine } from '../formats/terminal-text.js';
import { labelled } from '../profile/code-text.js';
import type { Profile } from '../profile/profile.js';
import type { Thread } from '../profile/thread.js';
import { type DisassembledFunction, disassemble } from '../profiler/disassembly.js';
import { nameOfCode } from '../profiler/listed-code.js';
import { percent } from './amount.js';
import { CliError } from './cli-error.js';
import { compilerOf, otherMachines } from './code-compiler.js';
import type { EngineOptions } from './command-module.js';
import { readSelected } from './read-file.js';
import type { SelectOptions } from './select-options.js';
import { SELF_AND_TOTAL } from './self-and-total.js';
import { type TableColumn, textTable } from './table.js';
import { type Style, styleOf, write } from './terminal.js';

/** What `annotate` is asked for. */
export interface AnnotateOptions extends Omit<EngineOptions, 'epochs'>, SelectOptions {
  readonly limit: number;
  readonly json?: boolean;
  /** What was compiled of it before, instead of compiling it. */
  readonly precompiled?: string;
}

const COLUMNS: readonly TableColumn[] = [
  ...SELF_AND_TOTAL,
  { title: 'offset', align: 'right' },
  { title: 'instruction', align: 'left' },
];

/** Prints the hottest functions of the module or component `app` in the profile at `path`. */
export async function annotate(path: string, app: string, options: AnnotateOptions): Promise<void> {
  const profile = await readSelected(path, options);
  const { threads } = profile;
  const { precompiled, wasmFeatures } = options;
  const compile = await compilerOf([app], {
    ...(precompiled !== undefined && { precompiled: [precompiled] }),
    ...(wasmFeatures !== undefined && { wasmFeatures }),
  });
  // The profile doesn't say whether its guest looked at epochs; only the code that did fits.
  const compilations = compile(app, [
    { ...options, epochs: false },
    { ...options, epochs: true },
  ]);
  const functions = await disassembled(profile, threads, compilations, options.limit, app);
  if (options.json) {
    const samples = threads.reduce((sum, { samples }) => sum + samples.length, 0);
    const report = { format: 'wasmtime-guest-profiler/annotate', version: 1, samples, functions };
    write(process.stdout, `${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const layout = { style: styleOf(process.stdout), width: process.stdout.columns ?? 120 };
  const lines = functions.flatMap((shown) => annotated(shown, threads, layout));
  write(process.stdout, `${lines.join('\n')}\n`);
}

/** Of the modules of the profile that are in `app`, by the first of what it was compiled to that fits. */
async function disassembled(
  profile: Profile,
  threads: readonly Thread[],
  compilations: AsyncIterable<CompiledCode[]>,
  limit: number,
  app: string,
): Promise<DisassembledFunction[]> {
  // Nameless modules of a component have its name and their numbers.
  const names = [...profile.libs].map(({ name }) => name);
  const listedNames = new Set([...names.map((name) => name.replace(/\[\d+\]$/, '')), ...names]);
  for await (const compiled of compilations) {
    for (const listedName of listedNames) {
      const shown = compiled.map((code) => ({
        name: nameOfCode(listedName, code),
        whole: () => code,
      }));
      try {
        return disassemble(profile, threads, shown, limit);
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_WRONG_MODULE') throw error;
      }
    }
  }
  throw new CliError(
    `the profile has no samples of ${app}: it needs the very file and options that run had, and the same version${await otherMachines()}`,
  );
}

/** A function's lines for the terminal. */
function annotated(
  { name, index, selfSamples, lines }: DisassembledFunction,
  threads: readonly Thread[],
  layout: { readonly style: Style; readonly width: number },
): string[] {
  const whole = threads.reduce((sum, { samples }) => sum + samples.length, 0);
  const share = (samples: number) =>
    samples === 0 ? ['', ''] : [samples.toLocaleString('en-US'), percent(samples, whole)];
  const rows = lines.map(({ wasmOffset, text, selfSamples, totalSamples, label }) => [
    ...share(selfSamples),
    ...share(totalSamples),
    `0x${wasmOffset.toString(16)}`,
    labelled(text, selfSamples > 0 ? label : undefined),
  ]);
  const [samples, part] = share(selfSamples);
  const heading = `${oneLine(name)}, function ${index}: ${samples || 0} samples, ${part || '0%'}`;
  return [layout.style.bold(heading), '', ...textTable(COLUMNS, rows, layout), ''];
}
