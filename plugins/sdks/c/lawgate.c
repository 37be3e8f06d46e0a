/* The exports of the contract, over what an adapter defines. */
#include "lawgate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapter.h"

struct lg_faults {
  adapter_list_configuration_fault_t list;
};

static void *configuration;

void *lg_allocate(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory) abort();
  return memory;
}

/* A text of the contract; the memory is the guest's and is never freed, because the sandbox is dropped. */
static adapter_string_t given(lg_text text) {
  uint8_t *copy = lg_allocate(text.length);
  if (text.length) memcpy(copy, text.data, text.length);
  return (adapter_string_t){copy, text.length};
}

lg_text lg_format(const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) abort();
  char *text = lg_allocate((size_t)length + 1);
  vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return (lg_text){text, (size_t)length};
}

lg_text lg_attribute_of(const lg_message *message, const char *name) {
  for (size_t i = 0; i < message->attribute_count; i++)
    if (lg_is(message->attributes[i].name, name)) return message->attributes[i].value;
  return lg_t("");
}

void lg_add_fault(lg_faults *faults, lg_text path, lg_text text) {
  size_t count = faults->list.len;
  faults->list.ptr = realloc(faults->list.ptr, (count + 1) * sizeof *faults->list.ptr);
  if (!faults->list.ptr) abort();
  faults->list.ptr[count] = (adapter_configuration_fault_t){given(path), given(text)};
  faults->list.len = count + 1;
}

void exports_adapter_describe(adapter_description_t *ret) {
  const lg_adapter *a = &lawgate_adapter;
  size_t count = 0;
  while (a->feed_kinds[count]) count++;
  adapter_string_t *kinds = lg_allocate(count * sizeof *kinds);
  for (size_t i = 0; i < count; i++) kinds[i] = given(lg_t(a->feed_kinds[i]));
  ret->id = given(lg_t(a->id));
  ret->version = given(lg_t(a->version));
  ret->feed_kinds = (adapter_list_string_t){kinds, count};
  ret->schema_version = given(lg_t(a->schema_version));
  ret->limits = (lawgate_adapter_types_limits_t){a->memory_bytes, a->deadline_ms};
}

bool exports_adapter_configure(adapter_list_u8_t *bytes, adapter_list_configuration_fault_t *err) {
  lg_faults faults = {{NULL, 0}};
  configuration = lawgate_adapter.configure((lg_text){(const char *)bytes->ptr, bytes->len}, &faults);
  if (faults.list.len == 0) return true;
  *err = faults.list;
  return false;
}

static adapter_outcome_t outcome(const adapter_message_t *message) {
  size_t count = message->attributes.len;
  lg_attribute *attributes = lg_allocate(count * sizeof *attributes);
  for (size_t i = 0; i < count; i++) {
    const lawgate_adapter_types_attribute_t *stated = &message->attributes.ptr[i];
    attributes[i].name = (lg_text){(const char *)stated->name.ptr, stated->name.len};
    attributes[i].value = (lg_text){(const char *)stated->value.ptr, stated->value.len};
  }
  lg_message own = {{(const char *)message->payload.ptr, message->payload.len}, attributes, count};
  lg_writer writer = {0};
  lg_rejection why = {lg_t(""), 0, lg_t("")};
  adapter_outcome_t made;
  if (lawgate_adapter.convert(configuration, &own, (lg_conversion){&writer}, &why)) {
    /* A message that was begun and not ended would be cut; that is a fault of the adapter. */
    if (writer.depth) abort();
    made.tag = LAWGATE_ADAPTER_TYPES_OUTCOME_CONVERTED;
    made.val.converted = (adapter_list_u8_t){writer.data ? writer.data : lg_allocate(0), writer.length};
  } else {
    made.tag = LAWGATE_ADAPTER_TYPES_OUTCOME_REJECTED;
    made.val.rejected = (lawgate_adapter_types_rejection_t){given(why.code), why.offset, given(why.text)};
  }
  return made;
}

void exports_adapter_convert(adapter_list_message_t *messages, adapter_list_outcome_t *ret) {
  ret->len = messages->len;
  ret->ptr = lg_allocate(messages->len * sizeof *ret->ptr);
  for (size_t i = 0; i < messages->len; i++) ret->ptr[i] = outcome(&messages->ptr[i]);
}
