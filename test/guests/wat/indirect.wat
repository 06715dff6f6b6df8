;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Indirect calls through two tables of many functions with two signatures.
;;
;; import  env.bump_epoch ()
;; export  unary (i: i32, x: i32) -> i32           the i-th of 16 operations
;;         binary (i: i32, x: i32, y: i32) -> i32  the i-th of 8 operations
;;         run (n: i32) -> i32                     n times an operation of each table,
;;                                                 in turn; returns a checksum
;; samples unary, binary: 1; run(n): 2 * n, of 3 frames each: n / 16 in each unary
;;         and n / 8 in each binary operation when n is a multiple of 16
(module $indirect
  (type $unary (func (param i32) (result i32)))
  (type $binary (func (param i32 i32) (result i32)))
  (import "env" "bump_epoch" (func $bump_epoch))
  (table $unaries funcref (elem
    $increment $decrement $negate $complement $double $halve $triple $square
    $rotate_left $rotate_right $leading_zeros $trailing_zeros $ones $low_byte
    $sign_extend $scramble))
  (table $binaries funcref (elem
    $add $subtract $multiply $both_bits $either_bit $differing_bits $shift_left
    $shift_right))

  (func $unary (export "unary") (param $i i32) (param $x i32) (result i32)
    (call_indirect $unaries (type $unary) (local.get $x) (local.get $i)))

  (func $binary (export "binary") (param $i i32) (param $x i32) (param $y i32) (result i32)
    (call_indirect $binaries (type $binary)
      (local.get $x) (local.get $y) (local.get $i)))

  (func $run (export "run") (param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
          (call $binary (i32.and (local.get $i) (i32.const 7))
            (local.get $i)
            (call $unary (i32.and (local.get $i) (i32.const 15)) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  (func $increment (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.add (local.get $x) (i32.const 1)))

  (func $decrement (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.sub (local.get $x) (i32.const 1)))

  (func $negate (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.sub (i32.const 0) (local.get $x)))

  (func $complement (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.xor (local.get $x) (i32.const -1)))

  (func $double (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.shl (local.get $x) (i32.const 1)))

  (func $halve (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.shr_s (local.get $x) (i32.const 1)))

  (func $triple (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.mul (local.get $x) (i32.const 3)))

  (func $square (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.mul (local.get $x) (local.get $x)))

  (func $rotate_left (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.rotl (local.get $x) (i32.const 7)))

  (func $rotate_right (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.rotr (local.get $x) (i32.const 5)))

  (func $leading_zeros (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.clz (local.get $x)))

  (func $trailing_zeros (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.ctz (local.get $x)))

  (func $ones (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.popcnt (local.get $x)))

  (func $low_byte (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.and (local.get $x) (i32.const 255)))

  (func $sign_extend (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.extend8_s (local.get $x)))

  (func $scramble (param $x i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.mul (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 15))) (i32.const 0x2c1b3c6d)))

  (func $add (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.add (local.get $x) (local.get $y)))

  (func $subtract (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.sub (local.get $x) (local.get $y)))

  (func $multiply (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.mul (local.get $x) (local.get $y)))

  (func $both_bits (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.and (local.get $x) (local.get $y)))

  (func $either_bit (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.or (local.get $x) (local.get $y)))

  (func $differing_bits (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.xor (local.get $x) (local.get $y)))

  (func $shift_left (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.shl (local.get $x) (local.get $y)))

  (func $shift_right (param $x i32) (param $y i32) (result i32)
    (call $bump_epoch) (loop)
    (i32.shr_u (local.get $x) (local.get $y))))
