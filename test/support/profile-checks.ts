// biome-ignore-all lint/complexity/useLiteralKeys: tsc's noPropertyAccessFromIndexSignature demands brackets

/** Checks of single values and tables of a parsed profile; see `profile-integrity.ts`. */

export type Row = Record<string, unknown>;

/** What a column's values must be, given the row. Returns what is wrong, or undefined. */
export type Check = (value: unknown, row: number) => string | undefined;

export class ProfileIntegrityError extends Error {
  override name = 'ProfileIntegrityError';
  constructor(
    readonly table: string,
    readonly column: string,
    readonly row: number | undefined,
    problem: string,
  ) {
    super(`${table}.${column}${row === undefined ? '' : `[${row}]`}: ${problem}`);
  }
}

/** Every column there, as long as `length`, no other column, each value as it should be. */
export function checkTable(
  parent: Row,
  key: string,
  columns: Readonly<Record<string, Check>>,
  name: string = key,
  scalars: readonly string[] = [],
): Row {
  const table = object(parent[key], name, 'table');
  const length = lengthOf(table, name);
  keys(table, name, ['length', ...Object.keys(columns), ...scalars]);
  for (const [column, checkValue] of Object.entries(columns)) {
    const values = array(table[column], name, column);
    if (values.length !== length) {
      fail(name, column, undefined, `expected ${length} rows, got ${values.length}`);
    }
    for (const [row, value] of values.entries()) {
      const problem = checkValue(value, row);
      if (problem !== undefined) fail(name, column, row, problem);
    }
  }
  return table;
}

export function fail(
  table: string,
  column: string,
  row: number | undefined,
  problem: string,
): never {
  throw new ProfileIntegrityError(table, column, row, problem);
}

export function check(
  table: string,
  column: string,
  checkValue: Check,
  value: unknown,
  row?: number,
): void {
  const problem = checkValue(value, row ?? 0);
  if (problem !== undefined) fail(table, column, row, problem);
}

export function equal(table: string, column: string, value: unknown, expected: unknown): void {
  check(table, column, oneOf([expected]), value);
}

export function object(value: unknown, table: string, column: string, row?: number): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  return fail(table, column, row, `expected an object, got ${show(value)}`);
}

export function array(value: unknown, table: string, column: string): unknown[] {
  if (Array.isArray(value)) return value;
  return fail(table, column, undefined, `expected an array, got ${show(value)}`);
}

export function lengthOf(table: Row, name: string): number {
  const problem = atLeast(0)(table['length'], 0);
  if (problem !== undefined) fail(name, 'length', undefined, problem);
  return table['length'] as number;
}

export function keys(
  value: Row,
  table: string,
  required: readonly string[],
  optional: string[] = [],
): void {
  for (const key of required) if (!(key in value)) fail(table, key, undefined, 'is missing');
  const known = new Set([...required, ...optional]);
  for (const key of Object.keys(value))
    if (!known.has(key)) fail(table, key, undefined, 'is unknown');
}

export function time(table: string, column: string, value: unknown): number {
  check(table, column, finite, value);
  return value as number;
}

/** An end that is null has not come yet. */
export function endTime(table: string, column: string, value: unknown): number {
  return value === null ? Number.POSITIVE_INFINITY : time(table, column, value);
}

export const string: Check = (value) =>
  typeof value === 'string' ? undefined : `expected a string, got ${show(value)}`;

export const boolean: Check = (value) =>
  typeof value === 'boolean' ? undefined : `expected a boolean, got ${show(value)}`;

export const finite: Check = (value) =>
  Number.isFinite(value) ? undefined : `expected a finite number, got ${show(value)}`;

export const positive: Check = (value) =>
  Number.isFinite(value) && Number(value) > 0
    ? undefined
    : `expected a positive number, got ${show(value)}`;

export function atLeast(least: number, kind: 'integer' | 'number' = 'integer'): Check {
  const isKind = kind === 'integer' ? Number.isInteger : Number.isFinite;
  return (value) =>
    isKind(value) && Number(value) >= least
      ? undefined
      : `expected ${kind === 'integer' ? 'a whole number' : 'a number'} from ${least}, got ${show(value)}`;
}

export function index(length: number): Check {
  return (value) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) < length
      ? undefined
      : `expected an index below ${length}, got ${show(value)}`;
}

export function indexOrMinusOne(length: number): Check {
  return (value, row) => (value === -1 ? undefined : index(length)(value, row));
}

export function orNull(checkValue: Check): Check {
  return (value, row) => (value === null ? undefined : checkValue(value, row));
}

export function oneOf(values: readonly unknown[]): Check {
  return (value) =>
    values.includes(value)
      ? undefined
      : `expected ${values.map(show).join(' or ')}, got ${show(value)}`;
}

function show(value: unknown): string {
  return value === undefined ? 'undefined' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
}
