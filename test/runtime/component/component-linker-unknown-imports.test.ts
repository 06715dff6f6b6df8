import { describe, expect, it } from 'vitest';
import { Component, ComponentLinker, Engine, Store, WasiConfig } from '../../../lib/index.js';

const engine = new Engine();

/** What sleeps imports two interfaces, of which one has the other's resource; and something unknown. */
function component(version: string): Component {
  return Component.compile(
    engine,
    `(component
      (import "wasi:io/poll@${version}" (instance $poll (export "pollable" (type (sub resource)))))
      (alias export $poll "pollable" (type $pollable))
      (import "wasi:clocks/monotonic-clock@${version}" (instance $clock
        (alias outer 1 $pollable (type $outer)) (export "pollable" (type $own (eq $outer)))
        (export "now" (func (result u64)))
        (export "subscribe-duration" (func (param "when" u64) (result (own $own))))))
      (import "local:thing/x@1.0.0" (instance $x (export "f" (func (result u32)))))
      (core func $now (canon lower (func $clock "now")))
      (core func $f (canon lower (func $x "f")))
      (core module $m (import "" "now" (func $now (result i64))) (import "" "f" (func $f (result i32)))
        (func (export "now") (result i64) (call $now)) (func (export "f") (result i32) (call $f)))
      (core instance $i (instantiate $m (with "" (instance (export "now" (func $now)) (export "f" (func $f))))))
      (func (export "now") (result u64) (canon lift (core func $i "now")))
      (func (export "f") (result u32) (canon lift (core func $i "f"))))`,
  );
}

function start(version: string, linker: ComponentLinker) {
  const made = component(version);
  linker.defineUnknownImportsAsTraps(made);
  const store = new Store(engine);
  store.setWasi(new WasiConfig());
  const instance = linker.instantiate(store, made);
  return (name: string) => instance.getFunc(store, name).call(store);
}

describe('defineUnknownImportsAsTraps', () => {
  it.each(['0.2.0', '0.2.6', '0.2.12', '0.2.99'])('leaves WASI %s as it is', (version) => {
    const call = start(version, new ComponentLinker(engine).addWasi());
    expect(call('now')).toBeGreaterThan(0n);
    expect(() => call('f')).toThrow(
      /unknown import: `local:thing\/x@1\.0\.0#f` has not been defined/,
    );
  });

  it('makes all of it trap without WASI', () => {
    const call = start('0.2.0', new ComponentLinker(engine));
    expect(() => call('now')).toThrow(/unknown import/);
  });

  it('leaves a compatible version of one’s own', () => {
    const linker = new ComponentLinker(engine).addWasi();
    linker.instance('local:thing/x@1.2.3').funcNew('f', () => 7);
    expect(start('0.2.0', linker)('f')).toBe(7);
    const other = new ComponentLinker(engine).addWasi();
    other.instance('local:thing/x@2.0.0').funcNew('f', () => 7);
    expect(() => start('0.2.0', other)('f')).toThrow(/unknown import/);
  });
});
