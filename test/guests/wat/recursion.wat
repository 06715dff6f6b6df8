;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Deep recursion, of three functions that call one another in an uneven
;; pattern, so that no two stretches of a stack are alike. No tail calls.
;;
;; import  env.bump_epoch ()
;; export  run (depth: i32) -> i32    returns depth
;; samples run(depth): floor(depth / 1000) + 1, one wherever the depth left is a
;;         multiple of 1000 and one at the bottom, whose stack has depth + 3
;;         frames: $run, the recursion for depth, ..., 0, and $bottom.
;; stack   64 bytes a frame on x86-64 with epoch checks: run(8000) fits in Wasmtime's
;;         default max_wasm_stack of 512 KiB, run(10000) needs 1 MiB.
(module $recursion
  (import "env" "bump_epoch" (func $bump_epoch))

  (func $run (export "run") (param $depth i32) (result i32)
    (call $north (local.get $depth)))

  (func $north (param $left i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (call $bottom))))
    (if (i32.eqz (i32.rem_u (local.get $left) (i32.const 1000)))
      (then (call $bump_epoch) (loop)))
    (i32.add (i32.const 1)
      (if (result i32) (i32.and (local.get $left) (i32.const 2))
        (then (call $south (i32.sub (local.get $left) (i32.const 1))))
        (else (call $east (i32.sub (local.get $left) (i32.const 1)))))))

  (func $south (param $left i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (call $bottom))))
    (if (i32.eqz (i32.rem_u (local.get $left) (i32.const 1000)))
      (then (call $bump_epoch) (loop)))
    (i32.add (i32.const 1)
      (if (result i32) (i32.rem_u (local.get $left) (i32.const 3))
        (then (call $north (i32.sub (local.get $left) (i32.const 1))))
        (else (call $east (i32.sub (local.get $left) (i32.const 1)))))))

  (func $east (param $left i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (call $bottom))))
    (if (i32.eqz (i32.rem_u (local.get $left) (i32.const 1000)))
      (then (call $bump_epoch) (loop)))
    (i32.add (i32.const 1) (call $north (i32.sub (local.get $left) (i32.const 1)))))

  (func $bottom (result i32)
    (call $bump_epoch)
    (loop)
    (i32.const 0)))
