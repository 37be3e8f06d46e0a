/* What an adapter in C stands on.
 *
 * An adapter defines `lawgate_adapter`, below; the kit turns it into the three
 * exports of the contract (plugins/wit/adapter.wit). Records are written with
 * the functions of lawgate_schema.h, messages in JSON are read with those of
 * lawgate_json.h. There is no clock, no randomness and no state between calls:
 * a sandbox serves one call and is dropped, so nothing needs to be freed. */
#ifndef LAWGATE_H
#define LAWGATE_H

#include "lawgate_json.h"
#include "lawgate_schema.h"
#include "lawgate_values.h"

/* A name and a value the sender stated about a message. */
typedef struct {
  lg_text name;
  lg_text value;
} lg_attribute;

/* One message, exactly as the agency delivered it. */
typedef struct {
  lg_text payload;
  const lg_attribute *attributes;
  size_t attribute_count;
} lg_message;

/* What the sender states under this name; empty when it states nothing. */
lg_text lg_attribute_of(const lg_message *message, const char *name);

/* Why a message cannot be understood as a whole; it goes to quarantine (隔离区). */
typedef struct {
  /* Stable, `<adapter>.<what>`: 1 to 64 lower-case letters, digits, dots and hyphens. */
  lg_text code;
  /* Byte of the message where the fault was noticed. */
  size_t offset;
  /* One sentence for a person. */
  lg_text text;
} lg_rejection;

/* Faults of a configuration; all are reported at once. */
typedef struct lg_faults lg_faults;

/* Adds a fault: where, as a path, and what would be right. */
void lg_add_fault(lg_faults *faults, lg_text path, lg_text text);

/* What an adapter is. The first parts are as in adapter.toml. */
typedef struct {
  const char *id;
  const char *version;
  /* Names, ended by a null pointer. */
  const char *const *feed_kinds;
  const char *schema_version;
  /* What it asks for; 0 is the host's own. */
  uint64_t memory_bytes;
  uint32_t deadline_ms;
  /* Reads the configuration into what `convert` is given; adds all its faults. */
  void *(*configure)(lg_text configuration, lg_faults *faults);
  /* Converts one message into `out`; false, with `why`, when it cannot be understood as a whole. */
  bool (*convert)(const void *configuration, const lg_message *message, lg_conversion out, lg_rejection *why);
} lg_adapter;

/* The adapter's definition. */
extern const lg_adapter lawgate_adapter;

/* Text put together as by printf; it lives until the call ends. */
lg_text lg_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
