// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parser [rounds] [path]
//
// Generates JSON, parses it, counts and sorts its words, and writes it out
// again. With a path, each document goes through that file: hostcalls between
// the parsing. Prints one line that depends on nothing but 'rounds'.
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "order.h"
#include "text.h"
#include "visit.h"
#include "words.h"

static const struct {
  const char *name;
  Sort sort;
} sorts[] = {
    {"quicksort", quicksort},
    {"heapsort", heapsort_words},
    {"treesort", treesort},
};

enum { SORTS = sizeof sorts / sizeof *sorts, DOCUMENTS_PER_ROUND = 40 };

typedef struct {
  uint32_t tokens;
  uint32_t checksum;
  Summary summary;
} Totals;

static void fail(const char *what) {
  fprintf(stderr, "parser: %s\n", what);
  exit(1);
}

static void write_file(const char *path, const Text *text) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(text->bytes, 1, text->length, file) != text->length || fclose(file))
    fail("cannot write the file");
}

static void read_file(const char *path, Text *text) {
  FILE *file = fopen(path, "rb");
  if (!file)
    fail("cannot read the file");
  text->length = 0;
  for (int c; (c = fgetc(file)) != EOF;)
    text_put_char(text, (char)c);
  fclose(file);
}

__attribute__((noinline)) static Node *parse_document(Totals *totals, const Text *text) {
  Tokenizer tokenizer;
  tokenizer_init(&tokenizer, text->bytes, text->length);
  Node *root = json_parse(&tokenizer);
  if (!root)
    fail("not a document");
  totals->tokens += tokenizer.count;
  return root;
}

__attribute__((noinline)) static void check_round_trip(Totals *totals, const Node *root) {
  Text compact, again;
  text_init(&compact);
  text_init(&again);
  serialize(&compact, root);
  Node *copy = parse_document(totals, &compact);
  serialize(&again, copy);
  uint32_t checksum = text_checksum(&again);
  if (checksum != text_checksum(&compact))
    fail("the round trip changed the document");
  totals->checksum = totals->checksum * 31 + checksum;
  json_free(copy);
  text_free(&again);
  text_free(&compact);
}

__attribute__((noinline)) static void run_document(Totals *totals, Random *random,
                                                   const char *path) {
  Text text;
  text_init(&text);
  generate_document(&text, random, 5);
  if (path) {
    write_file(path, &text);
    read_file(path, &text);
  }
  Node *root = parse_document(totals, &text);
  summarize(&totals->summary, root);
  check_round_trip(totals, root);
  json_free(root);
  text_free(&text);
}

__attribute__((noinline)) static uint32_t checksum_words(Word **list, uint32_t count) {
  uint32_t checksum = 0;
  for (uint32_t i = 0; i < count; i++)
    checksum = checksum * 131 + list[i]->hash + list[i]->count;
  return checksum;
}

__attribute__((noinline)) static void sort_words(Totals *totals, const Words *words) {
  uint32_t expected[2] = {0, 0};
  for (int i = 0; i < SORTS * 2; i++) {
    Word **list = words_list(words);
    sorts[i / 2].sort(list, words->size, i % 2 ? by_count : by_letters);
    uint32_t checksum = checksum_words(list, words->size);
    if (i < 2)
      expected[i] = checksum;
    else if (checksum != expected[i % 2])
      fail(sorts[i / 2].name);
    free(list);
  }
  totals->checksum ^= expected[0] ^ expected[1];
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 5;
  const char *path = argc > 2 ? argv[2] : NULL;
  Random random = {2463534242u};
  Words words;
  words_init(&words);
  Totals totals = {0, 0, {0, 0, 0, &words}};
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < DOCUMENTS_PER_ROUND; i++)
      run_document(&totals, &random, path);
    sort_words(&totals, &words);
  }
  printf("parser rounds=%d tokens=%u nodes=%u deepest=%u words=%u sum=%d checksum=%08x\n", rounds,
         (unsigned)totals.tokens, (unsigned)totals.summary.nodes,
         (unsigned)totals.summary.deepest, (unsigned)words.size, (int)totals.summary.sum,
         (unsigned)totals.checksum);
  words_free(&words);
  return 0;
}
