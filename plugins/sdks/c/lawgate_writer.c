/* Writing records. A failure to get memory or a bracket too many ends the call: the gateway says so. */
#include "lawgate_writer.h"

#include <stdlib.h>

static void room(lg_writer *w, size_t more) {
  if (w->length + more <= w->capacity) return;
  size_t grown = w->capacity ? 2 * w->capacity : 1024;
  if (grown < w->length + more) grown = w->length + more;
  w->data = realloc(w->data, grown);
  if (!w->data) abort();
  w->capacity = grown;
}

static size_t varint(uint8_t *to, uint64_t value) {
  size_t length = 0;
  while (value > 0x7f) {
    to[length++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  to[length++] = (uint8_t)value;
  return length;
}

static void number(lg_writer *w, uint64_t value) {
  room(w, 10);
  w->length += varint(w->data + w->length, value);
}

static void bytes(lg_writer *w, lg_text value) {
  room(w, value.length);
  if (value.length) memcpy(w->data + w->length, value.data, value.length);
  w->length += value.length;
}

void lg_begin(lg_writer *w, uint32_t field) {
  if (w->depth == LG_MAX_OPEN) abort();
  number(w, (uint64_t)field << 3 | 2);
  w->open[w->depth++] = w->length;
}

void lg_end(lg_writer *w) {
  if (w->depth == 0) abort();
  size_t start = w->open[--w->depth];
  uint8_t header[10];
  size_t size = varint(header, w->length - start);
  room(w, size);
  memmove(w->data + start + size, w->data + start, w->length - start);
  memcpy(w->data + start, header, size);
  w->length += size;
}

void lg_field_text(lg_writer *w, uint32_t field, lg_text value, bool always) {
  if (value.length == 0 && !always) return;
  number(w, (uint64_t)field << 3 | 2);
  number(w, value.length);
  bytes(w, value);
}

void lg_field_number(lg_writer *w, uint32_t field, uint64_t value, bool always) {
  if (value == 0 && !always) return;
  number(w, (uint64_t)field << 3);
  number(w, value);
}

void lg_field_fixed32(lg_writer *w, uint32_t field, uint32_t value, bool always) {
  if (value == 0 && !always) return;
  number(w, (uint64_t)field << 3 | 5);
  uint8_t four[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
  bytes(w, (lg_text){(const char *)four, 4});
}

void lg_pair(lg_writer *w, uint32_t field, lg_text key, lg_text value) {
  lg_begin(w, field);
  lg_field_text(w, 1, key, false);
  lg_field_text(w, 2, value, false);
  lg_end(w);
}
