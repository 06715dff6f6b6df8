;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Hot and cold code in known proportions, and nested loops whose headers sit at
;; different places of one function.
;;
;; import  env.bump_epoch ()
;; export  run (n: i32) -> i32      n turns; in each $hot runs 90 steps, $warm 9 and
;;                                  $cold 1; returns the steps, 100 * n
;;         nested (a: i32, b: i32, c: i32) -> i32
;;                                  three nested loops; returns a * b * c
;;         plain (n: i32) -> i32    n steps of arithmetic that never bump: for real
;;                                  clocks; returns a checksum
;; samples run(n): 100 * n, of 2 frames each: 90 % leaf $hot, 9 % $warm, 1 % $cold.
;;         nested(a, b, c), all > 0: a * b * c, all in $nested but the last: the
;;         header of the inner loop has a * b * (c - 1), of the middle a * (b - 1),
;;         of the outer a - 1, and the entry of $after_nested 1. plain: 0
(module $loops
  (import "env" "bump_epoch" (func $bump_epoch))

  (func $run (export "run") (param $n i32) (result i32)
    (local $steps i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $steps (i32.add (local.get $steps) (call $hot)))
        (local.set $steps (i32.add (local.get $steps) (call $warm)))
        (local.set $steps (i32.add (local.get $steps) (call $cold)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $steps))

  (func $hot (result i32)
    (local $i i32)
    (loop $next
      (call $bump_epoch) (loop)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 90))))
    (local.get $i))

  (func $warm (result i32)
    (local $i i32)
    (loop $next
      (call $bump_epoch) (loop)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 9))))
    (local.get $i))

  (func $cold (result i32)
    (call $bump_epoch) (loop)
    (i32.const 1))

  (func $nested (export "nested") (param $a i32) (param $b i32) (param $c i32) (result i32)
    (local $i i32) (local $j i32) (local $k i32) (local $steps i32)
    (local.set $i (local.get $a))
    (loop $outer
      (local.set $j (local.get $b))
      (loop $middle
        (local.set $k (local.get $c))
        (loop $inner
          (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
          (call $bump_epoch)
          (br_if $inner (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (br_if $middle (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (br_if $outer (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (call $after_nested)
    (local.get $steps))

  (func $after_nested)

  (func $plain (export "plain") (param $n i32) (result i32)
    (local $sum i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (call $mix (local.get $sum) (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  (func $mix (param $sum i32) (param $n i32) (result i32)
    (i32.mul (i32.xor (local.get $sum) (local.get $n)) (i32.const 16777619))))
