/* Sound levels of noise monitors, one JSON document a message.
 *
 * An example to change. Nothing here may depend on anything but the
 * configuration and the message: no clock, no randomness, no state. */
#include "lawgate.h"

typedef struct {
  uint32_t interval_s;
} settings;

/* Command code (命令编码 CN) under which HJ 212 sends values of an interval. */
static uint32_t command(uint32_t seconds) {
  switch (seconds) {
    case 0: return 2011;
    case 3600: return 2061;
    case 86400: return 2031;
    default: return 2051;
  }
}

static bool is_interval(long seconds) {
  return seconds == 0 || (seconds >= 60 && seconds <= 1800) || seconds == 3600 || seconds == 86400;
}

/* A whole number of at most five digits; -1 for anything else. */
static long whole(const lg_node *node) {
  if (!node || node->kind != LG_NUMBER || node->text.length > 5) return -1;
  long number = 0;
  for (size_t i = 0; i < node->text.length; i++) {
    char digit = node->text.data[i];
    if (digit < '0' || digit > '9') return -1;
    number = number * 10 + (digit - '0');
  }
  return number;
}

/* Reads configuration.json; reports every fault at once. */
static void *configure(lg_text bytes, lg_faults *faults) {
  lg_fault fault;
  const lg_node *root = lg_json_read(bytes, &fault);
  if (!root) {
    lg_add_fault(faults, lg_t(""), lg_format("byte %zu: %s", fault.offset, fault.text));
    return NULL;
  }
  if (root->kind != LG_OBJECT) {
    lg_add_fault(faults, lg_t(""), lg_t("an object is expected"));
    return NULL;
  }
  for (const lg_node *item = root->first; item; item = item->next)
    if (!lg_is(item->name, "interval_s")) lg_add_fault(faults, item->name, lg_t("unknown; known is interval_s"));
  long seconds = whole(lg_get(root, "interval_s"));
  if (!is_interval(seconds)) lg_add_fault(faults, lg_t("interval_s"), lg_t("0, 60 to 1800, 3600 or 86400 is expected"));
  settings *made = lg_allocate(sizeof *made);
  made->interval_s = (uint32_t)seconds;
  return made;
}

/* What has no field is named, so that nothing is lost without a word. */
static lg_text unused_text(const lg_node *node) {
  return lg_format("%.*s has no field in an observation", (int)node->name.length, node->name.data);
}

static bool is_one_of(lg_text name, const char *const *known) {
  for (; *known; known++)
    if (lg_is(name, *known)) return true;
  return false;
}

/* A finding about a value, in the envelope that is open. */
static void finding(lg_envelope envelope, const char *rule, const char *field, const lg_node *place, const char *text,
                    lg_severity severity, lg_action action) {
  lg_finding m = lg_envelope_begin_quality(envelope);
  lg_finding_write(m, rule, field, place, lg_t(text), severity, action);
  lg_finding_end(m);
}

/* What was read of one value, before anything is written: the envelope with its findings comes first. */
typedef struct {
  bool has_time, has_unit;
  lg_time time;
  lg_number number;
  lg_data_flag flag;
} reading;

static lg_data_flag flag_of(lg_text letter, bool *known) {
  static const struct { const char *letter; lg_data_flag flag; } flags[] = {
      {"N", LG_DATA_FLAG_NORMAL},      {"M", LG_DATA_FLAG_MAINTENANCE}, {"D", LG_DATA_FLAG_FAULT},
      {"C", LG_DATA_FLAG_CALIBRATION}, {"T", LG_DATA_FLAG_OVER_RANGE},
  };
  *known = true;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (lg_is(letter, flags[i].letter)) return flags[i].flag;
  *known = false;
  return LG_DATA_FLAG_OTHER;
}

/* Reads one value and writes the findings about it. */
static reading read_value(const lg_node *item, lg_envelope envelope) {
  static const char *const known[] = {"time", "index", "value", "unit", "flag", NULL};
  const lg_severity warning = LG_SEVERITY_WARNING, info = LG_SEVERITY_INFO;
  reading r = {0};
  const lg_node *time = lg_get(item, "time");
  r.has_time = time && time->kind == LG_TEXT && lg_time_read(time->text, &r.time);
  if (time && !r.has_time)
    finding(envelope, "my-feed.time", "observation.data_time", time, "no date and time with offset (RFC 3339)", warning,
            LG_ACTION_DROPPED);
  const lg_node *value = lg_get(item, "value");
  if (value) r.number = lg_number_read(value->text);
  if (r.number.rule) {
    lg_finding m = lg_envelope_begin_quality(envelope);
    lg_number_finding_write(m, &r.number, "observation.value.value", value);
    lg_finding_end(m);
  }
  if (r.number.has_value) {
    /* Nothing is guessed: the value keeps the unit the sender states, or none. */
    const lg_node *unit = lg_get(item, "unit");
    r.has_unit = unit && lg_is(unit->text, "dB");
    if (unit && !r.has_unit)
      finding(envelope, "my-feed.unit", "observation.value.unit", unit,
              "the unit is not known; the value stands without one", warning, LG_ACTION_DROPPED);
  }
  const lg_node *flag = lg_get(item, "flag");
  if (flag) {
    bool is_known;
    r.flag = flag_of(flag->text, &is_known);
    if (!is_known)
      finding(envelope, "my-feed.flag", "observation.flag", flag, "the flag is none of N, M, D, C, T", warning,
              LG_ACTION_KEPT);
  }
  if (item->kind == LG_OBJECT)
    for (const lg_node *member = item->first; member; member = member->next)
      if (!is_one_of(member->name, known)) {
        lg_finding m = lg_envelope_begin_quality(envelope);
        lg_finding_write(m, "my-feed.unused", "", member, unused_text(member), info, LG_ACTION_DROPPED);
        lg_finding_end(m);
      }
  return r;
}

static void record(lg_conversion out, const settings *settings, lg_text device, const lg_node *item) {
  lg_record record = lg_conversion_begin_records(out);
  lg_envelope envelope = lg_record_begin_envelope(record);
  reading r = read_value(item, envelope);
  lg_envelope_set_raw_offset(envelope, item->start);
  lg_envelope_set_raw_length(envelope, item->length);
  lg_envelope_end(envelope);

  lg_observation o = lg_record_begin_observation(record);
  lg_observation_set_mn(o, device);
  lg_observation_set_cn(o, command(settings->interval_s));
  if (r.has_time) {
    lg_date_time m = lg_observation_begin_data_time(o);
    lg_time_write(m, &r.time);
    lg_date_time_end(m);
  }
  lg_observation_set_interval_s(o, settings->interval_s);
  const lg_node *index = lg_get(item, "index");
  /* An unknown index keeps its name, and the gateway says so. */
  if (index) lg_observation_set_factor(o, lg_is(index->text, "LAeq") ? lg_t("Leq") : index->text);
  lg_observation_set_stat(o, LG_STATISTIC_DATA);
  if (r.number.has_value) {
    const lg_node *stated = lg_get(item, "value");
    lg_quantity m = lg_observation_begin_value(o);
    lg_quantity_set_value(m, r.number.value);
    if (r.has_unit) {
      lg_quantity_set_unit(m, lg_t("dB"));
      lg_quantity_set_unit_source(m, LG_UNIT_SOURCE_PACKET);
    }
    if (!lg_equal(r.number.value, stated->text)) lg_quantity_set_raw(m, stated->text);
    lg_quantity_end(m);
  }
  lg_observation_set_flag(o, r.flag);
  lg_observation_end(o);
  lg_record_end(record);
}

/* Converts one message. */
static bool convert(const void *configuration, const lg_message *message, lg_conversion out, lg_rejection *why) {
  static const char *const known[] = {"device", "values", NULL};
  lg_fault fault;
  const lg_node *root = lg_json_read(message->payload, &fault);
  if (!root) {
    *why = (lg_rejection){lg_t(fault.code), fault.offset, lg_t(fault.text)};
    return false;
  }
  const lg_node *device = lg_get(root, "device"), *values = lg_get(root, "values");
  if (!device || device->kind != LG_TEXT || !values || values->kind != LG_ARRAY || !values->first) {
    size_t offset = values ? values->start : 0;
    *why = (lg_rejection){lg_t("my-feed.no-values"), offset, lg_t("a device and at least one value are expected")};
    return false;
  }
  for (const lg_node *item = values->first; item; item = item->next) record(out, configuration, device->text, item);
  lg_text declared;
  lg_encoding used;
  lg_encodings(message->payload, lg_attribute_of(message, "content-type"), &declared, &used);
  lg_message_facts facts = lg_conversion_begin_facts(out);
  lg_message_facts_set_encoding_declared(facts, declared);
  lg_message_facts_set_encoding_used(facts, used);
  lg_message_facts_set_dialect(facts, lg_t("my-feed"));
  lg_message_facts_end(facts);
  for (const lg_node *item = root->first; item; item = item->next)
    if (!is_one_of(item->name, known)) {
      lg_finding m = lg_conversion_begin_findings(out);
      lg_finding_write(m, "my-feed.unused", "", item, unused_text(item), LG_SEVERITY_INFO, LG_ACTION_DROPPED);
      lg_finding_end(m);
    }
  return true;
}

static const char *const feed_kinds[] = {"my-feed", NULL};

/* As in adapter.toml. */
const lg_adapter lawgate_adapter = {
    .id = "my-feed",
    .version = "0.1.0",
    .feed_kinds = feed_kinds,
    .schema_version = "1.0.0",
    .configure = configure,
    .convert = convert,
};
