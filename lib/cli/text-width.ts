import { shortName, shortPath, startOf, type TextMeasure } from '../formats/short-name.js';

/** Letters that take a column each, wherever they stand: Latin, Greek, Cyrillic, punctuation, arrows. */
const SIMPLE =
  /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u2190-\u2193\ufffd]*$/;
/** Made when they are needed, which is seldom: each takes as long as a fifth of Node's start. */
let graphemes: Intl.Segmenter | undefined;
let widthOf: ((text: string) => number) | undefined;

/** Prepares {@link textWidth} for texts of other letters, if there is one among them. */
export async function prepareWidths(texts: readonly string[]): Promise<void> {
  if (texts.every((text) => SIMPLE.test(text))) return;
  widthOf ??= (await import('string-width')).default;
}

/** Columns of a terminal: two for a letter of Chinese, none for an accent that joins the letter before it. */
const COLUMNS: TextMeasure = {
  parts: (text) =>
    SIMPLE.test(text) ? [...text] : Array.from(segmenter().segment(text), ({ segment }) => segment),
  width: textWidth,
};

/** How many columns of a terminal a line takes; not less, where {@link prepareWidths} was not told of the text. */
export function textWidth(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  return widthOf?.(text) ?? Array.from(segmenter().segment(text)).length * 2;
}

function segmenter(): Intl.Segmenter {
  graphemes ??= new Intl.Segmenter();
  return graphemes;
}

/** The beginning of a line, in at most `width` columns. */
export function fitStart(text: string, width: number): string {
  return textWidth(text) <= width ? text : `${startOf(text, width - 1, COLUMNS)}…`;
}

/** {@link shortName} in at most `width` columns. */
export function fitName(name: string, width: number): string {
  return shortName(name, width, COLUMNS);
}

/** {@link shortPath} in at most `width` columns. */
export function fitPath(path: string, width: number): string {
  return shortPath(path, width, COLUMNS);
}
