/* Values that many feeds share, by the rules of the common schema.
 *
 * What is read here becomes what the toolkit of Rust (gateway/schema) makes of
 * it, and an oddity has the same code, severity and action in every feed: one
 * table of cases holds all kits and the toolkit to it. The kits read fewer
 * forms than the toolkit; the handbook says which. */
#ifndef LAWGATE_VALUES_H
#define LAWGATE_VALUES_H

#include "lawgate_json.h"
#include "lawgate_schema.h"

/* What reading one number yields. */
typedef struct {
  /* Whether there is a value, and the value as decimal text. */
  bool has_value;
  lg_text value;
  /* Code of what is odd (`number.nan`), null where the text was in order; the sentence, severity and action of its
   * finding; what the text may have been meant to be, empty or never applied. */
  const char *rule;
  const char *text;
  lg_severity severity;
  lg_action action;
  lg_text proposal;
} lg_number;

/* Reads a number; its digits are kept, and an exponent is written out. A value that is not the text itself belongs with
 * the text in `raw` of its quantity.
 *
 * Detection limits, units within the value, grouped thousands and full-width digits are not read: they are
 * number.syntax, and an adapter whose format has them reads them before. */
lg_number lg_number_read(lg_text text);

/* A number as JSON writes it, as exact decimal text; false when it is none. lg_number_read says besides what was odd. */
bool lg_decimal(lg_text text, lg_text *decimal);

/* Moves the decimal point `power` places to the right (to the left if negative) and keeps every digit: 101325 by -3 is
 * 101.325, Pa to kPa. False for text that is no decimal number and for more than 64 places. */
bool lg_shift(lg_text text, int power, lg_text *moved);

/* A point in time, in Chinese time whatever the offset of its text, so that one instant has one text. */
typedef struct {
  lg_text text;
  lg_text offset;
  lg_precision precision;
  bool offset_assumed;
} lg_time;

/* Reads a point in time of RFC 3339 that states its offset; false when it is none. */
bool lg_time_read(lg_text text, lg_time *time);

/* Reads a date or time that states no offset, at the offset which the format documents (`+08:00`).
 *
 * The result is marked as assumed; a text that does state an offset is read by its own. A date stays a date: no time of
 * day is invented, and its offset is the documented one. False when it is no time. */
bool lg_time_read_local(lg_text text, const char *offset, lg_time *time);

/* Writes a time that was read. */
static inline void lg_time_write(lg_date_time m, const lg_time *time) {
  lg_date_time_set_text(m, time->text);
  lg_date_time_set_precision(m, time->precision);
  lg_date_time_set_offset(m, time->offset);
  lg_date_time_set_offset_assumed(m, time->offset_assumed);
}

/* The encodings of a message that the kit read as UTF-8: what its content type declares (empty when it declares none),
 * and what was found. */
void lg_encodings(lg_text payload, lg_text content_type, lg_text *declared, lg_encoding *used);

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

/* Writes the finding about a number that was odd; its `rule` is not null. */
static inline void lg_number_finding_write(lg_finding m, const lg_number *number, const char *field, const lg_node *place) {
  lg_finding_set_severity(m, number->severity);
  lg_finding_set_rule(m, lg_t(number->rule));
  lg_finding_set_field(m, lg_t(field));
  lg_finding_set_raw(m, place->text);
  lg_finding_set_action(m, number->action);
  lg_finding_set_proposal(m, number->proposal);
  lg_finding_set_offset(m, place->start);
  lg_finding_set_length(m, place->length);
  lg_finding_set_text(m, lg_t(number->text));
}

#endif
