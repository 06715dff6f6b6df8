;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Deep recursion that is sampled at its end alone.
;;
;; import  env.bump_epoch ()
;; export  run (depth: i32) -> i32    returns depth
;; samples run(depth): one at the bottom, whose stack has depth + 3 frames: $run, the
;;         recursion for depth, ..., 0, and $bottom.
;; stack   64 bytes a frame on x86-64 with epoch checks, as recursion.wat.
(module $deep_end
  (import "env" "bump_epoch" (func $bump_epoch))

  (func $run (export "run") (param $depth i32) (result i32)
    (call $down (local.get $depth)))

  (func $down (param $left i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (call $bottom))))
    (i32.add (i32.const 1) (call $down (i32.sub (local.get $left) (i32.const 1)))))

  (func $bottom (result i32)
    (call $bump_epoch)
    (loop)
    (i32.const 0)))
