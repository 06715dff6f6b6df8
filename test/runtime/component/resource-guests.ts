/** Takes a host's resource, uses it, and drops it or gives it back. */
export const USER = `(component
  (import "file" (type $file (sub resource)))
  (import "size" (func $size (param "f" (borrow $file)) (result u32)))
  (core func $drop (canon resource.drop $file))
  (core func $size_core (canon lower (func $size)))
  (core module $m
    (import "" "drop" (func $drop (param i32)))
    (import "" "size" (func $size (param i32) (result i32)))
    (func (export "consume") (param i32) (result i32)
      (local $n i32)
      (local.set $n (call $size (local.get 0)))
      (call $drop (local.get 0))
      (local.get $n))
    (func (export "peek") (param i32) (result i32)
      (local $n i32)
      (local.set $n (call $size (local.get 0)))
      (call $drop (local.get 0))
      (local.get $n))
    (func (export "back") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m (with "" (instance
    (export "drop" (func $drop)) (export "size" (func $size_core))))))
  (func (export "consume") (param "f" (own $file)) (result u32) (canon lift (core func $m "consume")))
  (func (export "peek") (param "f" (borrow $file)) (result u32) (canon lift (core func $m "peek")))
  (func (export "back") (param "f" (own $file)) (result (own $file)) (canon lift (core func $m "back"))))`;

/** Defines a resource: a counter, which its handle's number stands for. */
export const OWNER = `(component
  (import "dropped" (func $dropped (param "n" u32)))
  (core func $dropped_core (canon lower (func $dropped)))
  (core module $d
    (import "" "dropped" (func $dropped (param i32)))
    (func (export "dtor") (param i32) (call $dropped (local.get 0))))
  (core instance $d (instantiate $d (with "" (instance (export "dropped" (func $dropped_core))))))
  (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
  (export $r "counter" (type $r'))
  (core func $new (canon resource.new $r'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "make") (param "n" u32) (result (own $r)) (canon lift (core func $m "make")))
  (func (export "get") (param "c" (borrow $r)) (result u32) (canon lift (core func $m "get")))
  (func (export "take") (param "c" (own $r)) (canon lift (core func $t "take")))
  )`.replace(
  '(func (export "make") (param "n" u32)',
  `(core func $drop (canon resource.drop $r'))
  (core module $t (import "" "drop" (func $drop (param i32)))
    (func (export "take") (param i32) (call $drop (local.get 0))))
  (core instance $t (instantiate $t (with "" (instance (export "drop" (func $drop))))))
  (func (export "make") (param "n" u32)`,
);
