;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Calls of the host with every kind of value but v128 (host-calls-v128.wat).
;;
;; import  env.bump_epoch ()
;;         env.nothing ()
;;         env.add_i32 (i32, i32) -> i32      a + b
;;         env.add_i64 (i64, i64) -> i64      a + b
;;         env.add_f32 (f32, f32) -> f32      a + b
;;         env.add_f64 (f64, f64) -> f64      a + b
;;         env.mixed (i32, i64, f32, f64) -> f64     the sum of all
;;         env.swap (i32, i64) -> (i64, i32)         the second, the first
;;         env.four (i32) -> (i32, i64, f32, f64)    the argument, four times
;;         env.pick (externref, externref, i32) -> externref   the first unless 0
;;         env.pass (funcref) -> funcref             the argument
;; export  numbers (n: i32) -> i64     n turns, each calling all but pick and pass
;;                                     with i = 0, 1, ...; returns the sum of
;;                                     16 * i: 8 * n * (n - 1)
;;         chatter (n: i32) -> i32     n calls of nothing, and no sample; returns n
;;         pick (externref, externref, i32) -> externref   by way of env.pick
;;         pass () -> i32              sends $answer through env.pass, calls what
;;                                     comes back; returns 42
;;         is_null (funcref) -> i32
;; samples numbers(n): n, in $numbers; pick: 1; pass: 2, in $pass and $answer
(module $host_calls
  (type $answer (func (result i32)))
  (import "env" "bump_epoch" (func $bump_epoch))
  (import "env" "nothing" (func $nothing))
  (import "env" "add_i32" (func $add_i32 (param i32 i32) (result i32)))
  (import "env" "add_i64" (func $add_i64 (param i64 i64) (result i64)))
  (import "env" "add_f32" (func $add_f32 (param f32 f32) (result f32)))
  (import "env" "add_f64" (func $add_f64 (param f64 f64) (result f64)))
  (import "env" "mixed" (func $mixed (param i32 i64 f32 f64) (result f64)))
  (import "env" "swap" (func $swap (param i32 i64) (result i64 i32)))
  (import "env" "four" (func $four (param i32) (result i32 i64 f32 f64)))
  (import "env" "pick" (func $env_pick (param externref externref i32) (result externref)))
  (import "env" "pass" (func $env_pass (param funcref) (result funcref)))
  (table $returned 1 funcref)
  (elem declare func $answer)

  (func $numbers (export "numbers") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (call $nothing)
        (local.set $sum (i64.add (local.get $sum) (i64.add
          (i64.add (call $two_integers (local.get $i)) (call $two_floats (local.get $i)))
          (i64.add (call $many_values (local.get $i)) (call $many_results (local.get $i))))))
        (call $bump_epoch) (loop)
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  ;; 4 * i
  (func $two_integers (param $i i32) (result i64)
    (i64.add
      (i64.extend_i32_u (call $add_i32 (local.get $i) (local.get $i)))
      (call $add_i64 (i64.extend_i32_u (local.get $i)) (i64.extend_i32_u (local.get $i)))))

  ;; 4 * i
  (func $two_floats (param $i i32) (result i64)
    (i64.trunc_f64_s (f64.add
      (f64.promote_f32 (call $add_f32
        (f32.convert_i32_u (local.get $i)) (f32.convert_i32_u (local.get $i))))
      (call $add_f64 (f64.convert_i32_u (local.get $i)) (f64.convert_i32_u (local.get $i))))))

  ;; 4 * i
  (func $many_values (param $i i32) (result i64)
    (i64.trunc_f64_s (call $mixed
      (local.get $i)
      (i64.extend_i32_u (local.get $i))
      (f32.convert_i32_u (local.get $i))
      (f64.convert_i32_u (local.get $i)))))

  ;; 4 * i: swap gives (0, i), of which i stays; four gives (i, i, i, i), of which 3 * i stays
  (func $many_results (param $i i32) (result i64)
    (local $int i32) (local $long i64) (local $float f32) (local $double f64)
    (call $swap (local.get $i) (i64.const 0))
    (local.set $int)
    (drop)
    (call $four (local.get $i))
    (local.set $double) (local.set $float) (local.set $long)
    (drop)
    (i64.add
      (i64.add (i64.extend_i32_u (local.get $int)) (local.get $long))
      (i64.add (i64.trunc_f32_s (local.get $float)) (i64.trunc_f64_s (local.get $double)))))

  (func $chatter (export "chatter") (param $n i32) (result i32)
    (local $i i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (call $nothing)
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $i))

  (func $pick (export "pick") (param externref externref i32) (result externref)
    (call $bump_epoch) (loop)
    (call $env_pick (local.get 0) (local.get 1) (local.get 2)))

  (func $pass (export "pass") (result i32)
    (call $bump_epoch) (loop)
    (table.set $returned (i32.const 0) (call $env_pass (ref.func $answer)))
    (call_indirect $returned (type $answer) (i32.const 0)))

  (func $answer (result i32)
    (call $bump_epoch) (loop)
    (i32.const 42))

  (func $is_null (export "is_null") (param funcref) (result i32)
    (ref.is_null (local.get 0))))
