"""Measures wasmtime-py: reads orders, one a line of JSON, and answers each with nanoseconds."""

import json
import sys
import time

from wasmtime import Engine, Func, FuncType, Instance, Linker, Module, Store, ValType, WasiConfig


class Calls:
    """The calls of guests/calls.wat."""

    def __init__(self, path):
        engine = Engine()
        self.store = Store(engine)
        i32 = ValType.i32()
        host_add = Func(self.store, FuncType([i32, i32], [i32]), lambda a, b: a + b)
        exports = Instance(self.store, Module.from_file(engine, path), [host_add]).exports(self.store)
        self.add_func = exports["add"]
        self.call_host_func = exports["call_host"]

    def call(self, count):
        add, store = self.add_func, self.store
        start = time.perf_counter_ns()
        for i in range(count):
            add(store, i, 1)
        return (time.perf_counter_ns() - start) / count

    def call_host(self, count):
        start = time.perf_counter_ns()
        self.call_host_func(self.store, count)
        return (time.perf_counter_ns() - start) / count


def compile_module(path):
    engine = Engine()
    with open(path, "rb") as file:
        wasm = file.read()
    cpu = time.process_time_ns()
    start = time.perf_counter_ns()
    module = Module(engine, wasm)
    compiled = time.perf_counter_ns()
    cpu = time.process_time_ns() - cpu
    linker = Linker(engine)
    linker.define_wasi()
    store = Store(engine)
    store.set_wasi(WasiConfig())
    linked = time.perf_counter_ns()
    linker.instantiate(store, module)
    return [compiled - start, cpu, time.perf_counter_ns() - linked]


calls = None
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "open":
        calls = Calls(order["path"])
        answer = 0
    elif order["do"] == "compile":
        answer = compile_module(order["path"])
    else:
        answer = getattr(calls, order["do"])(order["count"])
    print(json.dumps(answer), flush=True)
