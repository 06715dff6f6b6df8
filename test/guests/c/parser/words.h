// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A chained hash table that counts words.
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>

typedef struct Word Word;

struct Word {
  Word *next;
  uint32_t hash;
  uint32_t count;
  uint32_t length;
  char letters[];
};

typedef struct {
  Word **buckets;
  uint32_t bucket_count;
  uint32_t size;
} Words;

void words_init(Words *words);
void words_free(Words *words);
void words_count(Words *words, const char *letters, uint32_t length);
/// Every word in the table, in no particular order; the caller frees the array.
Word **words_list(const Words *words);

#endif
