// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// endings <mode> [number]
//
// Ends in the way that the mode names, after rounds of work, so that there is
// something to profile before the end. 'number' is the exit code, the number of
// rounds before a trap, the milliseconds to sleep, or the lines to write. A
// native build is only good for the modes that neither trap nor spin.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

typedef int (*Ending)(int number);

#define NOINLINE __attribute__((noinline))

/// Some ten milliseconds of work.
enum { ROUNDS = 3000 };

/// The length of a Collatz sequence; a round of work takes 3,142 steps.
NOINLINE static unsigned collatz_steps(unsigned start) {
  unsigned steps = 0;
  for (unsigned long long n = start; n != 1; steps++)
    n = n % 2 ? n * 3 + 1 : n / 2;
  return steps;
}

NOINLINE static unsigned work(int rounds) {
  unsigned total = 0;
  for (int round = 0; round < rounds; round++)
    for (unsigned start = 1; start <= 100; start++)
      total += collatz_steps(start);
  return total;
}

/// Prints before the end, for a trap loses what stdio still holds.
NOINLINE static void announce(const char *mode, int rounds) {
  printf("endings %s steps=%u\n", mode, work(rounds));
  fflush(stdout);
}

NOINLINE static int end_return(int number) {
  announce("return", ROUNDS);
  return number;
}

NOINLINE static int end_exit(int number) {
  announce("exit", ROUNDS);
  exit(number);
}

/// Exits from a depth of calls, whose frames must not be lost or kept.
NOINLINE static int exit_from_below(int depth, int number) {
  if (depth == 0)
    exit(number);
  return exit_from_below(depth - 1, number) + 1;
}

NOINLINE static int end_exit_deep(int number) {
  announce("exit-deep", ROUNDS);
  return exit_from_below(50, number);
}

NOINLINE static int end_abort(int number) {
  announce("abort", number);
  abort();
}

NOINLINE static int end_trap(int number) {
  announce("trap", number);
  __builtin_trap();
}

// 'volatile' keeps the compiler from seeing, and removing, what must trap.
static volatile unsigned beyond_memory = 0xfffffff0u;
static volatile int zero = 0;
static volatile int lowest = -2147483647 - 1;
static volatile int minus_one = -1;

NOINLINE static int end_out_of_bounds(int number) {
  announce("out-of-bounds", number);
  return *(volatile int *)(size_t)beyond_memory;
}

NOINLINE static int end_divide(int number) {
  announce("divide", number);
  return number / zero;
}

NOINLINE static int end_overflow(int number) {
  announce("overflow", number);
  return lowest / minus_one;
}

NOINLINE static int end_null_call(int number) {
  announce("null-call", number);
  Ending volatile ending = NULL;
  return ending(number);
}

NOINLINE static int end_bad_signature(int number) {
  announce("bad-signature", number);
  void (*volatile erased)(void) = (void (*)(void))end_return;
  double (*ending)(double) = (double (*)(double))erased;
  return (int)ending(number);
}

/// No frame in linear memory, so it is Wasmtime's own stack that runs out.
NOINLINE static int descend(int depth) {
  return depth == minus_one ? 0 : descend(depth + 1) + zero + 1;
}

NOINLINE static int end_stack_overflow(int number) {
  announce("stack-overflow", number);
  return descend(0);
}

/// The C stack runs out first: it starts at the bottom of memory (--stack-first).
NOINLINE static int descend_with_buffer(int depth) {
  volatile char buffer[256];
  buffer[depth & 255] = 1;
  return depth == minus_one ? 0 : descend_with_buffer(depth + 1) + buffer[0];
}

NOINLINE static int end_c_stack_overflow(int number) {
  announce("c-stack-overflow", number);
  return descend_with_buffer(0);
}

NOINLINE static int end_spin(int number) {
  announce("spin", 1);
  volatile unsigned total = 0;
  for (;;)
    total += work(1 + number);
}

NOINLINE static int end_sleep(int milliseconds) {
  announce("sleep", ROUNDS);
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
  printf("endings slept ms=%d\n", milliseconds);
  return 0;
}

NOINLINE static int end_stdin(int number) {
  (void)number;
  unsigned length = 0, sum = 0;
  for (int c; (c = getchar()) != EOF; length++)
    sum = sum * 31 + (unsigned)c;
  printf("endings stdin length=%u sum=%08x\n", length, sum);
  return 0;
}

NOINLINE static int end_env(int number) {
  (void)number;
  for (char **entry = environ; *entry; entry++)
    printf("%s\n", *entry);
  return 0;
}

NOINLINE static int end_stderr(int number) {
  fprintf(stderr, "endings stderr steps=%u\n", work(number));
  return 0;
}

/// Many small writes: a crossing into the host for each.
NOINLINE static int end_chatter(int number) {
  setvbuf(stdout, NULL, _IONBF, 0);
  for (int line = 0; line < number; line++)
    printf("line %d %u\n", line, work(1));
  return 0;
}

static const struct {
  const char *mode;
  Ending ending;
  int number;
} endings[] = {
    {"return", end_return, 3},
    {"exit", end_exit, 7},
    {"exit-deep", end_exit_deep, 9},
    {"abort", end_abort, ROUNDS},
    {"trap", end_trap, ROUNDS},
    {"out-of-bounds", end_out_of_bounds, ROUNDS},
    {"divide", end_divide, ROUNDS},
    {"overflow", end_overflow, ROUNDS},
    {"null-call", end_null_call, ROUNDS},
    {"bad-signature", end_bad_signature, ROUNDS},
    {"stack-overflow", end_stack_overflow, ROUNDS},
    {"c-stack-overflow", end_c_stack_overflow, ROUNDS},
    {"spin", end_spin, 0},
    {"sleep", end_sleep, 200},
    {"stdin", end_stdin, 0},
    {"env", end_env, 0},
    {"stderr", end_stderr, ROUNDS},
    {"chatter", end_chatter, 20},
};

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "args";
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (strcmp(mode, endings[i].mode) == 0)
      return endings[i].ending(argc > 2 ? atoi(argv[2]) : endings[i].number);
  if (strcmp(mode, "args") != 0) {
    fprintf(stderr, "endings: no such mode: %s\n", mode);
    return 2;
  }
  for (int i = 0; i < argc; i++)
    printf("%d: %s\n", i, argv[i]);
  return 0;
}
