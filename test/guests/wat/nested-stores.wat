;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; A store's guest calls the host, which runs the same export in another store
;; of the same engine: the epoch is the engine's, the deadline is each store's.
;; A stack shows the frames of one store only.
;;
;; import  env.bump_epoch ()
;;         env.other_store (n: i32) -> i32   must return run(n) of another store
;; export  run (n: i32) -> i32               returns n + 1, the levels of wasm
;; samples run(n), when each level runs in a store of its own, made just before
;;         its call (its deadline starts at the epoch of then): 2 in each store.
;;         When two stores made beforehand take turns (A runs n, B runs n - 1, A
;;         again n - 2, ...): each level after the first samples once more, at
;;         its entry, for the other store's bump came between: 3 * n + 2.
(module $nested_stores
  (import "env" "bump_epoch" (func $bump_epoch))
  (import "env" "other_store" (func $other_store (param i32) (result i32)))

  (func $run (export "run") (param $n i32) (result i32)
    (local $levels i32)
    (call $bump_epoch) (loop)
    (if (local.get $n)
      (then (local.set $levels (call $leave (i32.sub (local.get $n) (i32.const 1))))))
    (call $bump_epoch) (loop)
    (i32.add (local.get $levels) (i32.const 1)))

  (func $leave (param $n i32) (result i32)
    (i32.add (call $other_store (local.get $n)) (i32.const 0))))
