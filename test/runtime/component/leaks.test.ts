import { expect, it } from 'vitest';
import { runNode, USED_MEMORY } from '../support.js';

/** 40,000 rounds; memory is compared between the first half and the end, in MiB. */
function growth(how: string): { growth: number; used: number } {
  const output = runNode(
    `
    import { Component, ComponentLinker, Engine, ResourceType, Store } from 'LIB';
    const engine = new Engine();
    const component = Component.compile(engine, \`(component
      (import "thing" (type $thing (sub resource)))
      (import "make" (func $make (param "name" string) (result (own $thing))))
      (core module $libc (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
      (core instance $libc (instantiate $libc))
      (core func $make (canon lower (func $make) (memory (core memory $libc "memory"))))
      (core module $m
        (import "" "make" (func $make (param i32 i32) (result i32)))
        (func (export "pass") (param i32 i32) (result i32) (call $make (local.get 0) (local.get 1))))
      (core instance $m (instantiate $m (with "" (instance (export "make" (func $make))))))
      (func (export "pass") (param "name" string) (result (own $thing))
        (canon lift (core func $m "pass") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))\`);
    const linker = new ComponentLinker(engine);
    linker.root().resource('thing', ResourceType.host()).funcNew('make', (store, name) => ({ name }));
    const pre = linker.instantiatePre(component);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const make = (store) => {
      const pass = pre.instantiate(store).getFunc(store, 'pass');
      if (pass.call(store, 'a name').name !== 'a name') throw new Error('another object');
    };
    const round = {
      dispose() { const store = new Store(engine); make(store); store.dispose(); },
      collector() { make(new Store(engine)); },
    }['${how}'];
    ${USED_MEMORY}
    let before = 0;
    for (let i = 1; i <= 40_000; i++) {
      round();
      if (i % 100 === 0) await turn();
      if ('${how}' === 'collector' && i % 500 === 0) gc();
      if (i === 20_000) before = await usedMemory();
    }
    const after = await usedMemory();
    console.log(JSON.stringify({ growth: after - before, used: after }));`,
    { gc: true },
  );
  return JSON.parse(output);
}

it.each(['dispose', 'collector'])('components and host objects leave memory level: %s', (how) => {
  const found = growth(how);
  console.log(
    `components, ${how}: ${found.growth.toFixed(1)} MiB more after 20,000 rounds, ${found.used.toFixed(0)} MiB in all`,
  );
  // A round that leaked but 2 KiB would leave 39 MiB.
  expect(found.growth).toBeLessThan(30);
});
