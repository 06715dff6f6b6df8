// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A growable byte buffer, and the generator of the documents we parse.
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

typedef struct {
  char *bytes;
  uint32_t length;
  uint32_t capacity;
} Text;

void text_init(Text *text);
void text_free(Text *text);
void text_put_char(Text *text, char c);
void text_put_string(Text *text, const char *string);
void text_put_quoted(Text *text, const char *string, uint32_t length);
void text_put_int(Text *text, int32_t value);
uint32_t text_checksum(const Text *text);

/// The same seed always gives the same sequence, on every machine.
typedef struct {
  uint32_t state;
} Random;

uint32_t random_next(Random *random);
uint32_t random_below(Random *random, uint32_t limit);

/// Appends one JSON object, with nesting up to 'depth'.
void generate_document(Text *out, Random *random, int depth);

#endif
