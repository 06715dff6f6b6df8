//! What self-checks look at.

/// Recursion; tail calls with more arguments than there is room for, and with fewer; a libcall; if it is asked for, a
/// host function that enters the guest anew; between two that tell where it begins and ends.
pub const GUEST: &str = r#"(module
    (import "" "begin" (func $begin))
    (import "" "host" (func $host))
    (import "" "end" (func $end))
    (memory 1)
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func $few (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (return_call $many (local.get 0)
                (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
                (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10)))
            (else (i32.const 1))))
    (func $many (param i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i32)
        (return_call $few (i32.sub (local.get 0) (i32.const 1))))
    (func (export "run") (param $calls_host i32) (result i32)
        (call $begin)
        (if (local.get $calls_host) (then (call $host)))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 100))
        (i32.add (call $fib (i32.const 2)) (call $few (i32.const 2)))
        (call $end)))"#;
