;; Calls into the guest and out of it, of (i32, i32) -> i32.
;;
;; import  env.add (a: i32, b: i32) -> i32
;; export  add (a: i32, b: i32) -> i32    in the guest alone
;; export  call_host (n: i32) -> i32      n calls of env.add, one after the other
;;
;; Node can't read text, so calls.wasm is checked in:
;;
;;   benches/.venv/bin/python -c "import wasmtime; open('benches/guests/calls.wasm', 'wb').write(
;;     wasmtime.wat2wasm(open('benches/guests/calls.wat').read()))"
(module
  (import "env" "add" (func $host_add (param i32 i32) (result i32)))

  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))

  (func (export "call_host") (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (call $host_add (local.get $sum) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
