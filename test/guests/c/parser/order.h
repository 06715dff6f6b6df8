// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Three ways to put words in order. All agree: the order is total.
#ifndef ORDER_H
#define ORDER_H

#include "words.h"

typedef int (*Compare)(const Word *a, const Word *b);
typedef void (*Sort)(Word **words, uint32_t count, Compare compare);

int by_letters(const Word *a, const Word *b);
/// The commonest first, then by letters.
int by_count(const Word *a, const Word *b);

void quicksort(Word **words, uint32_t count, Compare compare);
void heapsort_words(Word **words, uint32_t count, Compare compare);
void treesort(Word **words, uint32_t count, Compare compare);

#endif
