/** Names and paths for where there is little room: what tells one from another stays. */

const DOTS = '…';

/** Of a name that loses its middle, the part that its end gets: it tells more than the beginning. */
const END_SHARE = 0.6;

/** How much room text takes: in characters here, in a terminal's columns elsewhere. */
export interface TextMeasure {
  /** Its parts that can't be divided. */
  parts(text: string): readonly string[];
  width(text: string): number;
}

const CHARACTERS: TextMeasure = {
  parts: (text) => [...text],
  width: (text) => [...text].length,
};

/** An operator of C++ whose name is of brackets. */
const OPERATOR = /operator *(?:<=>|<<=?|>>=?|->\*?|[<>]=?|\( *\)|\[\])/y;

const CLOSING: Readonly<Record<string, string>> = { '<': '>', '(': ')', '[': ']' };

/** What is between two brackets: `Map<…>`. */
interface Group {
  readonly start: number;
  readonly end: number;
  /** Of brackets around these, and these. */
  readonly depth: number;
}

/**
 * A function's name in at most `width` characters, or columns. Lists of template arguments and of parameters are left out
 * first, the innermost before those around them; then what is in the middle of what remains.
 */
export function shortName(name: string, width: number, measure = CHARACTERS): string {
  let shown = name;
  const deepest = groupsOf(name).reduce((most, { depth }) => Math.max(most, depth), 0);
  for (let depth = deepest; depth > 0 && measure.width(shown) > width; depth--) {
    shown = withoutGroups(shown, depth);
  }
  return withoutMiddle(shown, width, measure);
}

/** A path, or a place in a file, in at most `width` characters: `…/memcmp.c:41`. Its directories go first. */
export function shortPath(path: string, width: number, measure = CHARACTERS): string {
  if (measure.width(path) <= width) return path;
  // One is for the dots; a part begins with its slash.
  const end = endOf(path, width - 1, measure);
  const slash = end.search(/[/\\]/);
  return DOTS + (slash < 0 ? end : end.slice(slash));
}

/** The beginning of a text, in at most `width` characters or columns. */
export function startOf(text: string, width: number, measure: TextMeasure): string {
  let start = '';
  let left = width;
  for (const part of measure.parts(text)) {
    left -= measure.width(part);
    if (left < 0) break;
    start += part;
  }
  return start;
}

/** Its end. */
function endOf(text: string, width: number, measure: TextMeasure): string {
  const parts = measure.parts(text);
  let from = parts.length;
  let left = width;
  while (from > 0) {
    left -= measure.width(parts[from - 1] as string);
    if (left < 0) break;
    from--;
  }
  return parts.slice(from).join('');
}

function withoutGroups(name: string, depth: number): string {
  let shown = '';
  let at = 0;
  for (const group of groupsOf(name)) {
    if (group.depth !== depth || !isList(name, group)) continue;
    shown += name.slice(at, group.start) + DOTS;
    at = group.end;
  }
  return shown + name.slice(at);
}

/**
 * Whether it is a list that a name can do without. Rust's `<Type as Trait>::method` is the name itself, as is
 * Go's `(*Type).Method`.
 */
function isList(name: string, { start, end }: Group): boolean {
  const before = name[start - 2];
  if (before === undefined || before === '.' || start === end) return false;
  return name.slice(start, end) !== 'anonymous namespace';
}

/** In order of their beginnings. Brackets without a partner are none. */
function groupsOf(name: string): Group[] {
  const groups: Group[] = [];
  const open: { readonly closing: string; readonly start: number }[] = [];
  for (let i = 0; i < name.length; i++) {
    OPERATOR.lastIndex = i;
    if (name[i] === 'o' && OPERATOR.test(name)) {
      i = OPERATOR.lastIndex - 1;
      continue;
    }
    const character = name[i] as string;
    const closing = CLOSING[character];
    if (closing !== undefined) open.push({ closing, start: i + 1 });
    else if (character === '>' && /[-=]/.test(name[i - 1] ?? '')) continue;
    else if (open.at(-1)?.closing === character) {
      groups.push({ start: (open.at(-1) as { start: number }).start, end: i, depth: open.length });
      open.pop();
    }
  }
  return groups.sort((a, b) => a.start - b.start);
}

function withoutMiddle(name: string, width: number, measure: TextMeasure): string {
  if (measure.width(name) <= width) return name;
  const room = Math.max(0, width - 1);
  const end = Math.ceil(room * END_SHARE);
  return startOf(name, room - end, measure) + DOTS + endOf(name, end, measure);
}
