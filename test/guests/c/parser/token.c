// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "token.h"

typedef TokenKind (*Scanner)(Tokenizer *tokenizer);

void tokenizer_init(Tokenizer *tokenizer, const char *text, uint32_t length) {
  tokenizer->at = text;
  tokenizer->end = text + length;
  tokenizer->count = 0;
}

static TokenKind scan_punctuation(Tokenizer *tokenizer) {
  tokenizer->at++;
  return TOKEN_PUNCTUATION;
}

static TokenKind scan_string(Tokenizer *tokenizer) {
  for (tokenizer->at++; tokenizer->at < tokenizer->end; tokenizer->at++) {
    if (*tokenizer->at == '\\') {
      tokenizer->at++;
    } else if (*tokenizer->at == '"') {
      tokenizer->at++;
      return TOKEN_STRING;
    }
  }
  tokenizer->at = tokenizer->end;
  return TOKEN_ERROR;
}

static TokenKind scan_number(Tokenizer *tokenizer) {
  tokenizer->at++;
  while (tokenizer->at < tokenizer->end && *tokenizer->at >= '0' && *tokenizer->at <= '9')
    tokenizer->at++;
  return TOKEN_NUMBER;
}

static TokenKind scan_word(Tokenizer *tokenizer) {
  tokenizer->at++;
  while (tokenizer->at < tokenizer->end && *tokenizer->at >= 'a' && *tokenizer->at <= 'z')
    tokenizer->at++;
  return TOKEN_WORD;
}

static TokenKind scan_error(Tokenizer *tokenizer) {
  tokenizer->at++;
  return TOKEN_ERROR;
}

enum { CLASS_PUNCTUATION, CLASS_STRING, CLASS_NUMBER, CLASS_WORD, CLASS_ERROR };

static const Scanner scanners[] = {
    [CLASS_PUNCTUATION] = scan_punctuation,
    [CLASS_STRING] = scan_string,
    [CLASS_NUMBER] = scan_number,
    [CLASS_WORD] = scan_word,
    [CLASS_ERROR] = scan_error,
};

static int classify(char c) {
  switch (c) {
  case '{':
  case '}':
  case '[':
  case ']':
  case ':':
  case ',':
    return CLASS_PUNCTUATION;
  case '"':
    return CLASS_STRING;
  case '-':
    return CLASS_NUMBER;
  default:
    if (c >= '0' && c <= '9')
      return CLASS_NUMBER;
    return c >= 'a' && c <= 'z' ? CLASS_WORD : CLASS_ERROR;
  }
}

__attribute__((noinline)) static void skip_blanks(Tokenizer *tokenizer) {
  while (tokenizer->at < tokenizer->end && (*tokenizer->at == ' ' || *tokenizer->at == '\n'))
    tokenizer->at++;
}

Token tokenizer_next(Tokenizer *tokenizer) {
  skip_blanks(tokenizer);
  Token token = {TOKEN_END, tokenizer->at, 0};
  if (tokenizer->at == tokenizer->end)
    return token;
  tokenizer->count++;
  token.kind = scanners[classify(*tokenizer->at)](tokenizer);
  token.length = (uint32_t)(tokenizer->at - token.start);
  return token;
}
