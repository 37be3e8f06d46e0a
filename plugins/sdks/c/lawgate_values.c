/* Values that many feeds share. */
#include "lawgate_values.h"

static bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool lg_decimal(lg_text text, lg_text *decimal) {
  size_t at = 0;
  bool negative = false;
  if (at < text.length && (text.data[at] == '+' || text.data[at] == '-')) negative = text.data[at++] == '-';
  char *digits = lg_allocate(text.length + 1);
  size_t count = 0, whole;
  while (at < text.length && is_digit(text.data[at])) digits[count++] = text.data[at++];
  whole = count;
  if (whole == 0) return false;
  if (at < text.length && text.data[at] == '.') {
    at++;
    while (at < text.length && is_digit(text.data[at])) digits[count++] = text.data[at++];
    if (count == whole) return false;
  }
  long shift = 0;
  if (at < text.length && (text.data[at] | 0x20) == 'e') {
    at++;
    bool minus = at < text.length && text.data[at] == '-';
    if (at < text.length && (text.data[at] == '-' || text.data[at] == '+')) at++;
    size_t start = at;
    while (at < text.length && is_digit(text.data[at])) shift = shift * 10 + (text.data[at++] - '0');
    if (at == start || at - start > 3) return false;
    if (minus) shift = -shift;
  }
  if (at != text.length) return false;
  long point = (long)whole + shift;
  size_t size = count + (size_t)(shift < 0 ? -shift : shift) + 4, length = 0;
  char *out = lg_allocate(size);
  if (negative) out[length++] = '-';
  size_t begin = length;
  for (long i = 0; i < point; i++) {
    char digit = i < (long)count ? digits[i] : '0';
    /* Leading zeros are left out, but for the last digit before the point. */
    if (digit == '0' && length == begin && i + 1 < point) continue;
    out[length++] = digit;
  }
  if (point <= 0) out[length++] = '0';
  if (point < (long)count) {
    out[length++] = '.';
    for (long i = point; i < (long)count; i++) out[length++] = i < 0 ? '0' : digits[i];
  }
  *decimal = (lg_text){out, length};
  return true;
}

static int two(const char *text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

/* Whether `text` has digits where the pattern has 0, and otherwise the pattern's letters. */
static bool like(const char *text, const char *pattern) {
  for (; *pattern; text++, pattern++)
    if (*pattern == '0' ? !is_digit(*text) : *text != *pattern) return false;
  return true;
}

bool lg_time_read(lg_text text, lg_time *time) {
  const char *t = text.data;
  if (text.length < 20 || !like(t, "0000-00-00") || !like(t + 11, "00:00:00")) return false;
  if (t[10] != 'T' && t[10] != 't' && t[10] != ' ') return false;
  size_t at = 19;
  if (t[at] == '.') {
    at++;
    while (at < text.length && is_digit(t[at])) at++;
    if (at < 21 || at > 29) return false;
  }
  size_t fraction = at - 19, left = text.length - at;
  bool utc = left == 1 && (t[at] == 'Z' || t[at] == 'z');
  if (!utc && !(left == 6 && (t[at] == '+' || t[at] == '-') && like(t + at + 1, "00:00"))) return false;
  int year = two(t) * 100 + two(t + 2), month = two(t + 5), day = two(t + 8);
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int days[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) return false;
  if (two(t + 11) > 23 || two(t + 14) > 59 || two(t + 17) > 59) return false;
  if (!utc && (two(t + at + 1) > 23 || two(t + at + 4) > 59)) return false;
  char *out = lg_allocate(at + 6);
  memcpy(out, t, at);
  out[10] = 'T';
  memcpy(out + at, utc ? "+00:00" : t + at, 6);
  time->text = (lg_text){out, at + 6};
  time->offset = (lg_text){out + at, 6};
  time->precision = fraction == 0 ? LG_PRECISION_SECOND : fraction <= 4 ? LG_PRECISION_MILLISECOND : LG_PRECISION_NANOSECOND;
  return true;
}
