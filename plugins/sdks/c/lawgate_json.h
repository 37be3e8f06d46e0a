/* Reading JSON (RFC 8259) with places.
 *
 * Keeps numbers as their text, so that no digit is lost, says for every value
 * at which byte of the message it stands, and keeps repeated names. Depth is
 * bounded; anything else than JSON is a fault with its byte and the code that
 * the toolkit of Rust has for it. */
#ifndef LAWGATE_JSON_H
#define LAWGATE_JSON_H

#include "lawgate_writer.h"

/* Deepest nesting of objects and arrays that is read. */
#define LG_MAX_DEPTH 32

typedef enum { LG_OBJECT, LG_ARRAY, LG_TEXT, LG_NUMBER, LG_TRUE, LG_FALSE, LG_NULL } lg_kind;

/* A value. Objects and arrays have a first item, items a next one; items of objects have a name. Texts, numbers and
 * words have their text. Nodes live until the call ends. */
typedef struct lg_node {
  lg_kind kind;
  lg_text text;
  lg_text name;
  size_t start;
  size_t length;
  struct lg_node *first;
  struct lg_node *next;
} lg_node;

/* What is wrong with a text: the byte, a sentence, and a code for the rejection (`document.unclosed`). */
typedef struct {
  size_t offset;
  const char *text;
  const char *code;
} lg_fault;

/* Reads one JSON text in UTF-8; null and `fault` when it is none. */
lg_node *lg_json_read(lg_text message, lg_fault *fault);

/* The first member of this name; null when there is none, or `node` is null or no object. */
lg_node *lg_get(const lg_node *node, const char *name);

/* Memory that is freed when the call ends. */
void *lg_allocate(size_t bytes);

#endif
