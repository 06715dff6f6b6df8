// A component whose import is a JavaScript function, with a record and a list; and a profile of it.
import { Component, ComponentLinker, Engine, GuestProfiler, Store } from 'wasmtime-guest-profiler';

const engine = new Engine({ epochInterruption: true });
const component = await Component.compileAsync(
  engine,
  `(component
    (type $point (record (field "x" s32) (field "y" s32)))
    (import "point" (type $point' (eq $point)))
    (import "measure" (func $measure (param "from" $point') (param "to" $point') (result u32)))
    (core func $measure (canon lower (func $measure)))
    (core module $m
      (import "" "measure" (func $measure (param i32 i32 i32 i32) (result i32)))
      (func $square (export "square") (param $side i32) (result i32)
        (call $measure (i32.const 0) (i32.const 0) (local.get $side) (local.get $side))))
    (core instance $i (instantiate $m (with "" (instance (export "measure" (func $measure))))))
    (func (export "square") (param "side" u32) (result u32) (canon lift (core func $i "square"))))`,
);

const linker = new ComponentLinker(engine);
linker.root().funcNew('measure', (_store, from, to) => {
  console.log('from', from, 'to', to);
  return Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
});

const store = new Store(engine);
const profiler = GuestProfiler.forComponent('square', 1, component);
profiler.attach(store, { hostCalls: 'markers' });
const instance = linker.instantiate(store, component);
console.log(instance.getFunc(store, 'square').call(store, 21));

const profile = JSON.parse(Buffer.from(await profiler.finish()).toString());
console.log(profile.libs.map(({ name }) => name));

// Prints:
//   from { x: 0, y: 0 } to { x: 21, y: 21 }
//   42
//   [ 'm' ]
