// An async import: the guest calls a host function that awaits a socket, and others run meanwhile.
//
//   node examples/async-import.mjs

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Engine, Linker, Memory, Module, Store } from 'wasmtime-guest-profiler';

const server = createServer((socket) => socket.end('hello from the socket')).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();

const engine = new Engine();
const module = await Module.compileAsync(
  engine,
  `(module
    (import "net" "fetch" (func $fetch (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (call $fetch (i32.const 16) (i32.const 64))))`,
);

/** Writes what the server says to the guest's memory; returns how much that was. */
async function fetch(caller, at, size) {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  let text = '';
  for await (const chunk of socket) text += chunk;
  // The guest is suspended. The caller still leads to its store, for this function alone.
  const memory = caller.getExport('memory');
  if (!(memory instanceof Memory)) throw new Error('the guest has no memory');
  const bytes = new TextEncoder().encode(text).subarray(0, size);
  memory.write(caller, at, bytes);
  return bytes.length;
}

const linker = new Linker(engine).funcWrapAsync(
  'net',
  'fetch',
  { params: ['i32', 'i32'], results: ['i32'] },
  fetch,
);

/** A guest in a store of its own: those of one store take turns. */
async function run(name) {
  const store = new Store(engine);
  const instance = await linker.instantiateAsync(store, module);
  const length = await instance.getFunc(store, 'run').callAsync(store);
  const bytes = instance.getMemory(store, 'memory').read(store, 16, length);
  store.dispose();
  return `${name}: ${new TextDecoder().decode(bytes)}`;
}

for (const line of await Promise.all([run('one'), run('two'), run('three')])) console.log(line);
server.close();

// Prints:
//   one: hello from the socket
//   two: hello from the socket
//   three: hello from the socket
