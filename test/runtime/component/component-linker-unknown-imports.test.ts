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

  // Which version serves is Wasmtime's choice when it instantiates: a trap in its place would hide that.
  it.each([
    ['a:b/c@0.2.1', 21],
    ['a:b/c@0.2.0', 25],
    ['a:b/c@0.2.9', 25],
    ['a:b/c@0.4.0', 'traps'],
    ['a:b/c@0.2.0-rc', 'traps'],
    ['a:b/d@1.7.0', 100],
    ['plain', 1],
    ['other', 'traps'],
    // A package that addWasi does not define, and a version that is not compatible.
    ['wasi:http/types@0.2.0', 'traps'],
    ['wasi:io/poll@0.3.0', 'traps'],
  ])(
    'of the versions that are defined, what imports %s gets the newest compatible one',
    (name, served) => {
      const linker = new ComponentLinker(engine).addWasi();
      const defined = {
        'a:b/c@0.2.1': 21,
        'a:b/c@0.2.5': 25,
        'a:b/c@0.3.9': 39,
        'a:b/d@1.0.0': 100,
        plain: 1,
      };
      for (const [name, value] of Object.entries(defined))
        linker.instance(name).funcNew('f', () => value);
      const importing = Component.compile(
        engine,
        `(component
        (import "${name}" (instance $x (export "f" (func (result u32)))))
        (core func $f (canon lower (func $x "f")))
        (core module $m (import "" "f" (func $f (result i32))) (func (export "f") (result i32) (call $f)))
        (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "f") (result u32) (canon lift (core func $i "f"))))`,
      );
      linker.defineUnknownImportsAsTraps(importing);
      const store = new Store(engine);
      const call = () => linker.instantiate(store, importing).getFunc(store, 'f').call(store);
      if (served === 'traps')
        expect(call).toThrow(`unknown import: \`${name}#f\` has not been defined`);
      else expect(call()).toBe(served);
    },
  );
});
