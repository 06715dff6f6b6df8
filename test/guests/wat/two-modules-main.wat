;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Two modules in one store, calling each other in both directions: main calls
;; the library's exports, the library calls main's functions through the table
;; that main filled. A stack alternates between the modules:
;;
;;   main $deep -> main $deeper -> lib $call_once -> main $deeper -> lib $call_once ...
;;
;; import  env.bump_epoch ()
;;         lib.memory, lib.callbacks, lib.call_once, lib.for_each
;; export  squares (n: i32) -> i32   0*0 + ... + (n-1)*(n-1), for n up to 16,384
;;         deep (n: i32) -> i32      returns n
;; samples squares(n): 2 * n + 1: n in lib $for_each, n in main $square, 1 in
;;         lib $sum. deep(n): 2 * n + 1: n + 1 in main $deeper, n in lib
;;         $call_once; the deepest stack has 2 * n + 2 frames.
(module $main
  (type $callback (func (param i32) (result i32)))
  (import "env" "bump_epoch" (func $bump_epoch))
  (import "lib" "memory" (memory 1))
  (import "lib" "callbacks" (table $callbacks 4 funcref))
  (import "lib" "call_once" (func $lib_call_once (param i32 i32) (result i32)))
  (import "lib" "for_each" (func $lib_for_each (param i32 i32) (result i32)))
  (elem (table $callbacks) (i32.const 1) func $square $deeper)

  (func $squares (export "squares") (param $n i32) (result i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.shl (local.get $n) (i32.const 2)))
    (call $lib_for_each (i32.const 1) (local.get $n)))

  (func $deep (export "deep") (param $n i32) (result i32)
    (i32.sub (call $deeper (local.get $n)) (i32.const 1)))

  (func $square (param $i i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.mul (local.get $i) (local.get $i)))

  (func $deeper (param $n i32) (result i32)
    (call $bump_epoch) (loop)
    (if (result i32) (local.get $n)
      (then (i32.add (i32.const 1)
        (call $lib_call_once (i32.const 2) (i32.sub (local.get $n) (i32.const 1)))))
      (else (i32.const 1)))))
