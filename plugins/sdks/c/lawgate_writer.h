/* Writing records: bytes that grow, and the fields of protobuf in them.
 *
 * lawgate_schema.h has a typed function for every field; these are what it
 * stands on. Messages are begun and ended like brackets. */
#ifndef LAWGATE_WRITER_H
#define LAWGATE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Text or bytes that belong to somebody else. */
typedef struct {
  const char *data;
  size_t length;
} lg_text;

/* The text of a C string; a null pointer is the empty text. */
static inline lg_text lg_t(const char *text) { return (lg_text){text ? text : "", text ? strlen(text) : 0}; }

/* Whether two texts are equal. */
static inline bool lg_equal(lg_text a, lg_text b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Whether a text is this C string. */
static inline bool lg_is(lg_text a, const char *b) { return lg_equal(a, lg_t(b)); }

/* Deepest nesting of messages; the schema has less. */
#define LG_MAX_OPEN 16

/* Bytes that are being written, and the messages that are open. */
typedef struct {
  uint8_t *data;
  size_t length;
  size_t capacity;
  size_t open[LG_MAX_OPEN];
  size_t depth;
} lg_writer;

/* Begins a message in field `number`. */
void lg_begin(lg_writer *w, uint32_t number);
/* Ends the message that was begun last. */
void lg_end(lg_writer *w);
/* Writes text or bytes; the empty text is written only if `always`. */
void lg_field_text(lg_writer *w, uint32_t number, lg_text value, bool always);
/* Writes a number; 0 is written only if `always`. */
void lg_field_number(lg_writer *w, uint32_t number, uint64_t value, bool always);
/* Writes a number of four bytes; 0 is written only if `always`. */
void lg_field_fixed32(lg_writer *w, uint32_t number, uint32_t value, bool always);
/* Writes a pair of a map. Pairs are written in order of their keys by the caller. */
void lg_pair(lg_writer *w, uint32_t number, lg_text key, lg_text value);

#endif
