import { ObjectTable } from './object-table.js';

/** A row of the list of marker schemas. */
export type MarkerSchemaIndex = number;

/** The sentinel for a marker without a schema: it has a name and times, and nothing else. */
export const NO_SCHEMA: MarkerSchemaIndex = -1;

/** Where the Firefox Profiler shows markers of a schema. */
export type MarkerLocation =
  | 'marker-chart'
  | 'marker-table'
  | 'timeline-overview'
  | 'timeline-memory'
  | 'timeline-ipc'
  | 'timeline-fileio'
  | 'timeline-network';

/** How a number is shown. */
export const NUMBER_FORMATS = [
  'duration',
  'time',
  'microseconds',
  'nanoseconds',
  'bytes',
  'percentage',
  'integer',
  'decimal',
  'hexadecimal',
] as const;
/** How a number of a marker is shown, in the Firefox Profiler's words. */
export type NumberFormat = (typeof NUMBER_FORMATS)[number];

/** How a field's value is shown; the Firefox Profiler knows more of these. */
export type MarkerFieldFormat = 'string' | 'unique-string' | NumberFormat;

export interface MarkerField {
  readonly key: string;
  readonly label?: string;
  readonly format: MarkerFieldFormat;
}

/** How markers of one kind are shown, and which fields they may carry. */
export interface MarkerSchema {
  /** Matches `data.type` of the marker. */
  readonly name: string;
  readonly tooltipLabel?: string;
  readonly tableLabel?: string;
  readonly chartLabel?: string;
  readonly description?: string;
  readonly display: readonly MarkerLocation[];
  readonly fields: readonly MarkerField[];
}

/**
 * Time spent in the host, called by the guest; the schema of wasmtime 48's profiling.rs, but with fields: markers are
 * named `fd_write` alone, since the chart's column of names is narrow.
 */
export const HOSTCALL_SCHEMA: MarkerSchema = {
  name: 'hostcall',
  tableLabel: '{marker.data.module}',
  display: ['marker-chart', 'marker-table', 'timeline-overview'],
  fields: [
    { key: 'module', label: 'Module', format: 'string' },
    { key: 'import', label: 'Import', format: 'string' },
    // Of a memory that grows.
    { key: 'from', label: 'From', format: 'bytes' },
    { key: 'to', label: 'To', format: 'bytes' },
  ],
};

/** Time in which the guest of an asynchronous call was suspended: it waited or had yielded, and others ran. */
export const SUSPENDED_SCHEMA: MarkerSchema = {
  name: 'suspended',
  display: ['marker-chart', 'marker-table'],
  fields: [],
};

/** The trap that ended a call. */
export const TRAP_SCHEMA: MarkerSchema = {
  name: 'trap',
  tooltipLabel: 'trap: {marker.data.code}',
  tableLabel: '{marker.data.code}',
  chartLabel: '{marker.data.code}',
  display: ['marker-chart', 'marker-table', 'timeline-overview'],
  fields: [{ key: 'code', label: 'Trap code', format: 'string' }],
};

/** The kinds of markers in a profile. */
export class MarkerSchemaTable extends ObjectTable<MarkerSchema> {
  constructor() {
    super('schema');
  }

  /** Adds a schema; the same name again must be the same object. */
  intern(schema: MarkerSchema): MarkerSchemaIndex {
    const known = this.rows.findIndex(({ name }) => name === schema.name);
    if (known < 0) return this.rows.push(schema) - 1;
    if (this.rows[known] !== schema) {
      throw new TypeError(`expected one marker schema named '${schema.name}', got a second one`);
    }
    return known;
  }
}
