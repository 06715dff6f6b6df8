;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Vectors across the boundary to the host. Apart from host-calls.wat, for a host
;; without v128 values cannot define these imports.
;;
;; import  env.bump_epoch ()
;;         env.same (v128) -> v128   the argument
;; export  run (n: i32) -> i32       sends a vector of n, n + 1, n + 2, n + 3 to
;;                                   the host; returns the sum of what comes back,
;;                                   4 * n + 6
;;         vector (n: i32) -> v128   that vector
;; samples run: 1; vector: 0
(module $host_calls_v128
  (import "env" "bump_epoch" (func $bump_epoch))
  (import "env" "same" (func $same (param v128) (result v128)))

  (func $vector (export "vector") (param $n i32) (result v128)
    (i32x4.add (i32x4.splat (local.get $n)) (v128.const i32x4 0 1 2 3)))

  (func $run (export "run") (param $n i32) (result i32)
    (local $back v128)
    (call $bump_epoch) (loop)
    (local.set $back (call $same (call $vector (local.get $n))))
    (i32.add
      (i32.add
        (i32x4.extract_lane 0 (local.get $back)) (i32x4.extract_lane 1 (local.get $back)))
      (i32.add
        (i32x4.extract_lane 2 (local.get $back)) (i32x4.extract_lane 3 (local.get $back))))))
