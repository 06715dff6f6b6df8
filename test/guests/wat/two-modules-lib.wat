;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; The library half of two modules in one store: see two-modules-main.wat. It
;; owns the memory and the table that both use, and calls back through the table.
;;
;; import  env.bump_epoch ()
;; export  memory                                 1 page
;;         callbacks                              table of 4 funcref, empty
;;         call_once (slot: i32, value: i32) -> i32
;;         for_each (slot: i32, count: i32) -> i32
;;         sum (count: i32) -> i32                of the first words of memory
;; samples call_once: 1; for_each: count; sum: 1; and those of what they call
(module $lib
  (type $callback (func (param i32) (result i32)))
  (import "env" "bump_epoch" (func $bump_epoch))
  (memory (export "memory") 1)
  (table $callbacks (export "callbacks") 4 funcref)

  (func $call_once (export "call_once") (param $slot i32) (param $value i32) (result i32)
    (call $bump_epoch) (loop)
    (call_indirect $callbacks (type $callback) (local.get $value) (local.get $slot)))

  ;; Stores what the callback makes of 0, 1, ... in memory.
  (func $for_each (export "for_each") (param $slot i32) (param $count i32) (result i32)
    (local $i i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        (i32.store (i32.shl (local.get $i) (i32.const 2))
          (call_indirect $callbacks (type $callback) (local.get $i) (local.get $slot)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $bump_epoch)
        (br $next)))
    (call $sum (local.get $count)))

  (func $sum (export "sum") (param $count i32) (result i32)
    (local $sum i32)
    (call $bump_epoch)
    (loop $next
      (if (local.get $count)
        (then
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (local.set $sum (i32.add (local.get $sum)
            (i32.load (i32.shl (local.get $count) (i32.const 2)))))
          (br $next))))
    (local.get $sum)))
