/* Air quality measurements of one sensor, as the OpenAQ API returns them. See README.md. */
#include "lawgate.h"

typedef struct {
  const char *from, *to;
} pair;

/* Factors of HJ 524. */
static const pair factors[] = {{"pm25", "a34004"}, {"pm10", "a34002"}, {"so2", "a21026"},
                               {"no2", "a21004"},  {"o3", "a05024"},   {"co", "a21005"}};

static const pair units[] = {{"mg/m³", "mg/m3"}, {"µg/m³", "ug/m3"}};

/* Members of a result that are read, or say nothing about the value. */
static const char *const known[] = {"value", "flagInfo", "parameter", "period", "summary", "coverage"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* What a text stands for; null when it is not in the table. */
static const char *found(const pair *table, size_t count, const lg_node *node) {
  for (size_t i = 0; node && i < count; i++)
    if (lg_is(node->text, table[i].from)) return table[i].to;
  return NULL;
}

static lg_node *at(const lg_node *node, const char *first, const char *second, const char *third) {
  lg_node *member = lg_get(node, first);
  if (second) member = lg_get(member, second);
  return third ? lg_get(member, third) : member;
}

static void *configure(lg_text bytes, lg_faults *faults) {
  lg_fault fault;
  const lg_node *root = lg_json_read(bytes, &fault);
  if (!root) {
    lg_add_fault(faults, lg_t(""), lg_format("byte %zu: %s", fault.offset, fault.text));
    return NULL;
  }
  for (const lg_node *item = root->kind == LG_OBJECT ? root->first : NULL; item; item = item->next)
    if (!lg_is(item->name, "mn")) lg_add_fault(faults, item->name, lg_t("unknown; known is mn"));
  lg_node *mn = lg_get(root, "mn");
  if (!mn || mn->kind != LG_TEXT || mn->text.length == 0)
    lg_add_fault(faults, lg_t("mn"), lg_t("the device number is expected"));
  return mn;
}

static void say(lg_envelope envelope, const char *rule, const char *field, const lg_node *place, const char *text,
                lg_severity severity, lg_action action) {
  static const lg_node nowhere;
  lg_finding m = lg_envelope_begin_quality(envelope);
  lg_finding_write(m, rule, field, place ? place : &nowhere, lg_t(text), severity, action);
  lg_finding_end(m);
}

static int two(const char *text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

/* Seconds of `hh:mm:ss`; -1 when it is none. */
static int seconds_of(const lg_node *stated) {
  if (!stated || stated->text.length != 8) return -1;
  const char *text = stated->text.data;
  for (size_t i = 0; i < 8; i++)
    if (i == 2 || i == 5 ? text[i] != ':' : text[i] < '0' || text[i] > '9') return -1;
  return two(text) * 3600 + two(text + 3) * 60 + two(text + 6);
}

/* What was read of a measurement; the findings about it are written already, because the envelope comes first. */
typedef struct {
  bool has_time, flagged;
  lg_time time;
  lg_number number;
  int seconds;
  const char *unit;
} reading;

static reading read_result(const lg_node *item, lg_envelope envelope) {
  const lg_severity warning = LG_SEVERITY_WARNING, info = LG_SEVERITY_INFO;
  const char *field = "observation.value.value";
  reading r = {0};
  const lg_node *interval = at(item, "period", "interval", NULL);
  r.seconds = seconds_of(interval);
  if (r.seconds < 0) {
    r.seconds = 0;
    say(envelope, "openaq.interval", "observation.interval_s", interval, "the interval is not hh:mm:ss", warning,
        LG_ACTION_DROPPED);
  }
  const lg_node *local = at(item, "period", "datetimeFrom", "local");
  r.has_time = local && lg_time_read(local->text, &r.time);
  if (!r.has_time)
    say(envelope, "openaq.time", "observation.data_time", local, "no local date and time with offset", warning,
        LG_ACTION_DROPPED);
  const lg_node *value = lg_get(item, "value"), *unit = at(item, "parameter", "units", NULL);
  bool is_written = value && (value->kind == LG_NUMBER || value->kind == LG_TEXT);
  if (is_written) r.number = lg_number_read(value->text);
  if (r.number.rule) {
    lg_finding m = lg_envelope_begin_quality(envelope);
    lg_number_finding_write(m, &r.number, field, value);
    lg_finding_end(m);
  }
  if (!is_written) {
    say(envelope, "openaq.value", field, value, "the value is no number", warning, LG_ACTION_DROPPED);
  } else if (r.number.has_value) {
    if (r.number.value.data[0] == '-')
      say(envelope, "openaq.negative", field, value, "a concentration below zero", warning, LG_ACTION_KEPT);
    r.unit = found(units, COUNT(units), unit);
    if (!r.unit)
      say(envelope, "openaq.unit", "observation.value.unit", unit,
          "the unit is not known; the value stands without one", warning, LG_ACTION_DROPPED);
  }
  const lg_node *flags = at(item, "flagInfo", "hasFlags", NULL);
  r.flagged = flags && flags->kind == LG_TRUE;
  if (r.flagged)
    say(envelope, "openaq.flagged", "observation.flag", flags, "OpenAQ flagged the value and does not say why here",
        warning, LG_ACTION_KEPT);
  for (const lg_node *member = item->kind == LG_OBJECT ? item->first : NULL; member; member = member->next) {
    bool is_known = member->kind == LG_NULL;
    for (size_t i = 0; i < COUNT(known); i++) is_known = is_known || lg_is(member->name, known[i]);
    if (is_known) continue;
    lg_text text = lg_format("%.*s has no field in an observation", (int)member->name.length, member->name.data);
    lg_finding m = lg_envelope_begin_quality(envelope);
    lg_finding_write(m, "openaq.unused", "", member, text, info, LG_ACTION_DROPPED);
    lg_finding_end(m);
  }
  return r;
}

static void record(lg_conversion out, lg_text mn, const lg_node *item) {
  lg_record record = lg_conversion_begin_records(out);
  lg_envelope envelope = lg_record_begin_envelope(record);
  reading r = read_result(item, envelope);
  lg_envelope_set_raw_offset(envelope, item->start);
  lg_envelope_set_raw_length(envelope, item->length);
  lg_envelope_end(envelope);

  lg_observation o = lg_record_begin_observation(record);
  lg_observation_set_mn(o, mn);
  lg_observation_set_cn(o, r.seconds == 3600 ? 2061 : r.seconds == 86400 ? 2031 : 2051);
  if (r.has_time) {
    lg_date_time m = lg_observation_begin_data_time(o);
    lg_time_write(m, &r.time);
    lg_date_time_end(m);
  }
  lg_observation_set_interval_s(o, (uint32_t)r.seconds);
  const lg_node *name = at(item, "parameter", "name", NULL);
  const char *factor = found(factors, COUNT(factors), name);
  if (name) lg_observation_set_factor(o, factor ? lg_t(factor) : name->text);
  lg_observation_set_stat(o, LG_STATISTIC_AVG);
  if (r.number.has_value) {
    lg_text stated = lg_get(item, "value")->text;
    lg_quantity m = lg_observation_begin_value(o);
    lg_quantity_set_value(m, r.number.value);
    if (r.unit) {
      lg_quantity_set_unit(m, lg_t(r.unit));
      lg_quantity_set_unit_source(m, LG_UNIT_SOURCE_PACKET);
    }
    if (!lg_equal(r.number.value, stated)) lg_quantity_set_raw(m, stated);
    lg_quantity_end(m);
  }
  lg_observation_set_flag(o, r.flagged ? LG_DATA_FLAG_OTHER : LG_DATA_FLAG_NORMAL);
  lg_observation_end(o);
  lg_record_end(record);
}

static bool convert(const void *configuration, const lg_message *message, lg_conversion out, lg_rejection *why) {
  const lg_node *mn = configuration;
  lg_fault fault;
  const lg_node *root = lg_json_read(message->payload, &fault);
  if (!root) {
    *why = (lg_rejection){lg_t(fault.code), fault.offset, lg_t(fault.text)};
    return false;
  }
  const lg_node *results = lg_get(root, "results");
  /* An empty list is an answer, and becomes a conversion without records. */
  if (!results || results->kind != LG_ARRAY) {
    size_t offset = results ? results->start : 0;
    *why = (lg_rejection){lg_t("openaq.no-results"), offset, lg_t("a list of results is expected")};
    return false;
  }
  for (const lg_node *item = results->first; item; item = item->next) record(out, mn->text, item);
  lg_text declared;
  lg_encoding used;
  lg_encodings(message->payload, lg_attribute_of(message, "content-type"), &declared, &used);
  lg_message_facts facts = lg_conversion_begin_facts(out);
  lg_message_facts_set_encoding_declared(facts, declared);
  lg_message_facts_set_encoding_used(facts, used);
  lg_message_facts_set_dialect(facts, lg_t("openaq-v3"));
  lg_message_facts_end(facts);
  return true;
}

static const char *const feed_kinds[] = {"openaq", NULL};

const lg_adapter lawgate_adapter = {
    .id = "openaq",
    .version = "0.1.0",
    .feed_kinds = feed_kinds,
    .schema_version = "1.0.0",
    .configure = configure,
    .convert = convert,
};
