// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// By what a component's host asks the program for memory. The adapter from WASI
// preview 1 to 2 would make do with memory.grow, which this libc doesn't expect.
#include <stdlib.h>

__attribute__((export_name("cabi_realloc"))) void *
cabi_realloc(void *old, size_t old_size, size_t align, size_t new_size) {
  (void)old_size;
  (void)align; // Never more than malloc's own.
  void *memory = realloc(old, new_size);
  if (!memory)
    abort();
  return memory;
}
