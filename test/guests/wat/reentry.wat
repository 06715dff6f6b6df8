;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; JS -> wasm -> JS -> wasm, nested as deep as asked. Each level samples before
;; and after its call of the host, so both stacks, and the state of the store
;; after the host's return, are seen.
;;
;;   JS   outer(2)                      samples here: before, and after
;;          env.host_call(2)
;;   JS       inner(2)                  before, after
;;              env.host_call(1)
;;   JS           inner(1)              before, after
;;                  env.host_call(0)
;;   JS               inner(0)          before, after; calls nobody
;;
;; import  env.bump_epoch ()
;;         env.host_call (n: i32) -> i32   must return this instance's inner(n)
;; export  outer (n: i32) -> i32           returns n + 2, the levels of wasm
;;         inner (n: i32) -> i32           returns n + 1
;; samples outer(n): 2 * (n + 2); inner(n): 2 * (n + 1)
(module $reentry
  (import "env" "bump_epoch" (func $bump_epoch))
  (import "env" "host_call" (func $host_call (param i32) (result i32)))

  (func $outer (export "outer") (param $n i32) (result i32)
    (local $levels i32)
    (call $bump_epoch) (loop)
    (local.set $levels (call $host_call (local.get $n)))
    (call $bump_epoch) (loop)
    (i32.add (local.get $levels) (i32.const 1)))

  (func $inner (export "inner") (param $n i32) (result i32)
    (local $levels i32)
    (call $bump_epoch) (loop)
    (if (local.get $n)
      (then (local.set $levels (call $ask_host (i32.sub (local.get $n) (i32.const 1))))))
    (call $bump_epoch) (loop)
    (i32.add (local.get $levels) (i32.const 1)))

  ;; One more frame between $inner and the host.
  (func $ask_host (param $n i32) (result i32)
    (i32.add (call $host_call (local.get $n)) (i32.const 0))))
