import type { Writable } from 'node:stream';
import {
  FORMAT_NAMES,
  FORMATS,
  type FormatName,
  formatOfPath,
  hasUnknownExtension,
} from '../formats/format-list.js';
import type { FormatOptions } from '../formats/formats.js';
import type { ProfileOutput } from '../formats/output.js';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS } from '../profile/sample-weight.js';
import {
  checkInteger,
  checkKeys,
  checkObject,
  checkOneOf,
  checkString,
  isUrl,
} from '../runtime/check.js';
import { misuse, outOfRange, wrongType } from '../runtime/errors.js';

/** Options of which the format is known. */
export type CheckedFormat = Omit<FormatOptions, 'format'> & { readonly format: FormatName };

/**
 * @internal The format that is asked for, and else that of the output's name.
 *
 * @throws TypeError for wrong types, an unknown format, and a weight that the format can't say
 * (`ERR_FORMAT_WEIGHT`); RangeError for a thread that isn't there, and for an output whose name has an extension that no
 * format has.
 */
export function checkFormatOptions(
  profile: Profile,
  options: unknown,
  output: ProfileOutput | undefined,
): CheckedFormat {
  const given = checkObject('options', options) as FormatOptions;
  checkKeys('options', given, ['format', 'weight', 'thread']);
  const { weight, thread } = given;
  const format = checkFormat(given.format, output);
  if (weight !== undefined) {
    checkOneOf('options.weight', weight, WEIGHTS);
    if (!FORMATS[format].weights.includes(weight)) {
      throw misuse('ERR_FORMAT_WEIGHT', `options.weight: the format ${format} has no choice of it`);
    }
  }
  if (thread !== undefined) {
    checkInteger('options.thread', thread, 0, profile.threads.length - 1);
  }
  return {
    format,
    ...(weight !== undefined && { weight }),
    ...(thread !== undefined && { thread }),
  };
}

/** @internal What of {@link checkFormatOptions} needs no profile yet. */
export function checkFormat(format: unknown, output: ProfileOutput | undefined): FormatName {
  checkOutput(output);
  return format === undefined
    ? (formatOfOutput(output) ?? 'firefox')
    : checkOneOf('options.format', format, FORMAT_NAMES);
}

/** Before the profile is ended for it. */
function checkOutput(output: unknown): void {
  if (output === undefined || typeof output === 'string' || isUrl(output)) return;
  const stream = output as Partial<Writable> | null;
  const isStream = typeof stream?.write === 'function' && typeof stream.on === 'function';
  if (!isStream) throw wrongType('output', 'a path, a file: URL or a Writable', output);
}

/** @internal The end of a file's name that says a format: RangeError for any other. */
export function checkExtension(what: string, extension: unknown): string {
  if (formatOfPath(checkString(what, extension)) === undefined) {
    throw outOfRange(what, `one of ${knownExtensions()}`, extension);
  }
  return extension as string;
}

function formatOfOutput(output: ProfileOutput | undefined): FormatName | undefined {
  const path = isUrl(output) ? output.pathname : output;
  if (typeof path !== 'string') return undefined;
  if (hasUnknownExtension(path)) {
    const expected = `a name that ends in ${knownExtensions()}, or options.format`;
    throw outOfRange('output', expected, path);
  }
  return formatOfPath(path);
}

function knownExtensions(): string {
  return Object.values(FORMATS)
    .flatMap(({ extensions }) => extensions)
    .join(', ');
}
