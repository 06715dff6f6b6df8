// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "words.h"

#include <stdlib.h>
#include <string.h>

void words_init(Words *words) {
  words->bucket_count = 16;
  words->buckets = calloc(words->bucket_count, sizeof *words->buckets);
  words->size = 0;
  if (!words->buckets)
    abort();
}

static void free_chain(Word *word) {
  while (word) {
    Word *next = word->next;
    free(word);
    word = next;
  }
}

void words_free(Words *words) {
  for (uint32_t i = 0; i < words->bucket_count; i++)
    free_chain(words->buckets[i]);
  free(words->buckets);
}

__attribute__((noinline)) static uint32_t hash_letters(const char *letters, uint32_t length) {
  uint32_t hash = 5381;
  for (uint32_t i = 0; i < length; i++)
    hash = hash * 33 + (uint8_t)letters[i];
  return hash;
}

__attribute__((noinline)) static void words_grow(Words *words) {
  uint32_t bucket_count = words->bucket_count * 2;
  Word **buckets = calloc(bucket_count, sizeof *buckets);
  if (!buckets)
    abort();
  for (uint32_t i = 0; i < words->bucket_count; i++) {
    for (Word *word = words->buckets[i], *next; word; word = next) {
      next = word->next;
      Word **bucket = &buckets[word->hash & (bucket_count - 1)];
      word->next = *bucket;
      *bucket = word;
    }
  }
  free(words->buckets);
  words->buckets = buckets;
  words->bucket_count = bucket_count;
}

__attribute__((noinline)) static Word *words_find(const Words *words, uint32_t hash,
                                                  const char *letters, uint32_t length) {
  Word *word = words->buckets[hash & (words->bucket_count - 1)];
  while (word && (word->hash != hash || word->length != length ||
                  memcmp(word->letters, letters, length) != 0))
    word = word->next;
  return word;
}

static Word *words_add(Words *words, uint32_t hash, const char *letters, uint32_t length) {
  if (words->size >= words->bucket_count)
    words_grow(words);
  Word *word = malloc(sizeof *word + length);
  if (!word)
    abort();
  Word **bucket = &words->buckets[hash & (words->bucket_count - 1)];
  word->next = *bucket;
  word->hash = hash;
  word->count = 0;
  word->length = length;
  memcpy(word->letters, letters, length);
  *bucket = word;
  words->size++;
  return word;
}

void words_count(Words *words, const char *letters, uint32_t length) {
  uint32_t hash = hash_letters(letters, length);
  Word *word = words_find(words, hash, letters, length);
  if (!word)
    word = words_add(words, hash, letters, length);
  word->count++;
}

Word **words_list(const Words *words) {
  Word **list = malloc((words->size + 1) * sizeof *list);
  if (!list)
    abort();
  uint32_t at = 0;
  for (uint32_t i = 0; i < words->bucket_count; i++)
    for (Word *word = words->buckets[i]; word; word = word->next)
      list[at++] = word;
  return list;
}
