;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Vector code: live v128 values across the points where samples fall.
;;
;; import  env.bump_epoch ()
;; export  memory                      2 pages
;;         dot (n: i32) -> f32         of 0, 1, ..., n-1 with itself; n a multiple of
;;                                     4, up to 16,384; exact up to n = 256 (5559680
;;                                     for 256)
;;         sum_bytes (n: i32) -> i32   of n vectors of the bytes 1 to 16: 136 * n
;; samples dot(n): 2 * (n / 4), half of them in $fill and half in $dot, of 2 and of
;;         1 frames; sum_bytes(n): n, in $add_bytes
(module $simd
  (import "env" "bump_epoch" (func $bump_epoch))
  (memory (export "memory") 2)

  (func $fill (param $n i32)
    (local $i i32) (local $values v128)
    (local.set $values (v128.const f32x4 0 1 2 3))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (v128.store (i32.shl (local.get $i) (i32.const 2)) (local.get $values))
        (local.set $values (f32x4.add (local.get $values) (v128.const f32x4 4 4 4 4)))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (call $bump_epoch)
        (br $next))))

  (func $dot (export "dot") (param $n i32) (result f32)
    (local $i i32) (local $values v128) (local $sums v128)
    (call $fill (local.get $n))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $values (v128.load (i32.shl (local.get $i) (i32.const 2))))
        (local.set $sums
          (f32x4.add (local.get $sums) (f32x4.mul (local.get $values) (local.get $values))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (call $bump_epoch)
        (br $next)))
    (f32.add
      (f32.add
        (f32x4.extract_lane 0 (local.get $sums)) (f32x4.extract_lane 1 (local.get $sums)))
      (f32.add
        (f32x4.extract_lane 2 (local.get $sums)) (f32x4.extract_lane 3 (local.get $sums)))))

  (func $add_bytes (param $sums v128) (result v128)
    (call $bump_epoch) (loop)
    (i32x4.add (local.get $sums)
      (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u
        (v128.const i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)))))

  (func $sum_bytes (export "sum_bytes") (param $n i32) (result i32)
    (local $sums v128)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sums (call $add_bytes (local.get $sums)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (i32.add
      (i32.add
        (i32x4.extract_lane 0 (local.get $sums)) (i32x4.extract_lane 1 (local.get $sums)))
      (i32.add
        (i32x4.extract_lane 2 (local.get $sums)) (i32x4.extract_lane 3 (local.get $sums))))))
