import type { IncomingMessage, ServerResponse } from 'node:http';
import { FORMAT_NAMES, FORMATS, type FormatName } from '../formats/format-list.js';
import { checkFunction, checkObject } from '../runtime/check.js';
import type { FinishedProfile } from './finished-profile.js';

/** What the handler needs of a profiler. */
interface Recordable {
  record(durationMs: number, signal?: AbortSignal): Promise<FinishedProfile>;
}

/** As Go's own handler. */
const DEFAULT_SECONDS = 30;
const MINIMUM_SECONDS = 0.001;
const MAXIMUM_SECONDS = 3600;

/** Answers `/debug/pprof/profile?seconds=N`, and nothing else. */
export async function handlePprof(
  profiler: Recordable,
  request: IncomingMessage,
  response: ServerResponse,
  next: (() => void) | undefined,
): Promise<void> {
  checkObject('request', request);
  if (next !== undefined) checkFunction('next', next);
  // Not by URL, which refuses some of what a client may send.
  const [pathname = '', query = ''] = (request.url ?? '').split('?', 2);
  // Mounted under a path, a middleware gets the rest of it.
  if (!/^(?:\/debug\/pprof)?\/profile\/?$/.test(pathname)) {
    if (next !== undefined) return next();
    checkResponse(response);
    return refuse(response, 404, 'not found: try /debug/pprof/profile?seconds=5');
  }
  checkResponse(response);
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET');
    return refuse(response, 405, 'GET alone is allowed');
  }
  const options = new URLSearchParams(query);
  const seconds = secondsOf(options.get('seconds'));
  if (seconds === undefined) {
    return refuse(
      response,
      400,
      `seconds: expected a number from ${MINIMUM_SECONDS} to ${MAXIMUM_SECONDS}`,
    );
  }
  const format = options.get('format') ?? 'pprof';
  if (!isFormat(format)) {
    return refuse(response, 400, `format: expected one of ${FORMAT_NAMES.join(', ')}`);
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const profile = await profiler.record(seconds * 1000, gone.signal);
    if (response.destroyed) return;
    const bytes = await profile.write(undefined, { format });
    const extension = format === 'pprof' ? '.pb.gz' : FORMATS[format].extensions[0];
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Disposition', `attachment; filename="profile${extension}"`);
    response.setHeader('Content-Length', bytes.length);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.end(bytes);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    refuse(response, code === 'ERR_PROFILER_BUSY' ? 409 : 500, message);
  }
}

function checkResponse(response: unknown): void {
  const { end, once, setHeader } = checkObject('response', response);
  checkFunction('response.end', end);
  checkFunction('response.setHeader', setHeader);
  checkFunction('response.once', once);
}

function secondsOf(text: string | null): number | undefined {
  if (text === null) return DEFAULT_SECONDS;
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  return seconds >= MINIMUM_SECONDS && seconds <= MAXIMUM_SECONDS ? seconds : undefined;
}

function isFormat(name: string): name is FormatName {
  return FORMAT_NAMES.includes(name as FormatName);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    // By someone else, who had no more patience: this answer can't be made whole.
    response.destroy();
    return;
  }
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  // As Go's handlers, so that `go tool pprof` shows the message.
  response.setHeader('X-Go-Pprof', '1');
  response.end(`${message}\n`);
}
