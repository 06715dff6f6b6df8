// A guest that runs too long is ended: by an epoch deadline, or by an AbortSignal while the event loop goes on.
//
//   node examples/epoch-timeout.mjs

import { Engine, Linker, Module, Store, Trap } from 'wasmtime-guest-profiler';

const engine = new Engine({ epochInterruption: true });
const module = Module.compile(engine, '(module (func (export "spin") (loop $again (br $again))))');
const store = new Store(engine);
const spin = new Linker(engine).instantiate(store, module).getFunc(store, 'spin');

// A native thread ticks, since JavaScript can't while the guest runs.
const ticker = engine.startEpochTicker(10);

// A synchronous call: nothing else runs until the deadline, 5 ticks from now.
store.setEpochDeadline(5);
try {
  spin.call(store);
} catch (error) {
  if (!(error instanceof Trap)) throw error;
  console.log(`synchronous: ${error.trapCode}`);
}

// An asynchronous one, which the signal may end: timers fire while the guest spins.
let fired = 0;
const timer = setInterval(() => fired++, 5);
store.setEpochDeadline(1_000_000);
try {
  await spin.callAsync(store, { signal: AbortSignal.timeout(100) });
} catch (error) {
  console.log(`asynchronous: ${error.name}; timers fired meanwhile: ${fired > 0}`);
}
clearInterval(timer);
ticker.dispose();
store.dispose();

// Prints:
//   synchronous: Interrupt
//   asynchronous: TimeoutError; timers fired meanwhile: true
