/* Values that many feeds share. */
#include "lawgate_values.h"

/* Longest text read as a number, in bytes; most places of an exponent, and of a point that is moved. */
#define MAX_NUMBER 64
#define MAX_EXPONENT 40
#define MAX_SHIFT 64

static bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

static char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter | 0x20) : letter; }

/* Whether a text is this word, whatever the case of its ASCII letters; the word is in lower case. */
static bool is_word(lg_text text, const char *word) {
  if (text.length != strlen(word)) return false;
  for (size_t i = 0; i < text.length; i++)
    if (lower(text.data[i]) != word[i]) return false;
  return true;
}

static bool is_any(lg_text text, const char *const *words) {
  for (; *words; words++)
    if (is_word(text, *words)) return true;
  return false;
}

static bool begins(lg_text text, const char *with) {
  size_t length = strlen(with);
  return text.length >= length && memcmp(text.data, with, length) == 0;
}

static lg_text from(lg_text text, size_t at) { return (lg_text){text.data + at, text.length - at}; }

/* Whether a text only fills the place of a value. */
static bool is_placeholder(lg_text text) {
  static const char *const words[] = {"null", "none", "nil", "n/a", "na", "undefined", "无", "暂无", "空",
                                      "不详", "未知", "未填", "缺失", "无数据", NULL};
  static const char *const fillers[] = {"-", "—", "–", "―", "－", "_", "/", "\\", ".", "*", "`", "'", "\"", "?", "、",
                                        " ", "\t", "\r", "\n", NULL};
  if (is_any(text, words)) return true;
  while (text.length > 0) {
    const char *const *filler = fillers;
    while (*filler && !begins(text, *filler)) filler++;
    if (!*filler) return false;
    text = from(text, strlen(*filler));
  }
  return true;
}

/* A number taken apart; the parts are places in the text. */
typedef struct {
  bool negative, plus, point;
  lg_text whole, fraction;
  bool has_exponent;
  int exponent;
} parts;

static lg_text digits(lg_text text, size_t *at) {
  size_t start = *at;
  while (*at < text.length && is_digit(text.data[*at])) ++*at;
  return (lg_text){text.data + start, *at - start};
}

static bool take_apart(lg_text text, parts *p) {
  size_t at = 0;
  *p = (parts){0};
  if (at < text.length && (text.data[at] == '+' || text.data[at] == '-')) {
    p->negative = text.data[at] == '-';
    p->plus = !p->negative;
    at++;
  }
  p->whole = digits(text, &at);
  p->fraction = lg_t("");
  if (at < text.length && text.data[at] == '.') {
    p->point = true;
    at++;
    p->fraction = digits(text, &at);
  }
  if (p->whole.length + p->fraction.length == 0) return false;
  if (at < text.length && lower(text.data[at]) == 'e') {
    p->has_exponent = true;
    at++;
    bool minus = at < text.length && text.data[at] == '-';
    if (at < text.length && (text.data[at] == '-' || text.data[at] == '+')) at++;
    lg_text written = digits(text, &at);
    if (written.length == 0 || written.length > 4) return false;
    for (size_t i = 0; i < written.length; i++) p->exponent = p->exponent * 10 + (written.data[i] - '0');
    if (p->exponent > MAX_EXPONENT) return false;
    if (minus) p->exponent = -p->exponent;
  }
  return at == text.length;
}

/* The parts as decimal text, the point moved by `power`; no digit is lost. */
static lg_text compose(const parts *p, int power) {
  size_t count = p->whole.length + p->fraction.length;
  size_t places = (size_t)(power < 0 ? -power : power), length = 0;
  char *out = lg_allocate(count + places + 3);
  if (p->negative) out[length++] = '-';
  size_t begin = length;
  long point = (long)p->whole.length + power;
  for (long i = 0; i < point || i < (long)count; i++) {
    char digit = '0';
    if (i < (long)count) {
      size_t at = (size_t)i;
      digit = at < p->whole.length ? p->whole.data[at] : p->fraction.data[at - p->whole.length];
    }
    if (i == (point > 0 ? point : 0)) {
      if (length == begin) out[length++] = '0';
      out[length++] = '.';
      for (long zero = point; zero < 0; zero++) out[length++] = '0';
    }
    /* Leading zeros are left out before the point. */
    if (i < point && digit == '0' && length == begin) continue;
    out[length++] = digit;
  }
  if (length == begin) out[length++] = '0';
  return (lg_text){out, length};
}

static bool is_sentinel(lg_text value) {
  static const char *const sentinels[] = {"65535", "32767", "-32768", "-9999", "-999", "-99999", "99999", "4294967295",
                                          "2147483647", NULL};
  size_t whole = 0;
  while (whole < value.length && value.data[whole] != '.') whole++;
  for (size_t i = whole + 1; i < value.length; i++)
    if (value.data[i] != '0') return false;
  return is_any((lg_text){value.data, whole}, sentinels);
}

static lg_number refused(const char *rule, const char *text) {
  return (lg_number){.rule = rule, .text = text, .severity = LG_SEVERITY_ERROR, .action = LG_ACTION_DROPPED,
                     .value = {"", 0}, .proposal = {"", 0}};
}

/* No number: says so, and proposes what a decimal comma may mean. */
static lg_number no_number(lg_text text) {
  char *meant = lg_allocate(text.length + 1);
  bool has_comma = false;
  for (size_t i = 0; i < text.length; i++) {
    bool is_first = text.data[i] == ',' && !has_comma;
    meant[i] = is_first ? '.' : text.data[i];
    has_comma = has_comma || is_first;
  }
  parts p;
  lg_text proposal = {meant, text.length};
  if (!has_comma || !take_apart(proposal, &p) || p.plus || p.has_exponent || !p.whole.length || !p.fraction.length)
    return refused("number.syntax", "The value could not be read (syntax).");
  lg_number read = refused("number.decimal-comma", "A comma may be a decimal point here; the number was not guessed.");
  read.proposal = proposal;
  return read;
}

lg_number lg_number_read(lg_text text) {
  static const char *const infinities[] = {"inf", "infinity", "∞", NULL};
  if (is_placeholder(text)) {
    lg_number missing = refused("number.missing", "The sender gave no value.");
    missing.severity = LG_SEVERITY_INFO;
    return missing;
  }
  if (text.length > MAX_NUMBER) return refused("number.length", "The value could not be read (length).");
  lg_text bare = text;
  while (bare.length && (*bare.data == '+' || *bare.data == '-')) bare = from(bare, 1);
  if (is_word(bare, "nan") || begins(bare, "1.#QNAN") || begins(bare, "1.#IND"))
    return refused("number.nan", "The device sent NaN, which is no value.");
  if (is_any(bare, infinities) || begins(bare, "1.#INF"))
    return refused("number.infinite", "The value could not be read (infinite).");
  parts p;
  if (!take_apart(text, &p)) return no_number(text);
  lg_number read = {.has_value = true, .value = compose(&p, p.exponent), .proposal = {"", 0}};
  if (is_sentinel(read.value)) {
    read.rule = "number.sentinel";
    read.text = "Devices send this number when they have no value.";
    read.severity = LG_SEVERITY_WARNING;
    read.action = LG_ACTION_KEPT;
    return read;
  }
  if (p.has_exponent) {
    read.rule = "number.exponent";
    read.text = "The value was written in its canonical form (exponent).";
  } else if (p.plus) {
    read.rule = "number.sign";
    read.text = "The value was written in its canonical form (sign).";
  } else if (!p.whole.length || (p.point && !p.fraction.length)) {
    read.rule = "number.form";
    read.text = "The value was written in its canonical form (form).";
  }
  if (read.rule) {
    read.severity = LG_SEVERITY_INFO;
    read.action = LG_ACTION_NORMALISED;
  }
  return read;
}

bool lg_decimal(lg_text text, lg_text *decimal) {
  parts p;
  if (text.length > MAX_NUMBER || !take_apart(text, &p)) return false;
  if (!p.whole.length || (p.point && !p.fraction.length)) return false;
  *decimal = compose(&p, p.exponent);
  return true;
}

bool lg_shift(lg_text text, int power, lg_text *moved) {
  parts p;
  if (power > MAX_SHIFT || power < -MAX_SHIFT || !take_apart(text, &p)) return false;
  if (p.plus || p.has_exponent || !p.whole.length || (p.point && !p.fraction.length)) return false;
  *moved = compose(&p, power);
  return true;
}

static int two(const char *text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

/* Whether `text` has digits where the pattern has 0, and otherwise the pattern's letters. */
static bool like(lg_text text, size_t at, const char *pattern) {
  for (; *pattern; at++, pattern++)
    if (at >= text.length || (*pattern == '0' ? !is_digit(text.data[at]) : text.data[at] != *pattern)) return false;
  return true;
}

/* Minutes of `+08:00`; false for what is no offset, or more than 14 hours. */
static bool minutes_of(lg_text offset, int *minutes) {
  if (offset.length != 6 || (*offset.data != '+' && *offset.data != '-') || !like(offset, 1, "00:00")) return false;
  int hours = two(offset.data + 1), rest = two(offset.data + 4);
  if (hours > 14 || rest > 59) return false;
  *minutes = (hours * 60 + rest) * (*offset.data == '-' ? -1 : 1);
  return true;
}

/* A day and a minute of it. */
typedef struct {
  int year, month, day, minute;
} moment;

static int days_in(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

/* Moves by less than two days. */
static void move(moment *m, int minutes) {
  m->minute += minutes;
  while (m->minute < 0) {
    m->minute += 1440;
    if (--m->day > 0) continue;
    if (--m->month == 0) m->month = 12, m->year--;
    m->day = days_in(m->year, m->month);
  }
  while (m->minute >= 1440) {
    m->minute -= 1440;
    if (++m->day <= days_in(m->year, m->month)) continue;
    m->day = 1;
    if (++m->month == 13) m->month = 1, m->year++;
  }
}

static void put(char *to, int value, int width) {
  for (int i = width; i-- > 0; value /= 10) to[i] = (char)('0' + value % 10);
}

/* Seconds and what follows them, as far as they are written; false when they are no part of a time. */
static bool read_seconds(lg_text text, size_t *at, int *second, lg_text *fraction) {
  if (!like(text, *at, ":00")) return true;
  *second = two(text.data + *at + 1);
  *at += 3;
  if (*at >= text.length || text.data[*at] != '.') return *second <= 59;
  ++*at;
  *fraction = digits(text, at);
  return *second <= 59 && fraction->length >= 1 && fraction->length <= 9;
}

static bool write_date(lg_text text, lg_text offset, lg_time *time) {
  *time = (lg_time){text, offset, LG_PRECISION_DAY, true};
  return true;
}

static void write_time(const moment *m, int second, lg_text fraction, bool assumed, lg_time *time) {
  char *out = lg_allocate(sizeof "2026-09-01T08:05:00.000000000+08:00");
  memcpy(out, "0000-00-00T00:00:00", 19);
  put(out, m->year, 4);
  put(out + 5, m->month, 2);
  put(out + 8, m->day, 2);
  put(out + 11, m->minute / 60, 2);
  put(out + 14, m->minute % 60, 2);
  put(out + 17, second < 0 ? 0 : second, 2);
  size_t length = 19;
  time->precision = second < 0 ? LG_PRECISION_MINUTE : LG_PRECISION_SECOND;
  /* `.0` is how Java prints whole seconds, not a measured tenth. */
  if (fraction.length > 0 && !lg_is(fraction, "0")) {
    size_t width = fraction.length <= 3 ? 3 : 9;
    time->precision = width == 3 ? LG_PRECISION_MILLISECOND : LG_PRECISION_NANOSECOND;
    out[length++] = '.';
    for (size_t i = 0; i < width; i++) out[length++] = i < fraction.length ? fraction.data[i] : '0';
  }
  memcpy(out + length, "+08:00", 6);
  time->text = (lg_text){out, length + 6};
  time->offset = (lg_text){out + length, 6};
  time->offset_assumed = assumed;
}

/* Reads a time; `assumed` is the offset of one that states none, empty where it must state one. */
static bool read_time(lg_text text, lg_text assumed, lg_time *time) {
  if (!like(text, 0, "0000-00-00")) return false;
  const char *t = text.data;
  moment m = {two(t) * 100 + two(t + 2), two(t + 5), two(t + 8), 0};
  if (m.year < 1 || m.month < 1 || m.month > 12 || m.day < 1 || m.day > days_in(m.year, m.month)) return false;
  /* What stands for an open end is no time. */
  if (m.year == 9999 && m.month == 12 && m.day == 31) return false;
  int minutes = 0, second = -1;
  if (text.length == 10) return minutes_of(assumed, &minutes) && write_date(text, assumed, time);
  if ((t[10] != 'T' && t[10] != 't' && t[10] != ' ') || !like(text, 11, "00:00")) return false;
  if (two(t + 11) > 23 || two(t + 14) > 59) return false;
  m.minute = two(t + 11) * 60 + two(t + 14);
  size_t at = 16;
  lg_text fraction = lg_t("");
  if (!read_seconds(text, &at, &second, &fraction)) return false;
  lg_text zone = from(text, at);
  bool has_zone = zone.length > 0;
  if (!has_zone) zone = assumed;
  if (is_word(zone, "z")) zone = lg_t("+00:00");
  if (!minutes_of(zone, &minutes)) return false;
  move(&m, 480 - minutes);
  write_time(&m, second, fraction, !has_zone, time);
  return true;
}

bool lg_time_read(lg_text text, lg_time *time) { return read_time(text, lg_t(""), time); }

bool lg_time_read_local(lg_text text, const char *offset, lg_time *time) { return read_time(text, lg_t(offset), time); }

static lg_text trimmed(lg_text text, const char *letters) {
  while (text.length && strchr(letters, *text.data)) text = from(text, 1);
  while (text.length && strchr(letters, text.data[text.length - 1])) text.length--;
  return text;
}

/* The charset parameter of a content type; empty when there is none. */
static lg_text charset_of(lg_text content_type) {
  size_t end = 0;
  for (bool is_first = true; end <= content_type.length; is_first = false, end++) {
    size_t start = end, equals = 0;
    for (; end < content_type.length && content_type.data[end] != ';'; end++)
      if (content_type.data[end] == '=' && !equals) equals = end;
    if (is_first || !equals) continue;
    lg_text name = trimmed((lg_text){content_type.data + start, equals - start}, " \t");
    lg_text value = {content_type.data + equals + 1, end - equals - 1};
    if (is_word(name, "charset")) return trimmed(trimmed(value, " \t"), "\"'");
  }
  return lg_t("");
}

void lg_encodings(lg_text payload, lg_text content_type, lg_text *declared, lg_encoding *used) {
  static const struct { const char *label; lg_encoding encoding; } labels[] = {
      {"utf-8", LG_ENCODING_UTF_8},     {"utf8", LG_ENCODING_UTF_8},   {"gb18030", LG_ENCODING_GB18030},
      {"gb-18030", LG_ENCODING_GB18030}, {"gbk", LG_ENCODING_GBK},      {"cp936", LG_ENCODING_GBK},
      {"windows-936", LG_ENCODING_GBK},  {"gb2312", LG_ENCODING_GBK},   {"gb_2312-80", LG_ENCODING_GBK},
  };
  *declared = charset_of(content_type);
  *used = LG_ENCODING_UTF_8;
  /* A byte order mark is not ASCII either. */
  for (size_t i = 0; i < payload.length; i++)
    if ((unsigned char)payload.data[i] >= 0x80) return;
  *used = LG_ENCODING_ASCII;
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
    if (is_word(*declared, labels[i].label)) *used = labels[i].encoding;
}
