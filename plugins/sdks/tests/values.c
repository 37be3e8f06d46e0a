/* The shared table of cases, values.json, as the kit for C reads it.
 *
 * Compiled for the machine, not for a sandbox, and run by `cargo xtask languages` with the table on standard input. */
#include "lawgate_values.h"

#include <stdio.h>
#include <stdlib.h>

static int failures;
static size_t cases;

void *lg_allocate(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory) abort();
  return memory;
}

/* A cell of a row; there are as many as are asked for. */
static const lg_node *cell(const lg_node *row, int number) {
  const lg_node *node = row->first;
  while (number-- > 0) node = node->next;
  return node;
}

static void expect(bool holds, const char *what, const lg_node *row) {
  cases++;
  if (holds) return;
  failures++;
  const lg_node *name = row->first;
  fprintf(stderr, "%s: not as in the row of \"%.*s\"\n", what, (int)name->text.length, name->text.data);
}

/* Whether a text, or none, is what the cell says. */
static bool is(bool has, lg_text found, const lg_node *expected) {
  return expected->kind == LG_NULL ? !has : has && lg_equal(found, expected->text);
}

static const char *name_of(const char *const *names, unsigned value) { return names[value]; }

static int whole(const lg_node *node) {
  char digits[8] = "";
  memcpy(digits, node->text.data, node->text.length < 7 ? node->text.length : 7);
  return atoi(digits);
}

static void check_number(const lg_node *row) {
  static const char *const severities[] = {"", "INFO", "WARNING", "ERROR"};
  static const char *const actions[] = {"", "KEPT", "NORMALISED", "PROPOSED", "DROPPED"};
  lg_number read = lg_number_read(cell(row, 0)->text);
  expect(is(read.has_value, read.value, cell(row, 1)), "number", row);
  expect(lg_is(cell(row, 2)->text, read.rule ? read.rule : ""), "rule", row);
  expect(lg_is(cell(row, 3)->text, name_of(severities, read.severity)), "severity", row);
  expect(lg_is(cell(row, 4)->text, name_of(actions, read.action)), "action", row);
}

static void check_decimal(const lg_node *row) {
  lg_text value = lg_t("");
  bool has = lg_decimal(cell(row, 0)->text, &value);
  expect(is(has, value, cell(row, 1)), "decimal", row);
}

static void check_shift(const lg_node *row) {
  lg_text moved = lg_t("");
  bool has = lg_shift(cell(row, 0)->text, whole(cell(row, 1)), &moved);
  expect(is(has, moved, cell(row, 2)), "shift", row);
}

static const char *precision(bool has, const lg_time *time) {
  static const char *const names[] = {"", "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "NANOSECOND"};
  return has ? name_of(names, time->precision) : "";
}

static void check_time(const lg_node *row) {
  lg_time time = {0};
  bool has = lg_time_read(cell(row, 0)->text, &time);
  expect(is(has, time.text, cell(row, 1)), "time", row);
  expect(lg_is(cell(row, 2)->text, precision(has, &time)), "precision", row);
  expect(!time.offset_assumed, "assumed", row);
}

static void check_local(const lg_node *row) {
  lg_time time = {0};
  char offset[8] = "";
  memcpy(offset, cell(row, 1)->text.data, cell(row, 1)->text.length);
  bool has = lg_time_read_local(cell(row, 0)->text, offset, &time);
  expect(is(has, time.text, cell(row, 2)), "local time", row);
  expect(lg_is(cell(row, 3)->text, precision(has, &time)), "precision", row);
  expect(!has || lg_equal(cell(row, 4)->text, time.offset), "offset", row);
  expect(time.offset_assumed == (cell(row, 5)->kind == LG_TRUE), "assumed", row);
}

static void check_json(const lg_node *row) {
  lg_fault fault = {0, "", ""};
  lg_json_read(cell(row, 0)->text, &fault);
  expect(lg_is(cell(row, 1)->text, fault.code), "code", row);
  expect(fault.offset == (size_t)whole(cell(row, 2)), "offset", row);
}

static void check_facts(const lg_node *row) {
  static const char *const names[] = {"", "UTF_8", "GB18030", "GBK", "UTF_16LE", "LATIN_1", "ASCII"};
  lg_text declared;
  lg_encoding used;
  lg_encodings(cell(row, 0)->text, cell(row, 1)->text, &declared, &used);
  expect(lg_equal(declared, cell(row, 2)->text), "declared", row);
  expect(lg_is(cell(row, 3)->text, name_of(names, used)), "encoding", row);
}

int main(void) {
  static const struct { const char *name; void (*check)(const lg_node *row); } tables[] = {
      {"numbers", check_number}, {"decimals", check_decimal}, {"shifts", check_shift}, {"times", check_time},
      {"local", check_local},    {"json", check_json},        {"facts", check_facts},
  };
  static char table[1 << 16];
  lg_fault fault;
  const lg_node *root = lg_json_read((lg_text){table, fread(table, 1, sizeof table, stdin)}, &fault);
  if (!root) return fprintf(stderr, "byte %zu of the table: %s\n", fault.offset, fault.text), 1;
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    const lg_node *rows = lg_get(root, tables[i].name);
    if (!rows || !rows->first) return fprintf(stderr, "the table has no %s\n", tables[i].name), 1;
    for (const lg_node *row = rows->first; row; row = row->next) tables[i].check(row);
  }
  if (failures) return 1;
  printf("c: %zu statements of the shared table hold\n", cases);
  return 0;
}
