;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; An export for each kind of trap. All but the last two sample and then trap,
;; so a profile must keep what came before the trap.
;;
;; import  env.bump_epoch ()
;; export  each () -> ()                  Wasmtime's trap
;;   unreachable                          UnreachableCodeReached
;;   memory_out_of_bounds                 MemoryOutOfBounds
;;   memory_fill_out_of_bounds            MemoryOutOfBounds, bulk memory
;;   unaligned_atomic                     HeapMisaligned
;;   table_out_of_bounds                  TableOutOfBounds, by table.get
;;   indirect_call_out_of_bounds          TableOutOfBounds, by call_indirect
;;   indirect_call_to_null                IndirectCallToNull
;;   bad_signature                        BadSignature
;;   divide_by_zero                       IntegerDivisionByZero
;;   integer_overflow                     IntegerOverflow, by a division
;;   conversion_overflow                  IntegerOverflow, by a conversion
;;   bad_conversion                       BadConversionToInteger
;;   stack_overflow                       StackOverflow
;;   through_two_calls                    UnreachableCodeReached in $innermost, below
;;                                        $middle and $through_two_calls
;;   trap_with_pending_epoch              UnreachableCodeReached; bumps and meets no
;;                                        check before the trap
;;   no_trap                              none
;; samples 1 each; 3 in through_two_calls, one for each function; 0 in
;;         trap_with_pending_epoch, after which the next call on the store samples
;;         once more, at its entry; 0 in no_trap, so it shows that one alone.
(module $traps
  (type $nullary (func))
  (import "env" "bump_epoch" (func $bump_epoch))
  (memory 1 1)
  (table $functions 4 4 funcref)
  (elem (table $functions) (i32.const 1) func $takes_i64)

  (func $takes_i64 (param i64))

  (func $unreachable (export "unreachable")
    (call $bump_epoch) (loop)
    (unreachable))

  (func $memory_out_of_bounds (export "memory_out_of_bounds")
    (call $bump_epoch) (loop)
    (drop (i32.load (i32.const 65533))))

  (func $memory_fill_out_of_bounds (export "memory_fill_out_of_bounds")
    (call $bump_epoch) (loop)
    (memory.fill (i32.const 65000) (i32.const 1) (i32.const 1000)))

  (func $unaligned_atomic (export "unaligned_atomic")
    (call $bump_epoch) (loop)
    (drop (i32.atomic.load (i32.const 2))))

  (func $table_out_of_bounds (export "table_out_of_bounds")
    (call $bump_epoch) (loop)
    (drop (table.get $functions (i32.const 4))))

  (func $indirect_call_out_of_bounds (export "indirect_call_out_of_bounds")
    (call $bump_epoch) (loop)
    (call_indirect $functions (type $nullary) (i32.const 4)))

  (func $indirect_call_to_null (export "indirect_call_to_null")
    (call $bump_epoch) (loop)
    (call_indirect $functions (type $nullary) (i32.const 0)))

  (func $bad_signature (export "bad_signature")
    (call $bump_epoch) (loop)
    (call_indirect $functions (type $nullary) (i32.const 1)))

  (func $divide_by_zero (export "divide_by_zero")
    (call $bump_epoch) (loop)
    (drop (i32.div_s (i32.const 1) (i32.const 0))))

  (func $integer_overflow (export "integer_overflow")
    (call $bump_epoch) (loop)
    (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))

  (func $conversion_overflow (export "conversion_overflow")
    (call $bump_epoch) (loop)
    (drop (i32.trunc_f64_s (f64.const 1e10))))

  (func $bad_conversion (export "bad_conversion")
    (call $bump_epoch) (loop)
    (drop (i32.trunc_f32_s (f32.const nan))))

  (func $stack_overflow (export "stack_overflow")
    (call $bump_epoch) (loop)
    (drop (call $recurse (i32.const 0))))

  (func $recurse (param $depth i32) (result i32)
    (i32.add (i32.const 1) (call $recurse (i32.add (local.get $depth) (i32.const 1)))))

  (func $through_two_calls (export "through_two_calls")
    (call $bump_epoch) (loop)
    (call $middle)
    (call $never))

  (func $middle
    (call $bump_epoch) (loop)
    (call $innermost)
    (call $never))

  (func $innermost
    (call $bump_epoch) (loop)
    (unreachable))

  (func $never)

  (func $trap_with_pending_epoch (export "trap_with_pending_epoch")
    (call $bump_epoch)
    (unreachable))

  (func $no_trap (export "no_trap")))
