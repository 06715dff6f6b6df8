// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "text.h"

#include <stdlib.h>
#include <string.h>

void text_init(Text *text) {
  text->bytes = NULL;
  text->length = 0;
  text->capacity = 0;
}

void text_free(Text *text) {
  free(text->bytes);
  text_init(text);
}

static void text_reserve(Text *text, uint32_t extra) {
  if (text->length + extra <= text->capacity)
    return;
  uint32_t capacity = text->capacity ? text->capacity * 2 : 64;
  while (capacity < text->length + extra)
    capacity *= 2;
  text->bytes = realloc(text->bytes, capacity);
  if (!text->bytes)
    abort();
  text->capacity = capacity;
}

void text_put_char(Text *text, char c) {
  text_reserve(text, 1);
  text->bytes[text->length++] = c;
}

void text_put_string(Text *text, const char *string) {
  uint32_t length = (uint32_t)strlen(string);
  text_reserve(text, length);
  memcpy(text->bytes + text->length, string, length);
  text->length += length;
}

void text_put_quoted(Text *text, const char *string, uint32_t length) {
  text_put_char(text, '"');
  for (uint32_t i = 0; i < length; i++) {
    char c = string[i];
    if (c == '"' || c == '\\')
      text_put_char(text, '\\');
    text_put_char(text, c);
  }
  text_put_char(text, '"');
}

void text_put_int(Text *text, int32_t value) {
  char digits[12];
  int at = sizeof digits;
  uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0)
    digits[--at] = '-';
  while (at < (int)sizeof digits)
    text_put_char(text, digits[at++]);
}

/// FNV-1a.
uint32_t text_checksum(const Text *text) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < text->length; i++)
    hash = (hash ^ (uint8_t)text->bytes[i]) * 16777619u;
  return hash;
}

/// xorshift32: the state is never zero.
uint32_t random_next(Random *random) {
  uint32_t x = random->state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return random->state = x;
}

uint32_t random_below(Random *random, uint32_t limit) {
  return (random_next(random) >> 8) % limit;
}

static void generate_value(Text *out, Random *random, int depth);

static void generate_word(Text *out, Random *random) {
  static const char *const syllables[] = {
      "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu",
  };
  char word[12];
  uint32_t length = 0;
  for (uint32_t left = 1 + random_below(random, 4); left; left--) {
    memcpy(word + length, syllables[random_below(random, 10)], 2);
    length += 2;
  }
  if (random_below(random, 16) == 0)
    word[length++] = '"';
  text_put_quoted(out, word, length);
}

static void generate_array(Text *out, Random *random, int depth) {
  uint32_t count = 1 + random_below(random, 6);
  text_put_char(out, '[');
  for (uint32_t i = 0; i < count; i++) {
    if (i)
      text_put_string(out, ", ");
    generate_value(out, random, depth);
  }
  text_put_char(out, ']');
}

static void generate_value(Text *out, Random *random, int depth) {
  switch (random_below(random, depth > 0 ? 8 : 5)) {
  case 0:
    text_put_string(out, random_below(random, 2) ? "true" : "false");
    break;
  case 1:
    text_put_string(out, "null");
    break;
  case 2:
    text_put_int(out, (int32_t)random_below(random, 200001) - 100000);
    break;
  case 3:
  case 4:
    generate_word(out, random);
    break;
  case 5:
  case 6:
    generate_array(out, random, depth - 1);
    break;
  default:
    generate_document(out, random, depth - 1);
    break;
  }
}

void generate_document(Text *out, Random *random, int depth) {
  uint32_t count = 2 + random_below(random, 5);
  text_put_char(out, '{');
  for (uint32_t i = 0; i < count; i++) {
    if (i)
      text_put_string(out, ",\n ");
    generate_word(out, random);
    text_put_string(out, ": ");
    generate_value(out, random, depth);
  }
  text_put_char(out, '}');
}
