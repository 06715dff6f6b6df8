// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "order.h"

#include <stdlib.h>
#include <string.h>

int by_letters(const Word *a, const Word *b) {
  uint32_t shorter = a->length < b->length ? a->length : b->length;
  int order = memcmp(a->letters, b->letters, shorter);
  return order ? order : (a->length > b->length) - (a->length < b->length);
}

int by_count(const Word *a, const Word *b) {
  if (a->count != b->count)
    return a->count > b->count ? -1 : 1;
  return by_letters(a, b);
}

static void swap(Word **a, Word **b) {
  Word *kept = *a;
  *a = *b;
  *b = kept;
}

__attribute__((noinline)) static void insertion_sort(Word **words, uint32_t count,
                                                     Compare compare) {
  for (uint32_t i = 1; i < count; i++)
    for (uint32_t j = i; j > 0 && compare(words[j - 1], words[j]) > 0; j--)
      swap(&words[j - 1], &words[j]);
}

__attribute__((noinline)) static uint32_t partition(Word **words, uint32_t count,
                                                    Compare compare) {
  swap(&words[count / 2], &words[count - 1]);
  uint32_t boundary = 0;
  for (uint32_t i = 0; i + 1 < count; i++)
    if (compare(words[i], words[count - 1]) < 0)
      swap(&words[i], &words[boundary++]);
  swap(&words[boundary], &words[count - 1]);
  return boundary;
}

void quicksort(Word **words, uint32_t count, Compare compare) {
  if (count <= 8) {
    insertion_sort(words, count, compare);
    return;
  }
  uint32_t boundary = partition(words, count, compare);
  quicksort(words, boundary, compare);
  quicksort(words + boundary + 1, count - boundary - 1, compare);
}

__attribute__((noinline)) static void sift_down(Word **words, uint32_t from, uint32_t count,
                                                Compare compare) {
  for (uint32_t child; (child = from * 2 + 1) < count; from = child) {
    if (child + 1 < count && compare(words[child], words[child + 1]) < 0)
      child++;
    if (compare(words[from], words[child]) >= 0)
      return;
    swap(&words[from], &words[child]);
  }
}

void heapsort_words(Word **words, uint32_t count, Compare compare) {
  for (uint32_t i = count / 2; i-- > 0;)
    sift_down(words, i, count, compare);
  for (uint32_t left = count; left-- > 1;) {
    swap(&words[0], &words[left]);
    sift_down(words, 0, left, compare);
  }
}

typedef struct Branch Branch;

struct Branch {
  Word *word;
  Branch *less;
  Branch *more;
};

// Recursive on purpose: the tree is not balanced, so stacks differ in depth.
__attribute__((noinline)) static Branch *tree_insert(Branch *branch, Word *word,
                                                     Compare compare) {
  if (!branch) {
    branch = calloc(1, sizeof *branch);
    if (!branch)
      abort();
    branch->word = word;
  } else if (compare(word, branch->word) < 0) {
    branch->less = tree_insert(branch->less, word, compare);
  } else {
    branch->more = tree_insert(branch->more, word, compare);
  }
  return branch;
}

/// Writes the words in order, and frees the tree on its way.
static Word **tree_drain(Branch *branch, Word **out) {
  if (!branch)
    return out;
  out = tree_drain(branch->less, out);
  *out++ = branch->word;
  out = tree_drain(branch->more, out);
  free(branch);
  return out;
}

void treesort(Word **words, uint32_t count, Compare compare) {
  Branch *root = NULL;
  for (uint32_t i = 0; i < count; i++)
    root = tree_insert(root, words[i], compare);
  tree_drain(root, words);
}
