import { byRound, type Spread, spreadOf } from './spread.js';

/** How much time a bench may take. */
export interface Budget {
  /** A smoke run: every step runs, no number means anything. */
  readonly quick: boolean;
}

/** One bench answers one question. */
export interface Bench {
  readonly name: string;
  readonly question: string;
  run(budget: Budget): Promise<Report>;
}

export interface Report {
  readonly tables: readonly Table[];
  readonly targets?: readonly Target[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know to read it right. */
  readonly notes?: readonly string[];
}

/** A number that the project promises. */
export interface Target {
  readonly promise: string;
  readonly measured: string;
  readonly holds: boolean;
}

/** That the median of `ours`, beside that of `peer` in each round, is `limit` at most. */
export function atMost(promise: string, ours: number[], peer: number[], limit: number): Target {
  const times = byRound(ours, peer, (mine, theirs) => mine / theirs);
  return { promise, measured: withSpread(times), holds: spreadOf(times).median <= limit };
}

export function markdown(table: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `**${table.title}**`,
    '',
    line(table.columns),
    line(table.columns.map((_, column) => (column === 0 ? '---' : '--:'))),
    ...table.rows.map(line),
    ...(table.notes ?? []).flatMap((note) => ['', note]),
  ].join('\n');
}

/** Three digits, and a comma between thousands. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', {
    minimumFractionDigits: Math.min(decimals, 4),
    maximumFractionDigits: Math.min(decimals, 4),
  });
}

/** `median (min–max)`. */
export function withSpread(values: readonly number[] | Spread): string {
  const { min, median, max } = 'median' in values ? values : spreadOf(values);
  return `${digits(median)} (${digits(min)}–${digits(max)})`;
}

/** A row of what was measured, and how many times a peer's that is, by rounds. */
export function rowBeside(name: string, ours: number[], ...peers: number[][]): string[] {
  const times = peers.map((peer) => byRound(ours, peer, (mine, theirs) => mine / theirs));
  return [name, withSpread(ours), ...times.map((ratios) => withSpread(ratios))];
}

export function percent(value: number, decimals = 2): string {
  return `${value < 0 ? '−' : ''}${Math.abs(100 * value).toFixed(decimals)} %`;
}

/** `1/20.5 (1/19–1/22)` of how many times less. */
export function oneIn(times: readonly number[]): string {
  const { min, median, max } = spreadOf(times);
  return `1/${digits(median)} (1/${digits(min)}–1/${digits(max)})`;
}

export function mebibytes(bytes: number): string {
  return `${digits(bytes / 2 ** 20)} MiB`;
}
