import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Component,
  type ComponentFunc,
  ComponentLinker,
  Engine,
  InterruptHandle,
  Store,
  Trap,
  UpdateDeadline,
  WasiConfig,
  WasiExit,
  type WasiNetwork,
  type WasiOptions,
} from '../../../lib/index.js';
import { expectMisuse, guestPath, runCaptured, runNode, thrownBy } from '../support.js';

const engine = new Engine({ epochInterruption: true });
const linker = new ComponentLinker(engine).addWasi();
const endings = Component.fromFile(engine, guestPath('component/endings.wasm'));
const parser = Component.fromFile(engine, guestPath('component/parser.wasm'));
const directory = mkdtempSync(join(tmpdir(), 'wasi-p2-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** `wasi:cli/run` of a command in a store of its own. */
function command(
  component: Component,
  options: WasiOptions,
): { readonly store: Store; readonly main: ComponentFunc } {
  const store = new Store(engine);
  store.setEpochDeadline(1);
  store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
  store.setWasi(new WasiConfig({ stdout: 'capture', stderr: 'capture', ...options }));
  const instance = linker.instantiate(store, component);
  return { store, main: instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']) };
}

function run(component: Component, options: WasiOptions) {
  const { store, main } = command(component, options);
  return runCaptured(store, () => main.call(store));
}

function mode(...args: string[]): string[] {
  return ['endings', ...args];
}

describe('a command', () => {
  it('has arguments and variables', () => {
    const args = mode('args', '', ' a b ', '☃');
    expect(run(endings, { args }).stdout).toBe('0: endings\n1: args\n2: \n3:  a b \n4: ☃\n');
    const env = { A: '1', UNICODE: 'ä☃' };
    expect(run(endings, { args: mode('env'), env }).stdout).toBe('A=1\nUNICODE=ä☃\n');
    expect(run(endings, { args: mode('env') }).stdout).toBe('');
  });

  it('reads bytes, files and nothing', () => {
    const HELLO = 'endings stdin length=6 sum=b73a0178\n';
    const file = join(directory, 'stdin');
    writeFileSync(file, 'hello\n');
    const args = mode('stdin');
    expect(run(endings, { args, stdin: Buffer.from('hello\n') }).stdout).toBe(HELLO);
    expect(run(endings, { args, stdin: { file } }).stdout).toBe(HELLO);
    expect(run(endings, { args }).stdout).toMatch(/ length=0 /);
  });

  it('writes to captures and files', () => {
    expect(run(endings, { args: mode('stderr', '1') })).toEqual({
      error: undefined,
      stdout: '',
      stderr: 'endings stderr steps=3142\n',
    });
    const file = join(directory, 'out');
    run(endings, { args: mode('return', '0'), stdout: { file } });
    expect(readFileSync(file, 'utf8')).toBe('endings return steps=9426000\n');
  });

  it('has the streams of the process when it inherits them', () => {
    const printed = runNode(
      `import { Component, ComponentLinker, Engine, Store, WasiConfig } from 'LIB';
      const engine = new Engine();
      const store = new Store(engine);
      store.setWasi(new WasiConfig({
        args: ['endings', 'chatter', '3'], stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' }));
      const component = Component.fromFile(engine, ${JSON.stringify(guestPath('component/endings.wasm'))});
      const instance = new ComponentLinker(engine).addWasi().instantiate(store, component);
      instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).call(store);
      console.log('after');`,
    );
    expect(printed).toBe('line 0 3142\nline 1 3142\nline 2 3142\nafter\n');
  });

  it('uses the directories that it has, no others', () => {
    const args = ['parser', '5', '/data/file.json'];
    const preopens = [{ host: directory, guest: '/data' }];
    const { error, stdout } = run(parser, { args, preopens });
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^parser rounds=5 .* checksum=864b7f19\n$/);
    expect(readFileSync(join(directory, 'file.json')).length).toBeGreaterThan(0);
    for (const refused of [[], [{ host: directory, guest: '/data', readOnly: true }]]) {
      expect(run(parser, { args, preopens: refused }).error).toBeInstanceOf(WasiExit);
    }
  });

  it('without a configuration has empty streams', () => {
    const store = new Store(engine);
    store.setEpochDeadline(1000);
    const instance = linker.instantiate(store, endings);
    instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).call(store);
    expect(store.wasiOutput('stdout')).toBeUndefined();
  });
});

describe('endings', () => {
  // Preview 2 knows success and failure, no numbers.
  it.each([
    [['return', '0'], undefined],
    [['return', '3'], 1],
    [['exit', '7'], 1],
    [['exit', '0'], 0],
    [['exit-deep'], 1],
  ])('%j', (args, exitCode) => {
    const { error } = run(endings, { args: mode(...args) });
    if (exitCode === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ name: 'WasiExit', code: 'ERR_WASI_EXIT', exitCode });
  });

  it.each([
    ['trap', 'UnreachableCodeReached'],
    ['out-of-bounds', 'MemoryOutOfBounds'],
    ['divide', 'IntegerDivisionByZero'],
    ['null-call', 'IndirectCallToNull'],
    ['stack-overflow', 'StackOverflow'],
  ])('%s', (name, trapCode) => {
    const { error, stdout } = run(endings, { args: mode(name, '1') });
    expect(error).toBeInstanceOf(Trap);
    expect(error).toMatchObject({ trapCode });
    expect(stdout).toBe(`endings ${name} steps=3142\n`);
  });
});

describe('an interrupt', () => {
  function expectInterrupt(options: WasiOptions): void {
    const { store, main } = command(endings, options);
    using handle = new InterruptHandle();
    using _ticker = engine.startEpochTicker(1);
    store.setInterruptHandle(handle);
    handle.triggerAfter(100);
    const error = thrownBy(() => main.call(store));
    expect(error).toBeInstanceOf(Trap);
    expect(error).toMatchObject({ trapCode: 'Interrupt' });
    expect(handle.reason).toBe('timeout');
  }

  it('ends a guest that spins', () => expectInterrupt({ args: mode('spin') }));

  it('ends a guest that sleeps', () => expectInterrupt({ args: mode('sleep', '100000000') }));

  it('that never comes lets it sleep', () => {
    const { store, main } = command(endings, { args: mode('sleep', '20') });
    using handle = new InterruptHandle();
    store.setInterruptHandle(handle);
    main.call(store);
    expect(Buffer.from(store.wasiOutput('stdout') as Uint8Array).toString()).toMatch(
      /slept ms=20\n$/,
    );
  });
});

/**
 * Uses a port of 127.0.0.1, by TCP or UDP, or looks up a name, `127.0.0.1`: 0 when it could, else 1 and the
 * error's number.
 */
const SOCKETS = `(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $p))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "input-stream" (type (sub resource)))
    (export "output-stream" (type (sub resource)))))
  (alias export $streams "input-stream" (type $input))
  (alias export $streams "output-stream" (type $output))
  (import "wasi:sockets/network@0.2.0" (instance $net
    (export "network" (type (sub resource)))
    (type $e (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
      "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
      "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset"
      "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
      "permanent-resolver-failure"))
    (export "error-code" (type (eq $e)))
    (type $f (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $f)))
    (type $a4 (tuple u8 u8 u8 u8))
    (export "ipv4-address" (type $a4' (eq $a4)))
    (type $a6 (tuple u16 u16 u16 u16 u16 u16 u16 u16))
    (export "ipv6-address" (type $a6' (eq $a6)))
    (type $s4 (record (field "port" u16) (field "address" $a4')))
    (export "ipv4-socket-address" (type $s4' (eq $s4)))
    (type $s6 (record (field "port" u16) (field "flow-info" u32) (field "address" $a6') (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $s6' (eq $s6)))
    (type $s (variant (case "ipv4" $s4') (case "ipv6" $s6')))
    (export "ip-socket-address" (type (eq $s)))))
  (alias export $net "network" (type $network))
  (alias export $net "error-code" (type $error))
  (alias export $net "ip-address-family" (type $family))
  (alias export $net "ip-socket-address" (type $address))
  (import "wasi:sockets/instance-network@0.2.0" (instance $default
    (alias outer 1 $network (type $n))
    (export "network" (type $n' (eq $n)))
    (export "instance-network" (func (result (own $n'))))))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (alias outer 1 $network (type $n)) (export "network" (type $n' (eq $n)))
    (alias outer 1 $error (type $e)) (export "error-code" (type $e' (eq $e)))
    (alias outer 1 $address (type $a)) (export "ip-socket-address" (type $a' (eq $a)))
    (alias outer 1 $input (type $i)) (export "input-stream" (type $i' (eq $i)))
    (alias outer 1 $output (type $o)) (export "output-stream" (type $o' (eq $o)))
    (alias outer 1 $pollable (type $p)) (export "pollable" (type $p' (eq $p)))
    (export "tcp-socket" (type $t (sub resource)))
    (export "[method]tcp-socket.start-connect" (func
      (param "self" (borrow $t)) (param "network" (borrow $n')) (param "remote-address" $a') (result (result (error $e')))))
    (export "[method]tcp-socket.finish-connect" (func
      (param "self" (borrow $t)) (result (result (tuple (own $i') (own $o')) (error $e')))))
    (export "[method]tcp-socket.start-bind" (func
      (param "self" (borrow $t)) (param "network" (borrow $n')) (param "local-address" $a') (result (result (error $e')))))
    (export "[method]tcp-socket.finish-bind" (func (param "self" (borrow $t)) (result (result (error $e')))))
    (export "[method]tcp-socket.start-listen" (func (param "self" (borrow $t)) (result (result (error $e')))))
    (export "[method]tcp-socket.finish-listen" (func (param "self" (borrow $t)) (result (result (error $e')))))
    (export "[method]tcp-socket.subscribe" (func (param "self" (borrow $t)) (result (own $p'))))))
  (alias export $tcp "tcp-socket" (type $socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $error (type $e)) (export "error-code" (type $e' (eq $e)))
    (alias outer 1 $family (type $f)) (export "ip-address-family" (type $f' (eq $f)))
    (alias outer 1 $socket (type $t)) (export "tcp-socket" (type $t' (eq $t)))
    (export "create-tcp-socket" (func (param "address-family" $f') (result (result (own $t') (error $e')))))))
  (import "wasi:sockets/udp@0.2.0" (instance $udp
    (alias outer 1 $network (type $n)) (export "network" (type $n' (eq $n)))
    (alias outer 1 $error (type $e)) (export "error-code" (type $e' (eq $e)))
    (alias outer 1 $address (type $a)) (export "ip-socket-address" (type $a' (eq $a)))
    (export "udp-socket" (type $u (sub resource)))
    (export "incoming-datagram-stream" (type $i (sub resource)))
    (export "outgoing-datagram-stream" (type $o (sub resource)))
    (export "[method]udp-socket.start-bind" (func
      (param "self" (borrow $u)) (param "network" (borrow $n')) (param "local-address" $a') (result (result (error $e')))))
    (export "[method]udp-socket.finish-bind" (func (param "self" (borrow $u)) (result (result (error $e')))))
    (export "[method]udp-socket.stream" (func
      (param "self" (borrow $u)) (param "remote-address" (option $a')) (result (result (tuple (own $i) (own $o)) (error $e')))))))
  (alias export $udp "udp-socket" (type $datagrams))
  (import "wasi:sockets/udp-create-socket@0.2.0" (instance $create-udp
    (alias outer 1 $error (type $e)) (export "error-code" (type $e' (eq $e)))
    (alias outer 1 $family (type $f)) (export "ip-address-family" (type $f' (eq $f)))
    (alias outer 1 $datagrams (type $u)) (export "udp-socket" (type $u' (eq $u)))
    (export "create-udp-socket" (func (param "address-family" $f') (result (result (own $u') (error $e')))))))
  (import "wasi:sockets/ip-name-lookup@0.2.0" (instance $names
    (alias outer 1 $network (type $n)) (export "network" (type $n' (eq $n)))
    (alias outer 1 $error (type $e)) (export "error-code" (type $e' (eq $e)))
    (export "resolve-address-stream" (type $r (sub resource)))
    (export "resolve-addresses" (func
      (param "network" (borrow $n')) (param "name" string) (result (result (own $r) (error $e')))))))
  (core module $libc (memory (export "memory") 1) (data (i32.const 64) "127.0.0.1"))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core module $m
    (type $start (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (type $finish (func (param i32 i32)))
    (import "" "memory" (memory 1))
    (import "" "network" (func $network (result i32)))
    (import "" "create" (func $create (param i32 i32)))
    (import "" "start-connect" (func $start_connect (type $start)))
    (import "" "finish-connect" (func $finish_connect (type $finish)))
    (import "" "start-bind" (func $start_bind (type $start)))
    (import "" "finish-bind" (func $finish_bind (type $finish)))
    (import "" "start-listen" (func $start_listen (type $finish)))
    (import "" "finish-listen" (func $finish_listen (type $finish)))
    (import "" "create-udp" (func $create_udp (param i32 i32)))
    (import "" "start-bind-udp" (func $start_bind_udp (type $start)))
    (import "" "finish-bind-udp" (func $finish_bind_udp (type $finish)))
    (import "" "stream" (func $stream
      (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "" "resolve" (func $resolve (param i32 i32 i32 i32)))
    (import "" "subscribe" (func $subscribe (param i32) (result i32)))
    (import "" "block" (func $block (param i32)))
    (table funcref (elem $start_connect $start_bind $finish_connect $finish_bind $finish_listen $start_listen
      $start_bind_udp $finish_bind_udp))
    (func $socket (result i32)
      (call $create (i32.const 0) (i32.const 0))
      (call $error_at_4))
    (func $error_at_4 (result i32)
      (select (i32.add (i32.const 1) (i32.load8_u (i32.const 4))) (i32.const 0) (i32.load8_u (i32.const 0))))
    (func $lookup (export "lookup") (result i32)
      (call $resolve (call $network) (i32.const 64) (i32.const 9) (i32.const 0))
      (call $error_at_4))
    (func $send (export "send") (param $port i32) (result i32)
      (local $socket i32) (local $error i32)
      (call $create_udp (i32.const 0) (i32.const 0))
      (local.set $error (call $error_at_4))
      (if (local.get $error) (then (return (local.get $error))))
      (local.set $socket (i32.load (i32.const 4)))
      (local.set $error (call $start (i32.const 6) (local.get $socket) (i32.const 1) (i32.const 0)))
      (if (local.get $error) (then (return (local.get $error))))
      (local.set $error (call $finish (i32.const 7) (local.get $socket) (i32.const 1)))
      (if (local.get $error) (then (return (local.get $error))))
      (call $stream (local.get $socket) (i32.const 1) (i32.const 0) (local.get $port)
        (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
      (call $error_at_4))
    (func $start (param $which i32) (param $socket i32) (param $last i32) (param $port i32) (result i32)
      (call_indirect (type $start) (local.get $socket) (call $network) (i32.const 0) (local.get $port)
        (i32.const 127) (i32.const 0) (i32.const 0) (local.get $last)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (local.get $which))
      (select (i32.add (i32.const 1) (i32.load8_u (i32.const 1))) (i32.const 0) (i32.load8_u (i32.const 0))))
    ;; Until it is no longer 'would-block'; the error stands at 'at'.
    (func $finish (param $which i32) (param $socket i32) (param $at i32) (result i32)
      (local $error i32)
      (loop $again (result i32)
        (call_indirect (type $finish) (local.get $socket) (i32.const 0) (local.get $which))
        (local.set $error (select
          (i32.add (i32.const 1) (i32.load8_u (local.get $at))) (i32.const 0) (i32.load8_u (i32.const 0))))
        (if (i32.eq (local.get $error) (i32.const 9)) (then
          (call $block (call $subscribe (local.get $socket)))
          (br $again)))
        (local.get $error)))
    (func $connect (export "connect") (param $port i32) (result i32)
      (local $socket i32) (local $error i32)
      (local.set $error (call $socket))
      (if (local.get $error) (then (return (local.get $error))))
      (local.set $socket (i32.load (i32.const 4)))
      (local.tee $error (call $start (i32.const 0) (local.get $socket) (i32.const 1) (local.get $port)))
      (if (result i32) (then (local.get $error))
        (else (call $finish (i32.const 2) (local.get $socket) (i32.const 4)))))
    (func $listen (export "listen") (param $port i32) (result i32)
      (local $socket i32) (local $error i32)
      (local.set $error (call $socket))
      (if (local.get $error) (then (return (local.get $error))))
      (local.set $socket (i32.load (i32.const 4)))
      (local.set $error (call $start (i32.const 1) (local.get $socket) (i32.const 1) (local.get $port)))
      (if (local.get $error) (then (return (local.get $error))))
      (local.set $error (call $finish (i32.const 3) (local.get $socket) (i32.const 1)))
      (if (local.get $error) (then (return (local.get $error))))
      (local.set $error (call $finish (i32.const 5) (local.get $socket) (i32.const 1)))
      (if (local.get $error) (then (return (local.get $error))))
      (call $finish (i32.const 4) (local.get $socket) (i32.const 1))))
  (core func $network (canon lower (func $default "instance-network")))
  (core func $create (canon lower (func $create "create-tcp-socket") (memory $memory)))
  (core func $start-connect (canon lower (func $tcp "[method]tcp-socket.start-connect") (memory $memory)))
  (core func $finish-connect (canon lower (func $tcp "[method]tcp-socket.finish-connect") (memory $memory)))
  (core func $start-bind (canon lower (func $tcp "[method]tcp-socket.start-bind") (memory $memory)))
  (core func $finish-bind (canon lower (func $tcp "[method]tcp-socket.finish-bind") (memory $memory)))
  (core func $start-listen (canon lower (func $tcp "[method]tcp-socket.start-listen") (memory $memory)))
  (core func $finish-listen (canon lower (func $tcp "[method]tcp-socket.finish-listen") (memory $memory)))
  (core func $create-udp (canon lower (func $create-udp "create-udp-socket") (memory $memory)))
  (core func $start-bind-udp (canon lower (func $udp "[method]udp-socket.start-bind") (memory $memory)))
  (core func $finish-bind-udp (canon lower (func $udp "[method]udp-socket.finish-bind") (memory $memory)))
  (core func $stream (canon lower (func $udp "[method]udp-socket.stream") (memory $memory)))
  (core func $resolve (canon lower (func $names "resolve-addresses") (memory $memory)))
  (core func $subscribe (canon lower (func $tcp "[method]tcp-socket.subscribe")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core instance $m (instantiate $m (with "" (instance
    (export "memory" (memory $memory))
    (export "network" (func $network)) (export "create" (func $create))
    (export "start-connect" (func $start-connect)) (export "finish-connect" (func $finish-connect))
    (export "start-bind" (func $start-bind)) (export "finish-bind" (func $finish-bind))
    (export "start-listen" (func $start-listen)) (export "finish-listen" (func $finish-listen))
    (export "create-udp" (func $create-udp)) (export "start-bind-udp" (func $start-bind-udp))
    (export "finish-bind-udp" (func $finish-bind-udp)) (export "stream" (func $stream))
    (export "resolve" (func $resolve))
    (export "subscribe" (func $subscribe)) (export "block" (func $block))))))
  (func (export "connect") (param "port" u16) (result u32) (canon lift (core func $m "connect")))
  (func (export "send") (param "port" u16) (result u32) (canon lift (core func $m "send")))
  (func (export "lookup") (result u32) (canon lift (core func $m "lookup")))
  (func (export "listen") (param "port" u16) (result u32) (canon lift (core func $m "listen"))))`;

const DENIED = 2;
const REFUSED = 15;

describe('the network', () => {
  let server: Server;
  let port: number;

  beforeEach(async () => {
    server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  const sockets = Component.compile(engine, SOCKETS);

  function use(
    name: 'connect' | 'listen' | 'send' | 'lookup',
    port: number,
    network?: WasiNetwork,
  ): number {
    const store = new Store(engine);
    store.setEpochDeadline(1000);
    store.setWasi(new WasiConfig(network === undefined ? {} : { network }));
    const func = linker.instantiate(store, sockets).getFunc(store, name);
    return (name === 'lookup' ? func.call(store) : func.call(store, port)) as number;
  }

  it('is out of reach', () => {
    expect(use('connect', port)).toBe(DENIED);
    expect(use('connect', port, {})).toBe(DENIED);
    expect(use('listen', 0, {})).toBe(DENIED);
  });

  it('but for the addresses that are listed', () => {
    const allowed = (tcpConnect: string[]) => use('connect', port, { tcpConnect });
    expect(allowed([`127.0.0.1:${port}`])).toBe(0);
    expect(allowed(['127.0.0.1:*'])).toBe(0);
    expect(allowed([`127.0.0.0/8:${port}`])).toBe(0);
    expect(allowed(['10.0.0.1:1', '0.0.0.0/0:*'])).toBe(0);
    expect(allowed([`127.0.0.1:${port === 1 ? 2 : 1}`])).toBe(DENIED);
    expect(allowed([`127.0.0.2:${port}`])).toBe(DENIED);
    expect(allowed([`127.0.0.2/31:${port}`])).toBe(DENIED);
    expect(allowed([`[::1]:${port}`, '[::]/0:*'])).toBe(DENIED);
    expect(use('connect', port, { tcpListen: ['127.0.0.1:*'], udp: ['127.0.0.1:*'] })).toBe(DENIED);
  });

  it('as the host has it, where it is allowed', async () => {
    await new Promise((resolve) => server.close(resolve));
    expect(use('connect', port, { tcpConnect: ['127.0.0.1:*'] })).toBe(REFUSED);
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  it('to listen to', () => {
    expect(use('listen', 0, { tcpListen: ['127.0.0.1:*'] })).toBe(0);
    expect(use('listen', 0, { tcpListen: ['127.0.0.2:*'] })).toBe(DENIED);
    expect(use('listen', 0, { tcpConnect: ['127.0.0.1:*'] })).toBe(DENIED);
  });

  it('to exchange datagrams with', () => {
    const udp = ['127.0.0.1:4000'];
    const udpBind = ['127.0.0.1:*'];
    expect(use('send', 4000)).toBe(DENIED);
    expect(use('send', 4000, { udp })).toBe(DENIED);
    expect(use('send', 4000, { udpBind })).toBe(DENIED);
    expect(use('send', 4000, { udp, udpBind })).toBe(0);
    expect(use('send', 4001, { udp, udpBind })).toBe(DENIED);
    expect(use('send', 4000, { tcpConnect: udp, tcpListen: udpBind })).toBe(DENIED);
  });

  it('looks up names when it may', () => {
    expect(use('lookup', 0)).not.toBe(0);
    expect(use('lookup', 0, { tcpConnect: ['0.0.0.0/0:*'] })).not.toBe(0);
    expect(use('lookup', 0, { nameLookup: true })).toBe(0);
  });

  it.each([
    ...['', 'localhost:80', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '127.0.0.1:-1', ':80'],
    ...['127.0.0:80', '1.2.3.4.5:80', '127.0.0.1/33:80', '::1:80', '[::1]/129:80', '[1.2.3.4]:80'],
    ...['127.0.0.1/-1:80', '[fe80::1%1]:80', '*:80', ' 127.0.0.1:80', '127.0.0.1:80\n'],
  ])('an address is one: %j', (address) => {
    const error = expectMisuse(
      'ERR_INVALID_ARG_VALUE',
      () => new WasiConfig({ network: { tcpConnect: [address] } }),
    );
    expect(error.message).toContain(
      'options.network.tcpConnect[0]: expected an address and a port',
    );
  });

  it.each([
    'x',
    { tcp: [] },
    { tcpConnect: 'x' },
    { udp: [1] },
    { udpBind: [null] },
    { nameLookup: 1 },
  ])('options have types: %j', (network) => {
    const make = () => new WasiConfig({ network: network as WasiNetwork });
    const error = thrownBy(make) as Error & { code: string };
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('options.network');
  });
});
