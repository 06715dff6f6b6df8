import stringWidth from 'string-width';
import { shortName, shortPath, startOf, type TextMeasure } from '../formats/short-name.js';

const ASCII = /^[\x20-\x7e]*$/;
const GRAPHEMES = new Intl.Segmenter();

/** Columns of a terminal: two for a letter of Chinese, none for an accent that joins the letter before it. */
const COLUMNS: TextMeasure = {
  parts: (text) =>
    ASCII.test(text) ? [...text] : Array.from(GRAPHEMES.segment(text), ({ segment }) => segment),
  width: textWidth,
};

/** How many columns of a terminal a line takes. */
export function textWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
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
