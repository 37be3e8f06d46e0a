/* Values that many feeds share, by the rules of the common schema.
 *
 * The rules and their codes are those of the Rust toolkit (gateway/schema), so
 * that the same oddity has the same name in every feed. */
#ifndef LAWGATE_VALUES_H
#define LAWGATE_VALUES_H

#include "lawgate_json.h"
#include "lawgate_schema.h"

/* A number as JSON or a form writes it, as exact decimal text; exponents are written out. False when it is none. */
bool lg_decimal(lg_text text, lg_text *decimal);

/* A point in time of RFC 3339 with offset. */
typedef struct {
  lg_text text;
  lg_text offset;
  lg_precision precision;
} lg_time;

/* Reads a point in time; false when it is none. */
bool lg_time_read(lg_text text, lg_time *time);

/* Writes a time that was read. */
static inline void lg_time_write(lg_date_time m, const lg_time *time) {
  lg_date_time_set_text(m, time->text);
  lg_date_time_set_precision(m, time->precision);
  lg_date_time_set_offset(m, time->offset);
}

/* Writes a finding (数据质量问题) about a node: a statement about odd input, which changes nothing of it. */
static inline void lg_finding_write(lg_finding m, const char *rule, const char *field, const lg_node *place, lg_text text,
                                    lg_severity severity, lg_action action) {
  lg_finding_set_severity(m, severity);
  lg_finding_set_rule(m, lg_t(rule));
  lg_finding_set_field(m, lg_t(field));
  lg_finding_set_raw(m, place->text);
  lg_finding_set_action(m, action);
  lg_finding_set_offset(m, place->start);
  lg_finding_set_length(m, place->length);
  lg_finding_set_text(m, text);
}

#endif
