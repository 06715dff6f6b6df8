import type { NativeAsyncCall, NativeEpochTicker } from '../generated/native.js';
import { common, hot } from '../native.js';
import { Caller } from './caller.js';
import { checkKeys, checkObject, checkSignal } from './check.js';
import { Engine } from './engine.js';
import { keepAlive } from './keep-alive.js';
import type { Storelike } from './store.js';
import { nextCall } from './wake-ups.js';

/** What native code says of a call that hasn't ended and could go on at once; 0 of one that waits. */
const YIELDED = 1;
/** … and, added to either, that the guest hasn't come to look at what its promise has settled with. */
const NOT_TAKEN = 2;

/**
 * How long calls may go on from promise to promise, in milliseconds, before the event loop has its turn:
 * one that awaits what is there already would keep timers and sockets waiting for good.
 */
const TURN_MS = 5;

/** Those that are under way, which stay alive. */
const pending = new Set<AsyncCall>();
/** Those that can go on, first come, first served. */
const ready: AsyncCall[] = [];
let scheduled = false;
/** The call whose guest runs. */
let running: AsyncCall | undefined;
/** Until when promises may have calls go on at once; undefined at the start of a turn. */
let turnEnd: number | undefined;
/** When the clock was read last, which takes as long as a third of all else does, and how many resumptions ago. */
let lastRead = 0;
let unread = 0;
/** Resumptions that may go by without it, while as many have taken no longer than so many milliseconds. */
const UNREAD = 8;
const UNREAD_MS = 0.1;

/** How a call starts: by the number that native code knows it by, and ticks at which its guest yields. */
export type StartCall = (id: number, ticker: NativeEpochTicker | undefined) => NativeAsyncCall;

/** How an asynchronous call is made. */
export interface AsyncCallOptions {
  /**
   * Ends the guest when it is aborted, and the call rejects with the signal's reason. The guest is ended
   * where it waits or yields; if its engine has `epochInterruption`, it yields every 10 ms for that.
   */
  readonly signal?: AbortSignal;
}

/** Milliseconds between the yields of a guest that a signal may end. */
const SIGNAL_INTERVAL_MS = 10;

/** @internal */
export function checkAsyncCallOptions(options: unknown): AsyncCallOptions {
  if (options === undefined) return {};
  const { signal } = checkObject('options', options);
  checkKeys('options', options as object, ['signal']);
  if (signal === undefined) return {};
  return { signal: checkSignal('options.signal', signal) };
}

/** @internal Makes a call in `store`, one of `engine`'s, and reads what it ends with. */
export function callAsync<T>(
  engine: Engine,
  store: Storelike,
  { signal }: AsyncCallOptions,
  start: StartCall,
  read: (result: unknown) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw signal.reason;
    const ticks =
      signal && Engine.hasEpochs(engine)
        ? Engine.recorderTicks(engine, SIGNAL_INTERVAL_MS)
        : undefined;
    const end = () => ticks?.release();
    try {
      const startTicking = (id: number) => start(id, ticks?.native);
      const settled = { resolve: resolve as (result: unknown) => void, reject, end };
      new AsyncCall(read, signal).begin(startTicking, settled, store);
    } catch (error) {
      end();
      throw error;
    }
  });
}

/**
 * @internal Makes a call whose guest `start` runs until it ends, waits or yields; what `read` makes of its references, at
 * once where it has ended.
 */
export function callAtOnce<T>(
  start: (id: number) => unknown[] | object | undefined,
  read: (references: unknown[] | undefined) => T,
): T | Promise<T> {
  const call = new AsyncCall(read as (result: unknown) => unknown, undefined);
  const found = call.start(start);
  if (found !== undefined && !Array.isArray(found)) {
    return new Promise((resolve, reject) => {
      const settled = { resolve: resolve as (result: unknown) => void, reject, end: () => {} };
      call.goesOn(found, settled);
    });
  }
  call.hasEnded();
  return read(found);
}

/** A promise that a guest waits for. */
export interface Waited {
  /** What native code knows it by. */
  readonly number: number;
  /** Whether what it has settled with lies in the slots now. */
  put(): boolean;
  /** The guest waits for it still. */
  wait(): void;
  /** The guest was ended. */
  end(): void;
}

/** Who is told how a call ends. */
interface Settled {
  resolve(result: unknown): void;
  reject(reason: unknown): void;
  end(): void;
}

/** @internal A call that is under way. */
export class AsyncCall {
  readonly #id = nextCall();
  readonly #read: (result: unknown) => unknown;
  readonly #signal: AbortSignal | undefined;
  /** Of the native call. */
  #handle: object | undefined;
  #settled: Settled | undefined;
  /** What the guest waits for; guests of components may wait for several. */
  #waited: Waited | undefined;
  #others: Set<Waited> | undefined;
  #forget: (() => void) | undefined;
  // Made here: one that is made while the call begins has V8 (13.6) keep young calls for long.
  readonly #onAbort = (): void => this.#abort();
  #alive: { release(): void } | undefined;
  #isReady = false;
  #isRunning = false;
  #hasEnded = false;
  /** It is to end, for that reason. */
  #ending: { readonly reason: unknown } | undefined;

  constructor(read: (result: unknown) => unknown, signal: AbortSignal | undefined) {
    this.#read = read;
    this.#signal = signal;
  }

  /** An async host function has returned a promise. */
  waitsFor(waited: Waited): void {
    if (this.#waited === undefined) {
      this.#waited = waited;
      return;
    }
    this.#others ??= new Set();
    this.#others.add(waited);
  }

  /** The guest goes on with what the promise has settled with. */
  waitsNoMore(waited: Waited): void {
    if (this.#waited === waited) this.#waited = undefined;
    else this.#others?.delete(waited);
  }

  /** Starts it, which goes on until its guest first yields or waits. */
  begin(start: (id: number) => NativeAsyncCall, settled: Settled, store: Storelike): void {
    this.#handle = start(this.#id).handle;
    this.#settled = settled;
    this.#forget = Caller.own(store, this);
    this.#signal?.addEventListener('abort', this.#onAbort);
    this.#poll();
    if (!this.#hasEnded) this.#keep();
  }

  /** What `start` gives, which runs its guest. It is nobody's, so that nobody ends it meanwhile. */
  start<T>(start: (id: number) => T): T {
    const outer = running;
    running = this;
    this.#isRunning = true;
    try {
      return start(this.#id);
    } catch (error) {
      this.#settle();
      throw error;
    } finally {
      running = outer;
      this.#isRunning = false;
    }
  }

  /** After {@link start}: its guest has returned, and all that it waited for. */
  hasEnded(): void {
    this.#hasEnded = true;
  }

  /** After {@link start}: its guest waits, or has yielded. */
  goesOn(handle: object, settled: Settled): void {
    this.#handle = handle;
    this.#settled = settled;
    this.#keep();
    if (hot.hasYielded(handle)) this.schedule();
  }

  #keep(): void {
    common.calls.set(this.#id, this);
    pending.add(this);
    // It waits, for WASI say.
    this.#alive = keepAlive();
  }

  /** The call whose guest runs, undefined when none does. */
  static get running(): AsyncCall | undefined {
    return running;
  }

  /** Lets the guest go on with what `waited` has settled with: now, unless it is the event loop's turn. */
  resume(waited: Waited): void {
    if (isEventLoopsTurn()) this.schedule();
    else this.#poll(waited);
  }

  /** Lets the guest go on after the event loop's turn. */
  schedule(): void {
    if (this.#isReady || this.#hasEnded) return;
    this.#isReady = true;
    ready.push(this);
    scheduleNext();
  }

  /** It was this call's turn. */
  goOn(): void {
    this.#isReady = false;
    this.#poll();
  }

  /** Runs the guest until it yields, waits or ends; `waited` has settled. */
  #poll(waited?: Waited): void {
    if (this.#hasEnded) return;
    if (this.#isRunning) {
      // A promise's reaction that the guest's own callback runs.
      this.schedule();
      return;
    }
    const handle = this.#handle;
    if (handle === undefined) return;
    const outer = running;
    running = this;
    this.#isRunning = true;
    try {
      const settled = waited?.put() ? waited.number : undefined;
      // To read an array of results may run code that ends the call.
      if (this.#hasEnded) return;
      const result = settled === undefined ? hot.pollCall(handle) : hot.pollCall(handle, settled);
      if (typeof result === 'number') {
        if (result >= NOT_TAKEN) waited?.wait();
        if (this.#ending !== undefined) this.endWith(this.#ending.reason);
        else if (result % NOT_TAKEN === YIELDED) this.schedule();
        return;
      }
      const value = this.#read(result);
      this.#settle();
      this.#settled?.resolve(value);
    } catch (error) {
      this.#settle();
      // What the guest called has ended it.
      this.#settled?.reject(this.#ending === undefined ? error : this.#ending.reason);
    } finally {
      running = outer;
      this.#isRunning = false;
    }
  }

  /** Ends the guest: what a host function has called ends with it. */
  endWith(reason: unknown): void {
    if (this.#hasEnded || this.#handle === undefined) return;
    if (!hot.cancelCall(this.#handle)) {
      // It runs, and is ended when it yields, waits or returns from the host.
      this.#ending ??= { reason };
      return;
    }
    this.#settle();
    this.#settled?.reject(reason);
  }

  #abort(): void {
    this.endWith(this.#signal?.reason);
  }

  #settle(): void {
    this.#hasEnded = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#forget?.();
    this.#waited?.end();
    for (const waited of this.#others ?? []) waited.end();
    this.#settled?.end();
    common.calls.delete(this.#id);
    pending.delete(this);
    this.#alive?.release();
  }
}

/** Whether calls have gone on from promise to promise for long enough. */
function isEventLoopsTurn(): boolean {
  if (turnEnd === undefined) {
    lastRead = performance.now();
    turnEnd = lastRead + TURN_MS;
    unread = 0;
    setImmediate(() => {
      turnEnd = undefined;
    });
    return false;
  }
  if (unread > 0) {
    unread--;
    return false;
  }
  const now = performance.now();
  unread = now - lastRead < UNREAD_MS ? UNREAD : 0;
  lastRead = now;
  return now > turnEnd;
}

/** One call a turn, so that a timer waits for one slice of one guest, however many there are. */
function scheduleNext(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    const call = ready.shift();
    if (ready.length > 0) scheduleNext();
    call?.goOn();
  });
}
