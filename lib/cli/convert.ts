import { FORMATS, type FormatName, formatOfPath } from '../formats/format-list.js';
import { encodeProfile } from '../formats/formats.js';
import { writeProfile } from '../formats/output.js';
import { CliError } from './cli-error.js';
import { checkDistinct, checkWritable, unknownExtension, unwritable } from './profile-path.js';
import { readSelected } from './read-file.js';
import type { ProfileView } from './select-options.js';

/** What `convert` is asked for. */
export interface ConvertOptions extends ProfileView {
  readonly format?: FormatName;
}

/** Writes a profile in another format. */
export async function convert(from: string, to: string, options: ConvertOptions): Promise<void> {
  const name = options.format ?? formatOfPath(to);
  if (name === undefined) {
    throw unknownExtension(to);
  }
  checkWeight(name, options);
  if (to !== '-') {
    checkDistinct([from], [to]);
    checkWritable(to);
  }
  const profile = await readSelected(from, options);
  const { weight } = options;
  const { chunks, compressed } = encodeProfile(
    profile,
    name,
    weight === undefined ? {} : { weight },
  );
  await writeProfile(chunks, to === '-' ? process.stdout : to, compressed).catch((error) => {
    // Whoever reads our stdout, `head` perhaps, has enough.
    if (to === '-' && error.code === 'EPIPE') return;
    throw unwritable(to, error);
  });
}

/** @throws CliError for a weight that the format can't say. */
export function checkWeight(name: FormatName, { weight }: ProfileView): void {
  const { weights } = FORMATS[name];
  if (weight === undefined || weights.includes(weight)) return;
  throw new CliError(`the format ${name} has no choice of a weight`);
}
