/* Reading JSON with places. */
#include "lawgate_json.h"

#include <stdlib.h>

typedef struct {
  lg_text message;
  size_t at;
  lg_fault *fault;
} reader;

static lg_node *value(reader *r, int depth);

static void *stop(reader *r, const char *code, size_t at, const char *text) {
  *r->fault = (lg_fault){at, text, code};
  return NULL;
}

/* What is no JSON; at the end of the message that is a message which was cut. */
static void *wrong(reader *r, size_t at, const char *text) {
  if (at < r->message.length) return stop(r, "document.malformed", at, text);
  return stop(r, "document.unclosed", r->message.length, "the message ends inside the document");
}

static int peek(const reader *r, size_t ahead) {
  return r->at + ahead < r->message.length ? (unsigned char)r->message.data[r->at + ahead] : -1;
}

static void space(reader *r) {
  int byte;
  while ((byte = peek(r, 0)) == ' ' || byte == '\t' || byte == '\n' || byte == '\r') r->at++;
}

static lg_node *node(lg_kind kind, size_t start) {
  lg_node *made = lg_allocate(sizeof *made);
  memset(made, 0, sizeof *made);
  made->kind = kind;
  made->start = start;
  made->text = made->name = lg_t("");
  return made;
}

/* Length of the UTF-8 character at the place; 0 when there is none (RFC 3629). */
static size_t character(const unsigned char *b, size_t left) {
  if (b[0] < 0x80) return 1;
  size_t length = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
  if (b[0] < 0xc2 || b[0] > 0xf4 || left < length) return 0;
  for (size_t i = 1; i < length; i++)
    if ((b[i] & 0xc0) != 0x80) return 0;
  if (b[0] == 0xe0 && b[1] < 0xa0) return 0;
  if (b[0] == 0xed && b[1] > 0x9f) return 0;
  if (b[0] == 0xf0 && b[1] < 0x90) return 0;
  if (b[0] == 0xf4 && b[1] > 0x8f) return 0;
  return length;
}

static size_t put(char *to, uint32_t code) {
  if (code < 0x80) return to[0] = (char)code, 1;
  if (code < 0x800) return to[0] = (char)(0xc0 | code >> 6), to[1] = (char)(0x80 | (code & 0x3f)), 2;
  if (code < 0x10000) {
    to[0] = (char)(0xe0 | code >> 12);
    to[1] = (char)(0x80 | (code >> 6 & 0x3f));
    to[2] = (char)(0x80 | (code & 0x3f));
    return 3;
  }
  to[0] = (char)(0xf0 | code >> 18);
  to[1] = (char)(0x80 | (code >> 12 & 0x3f));
  to[2] = (char)(0x80 | (code >> 6 & 0x3f));
  to[3] = (char)(0x80 | (code & 0x3f));
  return 4;
}

/* Four hexadecimal digits behind `\u`; -1 when they are none. */
static long unit(reader *r) {
  long code = 0;
  for (size_t i = 2; i < 6; i++) {
    int digit = peek(r, i);
    int low = digit | 0x20;
    if (digit >= '0' && digit <= '9') code = code << 4 | (digit - '0');
    else if (low >= 'a' && low <= 'f') code = code << 4 | (low - 'a' + 10);
    else return -1;
  }
  r->at += 6;
  return code;
}

/* The fault at an escape, unless the text does not even end; 0. */
static size_t bad_escape(reader *r, size_t start) {
  for (r->at = start; peek(r, 0) != '"'; r->at += peek(r, 0) == '\\' ? 2 : 1)
    if (peek(r, 0) < 0x20) return wrong(r, r->at, "a control character inside a text"), 0;
  return wrong(r, start, "an unknown escape"), 0;
}

/* Reads an escape into `to`; 0 after a fault. */
static size_t escape(reader *r, char *to) {
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  int letter = peek(r, 1);
  size_t start = r->at;
  if (letter != 'u') {
    const char *found = letter > 0 ? strchr(letters, letter) : NULL;
    if (!found) return bad_escape(r, start);
    r->at += 2;
    to[0] = meant[found - letters];
    return 1;
  }
  long code = unit(r);
  if (code < 0) return bad_escape(r, start);
  /* A character beyond the basic plane is written as a pair of escapes. */
  if (code >= 0xd800 && code < 0xe000) {
    long low = -1;
    if (code < 0xdc00 && peek(r, 0) == '\\' && peek(r, 1) == 'u') low = unit(r);
    if (low < 0xdc00 || low >= 0xe000) return bad_escape(r, start);
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  return put(to, (uint32_t)code);
}

static lg_node *string(reader *r) {
  lg_node *made = node(LG_TEXT, r->at);
  r->at++;
  size_t end = r->at;
  while (end < r->message.length && r->message.data[end] != '"') end += r->message.data[end] == '\\' ? 2 : 1;
  /* No escape is longer than what it stands for, so the text fits in what it is read from. */
  char *text = lg_allocate((end < r->message.length ? end : r->message.length) - r->at + 1);
  size_t length = 0;
  for (;;) {
    int byte = peek(r, 0);
    if (byte < 0x20) return wrong(r, r->at, "a control character inside a text");
    if (byte == '"') break;
    if (byte == '\\') {
      size_t put = escape(r, text + length);
      if (!put) return NULL;
      length += put;
      continue;
    }
    size_t size = character((const unsigned char *)r->message.data + r->at, r->message.length - r->at);
    if (!size) return stop(r, "document.encoding", r->at, "the text is not UTF-8");
    memcpy(text + length, r->message.data + r->at, size);
    length += size;
    r->at += size;
  }
  r->at++;
  made->text = (lg_text){text, length};
  made->length = r->at - made->start;
  return made;
}

static lg_node *list(reader *r, lg_kind kind, char close, int depth) {
  lg_node *made = node(kind, r->at), **tail = &made->first;
  r->at++;
  space(r);
  while (peek(r, 0) != close || made->first) {
    lg_text name = lg_t("");
    if (kind == LG_OBJECT) {
      if (peek(r, 0) != '"') return wrong(r, r->at, "a name is expected");
      lg_node *key = string(r);
      if (!key) return NULL;
      name = key->text;
      space(r);
      if (peek(r, 0) != ':') return wrong(r, r->at, ": is expected");
      r->at++;
      space(r);
    }
    lg_node *item = value(r, depth + 1);
    if (!item) return NULL;
    item->name = name;
    *tail = item;
    tail = &item->next;
    space(r);
    if (peek(r, 0) != ',') break;
    r->at++;
    space(r);
  }
  if (peek(r, 0) != close) return wrong(r, r->at, close == '}' ? "} is expected" : "] is expected");
  r->at++;
  made->length = r->at - made->start;
  return made;
}

static bool take(reader *r, const char *letters) {
  int byte = peek(r, 0);
  bool found = byte > 0 && strchr(letters, byte);
  if (found) r->at++;
  return found;
}

/* At least one digit. */
static bool digits(reader *r, size_t start) {
  size_t from = r->at;
  while (peek(r, 0) >= '0' && peek(r, 0) <= '9') r->at++;
  if (r->at == from) wrong(r, from, from == start ? "a value is expected" : "a digit is expected");
  return r->at > from;
}

static lg_node *leaf(reader *r, lg_kind kind, size_t start) {
  lg_node *made = node(kind, start);
  made->length = r->at - start;
  made->text = (lg_text){r->message.data + start, made->length};
  return made;
}

static lg_node *plain(reader *r) {
  static const struct { const char *word; lg_kind kind; } words[] = {{"true", LG_TRUE}, {"false", LG_FALSE}, {"null", LG_NULL}};
  size_t start = r->at;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t length = strlen(words[i].word);
    if (r->message.length - start < length || memcmp(r->message.data + start, words[i].word, length)) continue;
    r->at += length;
    return leaf(r, words[i].kind, start);
  }
  take(r, "-");
  if (!take(r, "0") && !digits(r, start)) return NULL;
  if (take(r, ".") && !digits(r, start)) return NULL;
  if (take(r, "eE")) {
    take(r, "+-");
    if (!digits(r, start)) return NULL;
  }
  return leaf(r, LG_NUMBER, start);
}

static lg_node *value(reader *r, int depth) {
  int first = peek(r, 0);
  if ((first == '{' || first == '[') && depth >= LG_MAX_DEPTH)
    return stop(r, "document.depth", r->at, "nested deeper than 32 levels");
  switch (first) {
    case '{': return list(r, LG_OBJECT, '}', depth);
    case '[': return list(r, LG_ARRAY, ']', depth);
    case '"': return string(r);
    default: return plain(r);
  }
}

lg_node *lg_json_read(lg_text message, lg_fault *fault) {
  reader r = {message, 0, fault};
  /* A byte order mark is not part of the text. */
  if (message.length >= 3 && memcmp(message.data, "\xef\xbb\xbf", 3) == 0) r.at = 3;
  space(&r);
  int first = peek(&r, 0);
  if (first < 0) return stop(&r, "document.empty", 0, "the message has no content");
  if (first != '{' && first != '[' && first != '"')
    return stop(&r, "document.format", r.at, "the message does not begin as JSON does");
  lg_node *read = value(&r, 0);
  if (!read) return NULL;
  space(&r);
  return r.at < message.length ? wrong(&r, r.at, "something follows the value") : read;
}

lg_node *lg_get(const lg_node *of, const char *name) {
  if (!of || of->kind != LG_OBJECT) return NULL;
  for (lg_node *item = of->first; item; item = item->next)
    if (lg_is(item->name, name)) return item;
  return NULL;
}
