/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "connectors/outbox_list.h"

#include <assert.h>
#include <string.h>

/* ---- writing */

static void list_put_number(struct wr_buffer *bytes, uint64_t value, int width)
{
  assert(width > 0 && width <= 8);
  char *end = wr_buffer_reserve(bytes, (size_t)width);
  for (int i = 0; i < width; i++)
    end[i] = (char)(value >> 8 * i);
  wr_buffer_added(bytes, (size_t)width);
}

void wr_outbox_list_begin(struct wr_buffer *bytes, const struct wr_outbox_list_kind *kind,
                          uint64_t epoch, uint64_t entry_count)
{
  assert(strlen(kind->magic) == WR_OUTBOX_MAGIC_BYTES);
  wr_buffer_put(bytes, kind->magic, WR_OUTBOX_MAGIC_BYTES);
  list_put_number(bytes, epoch, 8);
  list_put_number(bytes, entry_count, 8);
}

void wr_outbox_list_put(struct wr_buffer *bytes, const struct wr_outbox_list_kind *kind,
                        const struct wr_outbox_list_entry *entry)
{
  for (int i = 0; i < WR_OUTBOX_NUMBERS; i++)
    list_put_number(bytes, entry->numbers[i], kind->number_bytes[i]);
  for (int i = 0; i < WR_OUTBOX_TEXTS; i++)
    wr_buffer_put(bytes, entry->texts[i], strlen(entry->texts[i]) + 1);
}

/* ---- reading */

/* Bytes of the least entry. */
static size_t kind_entry_bytes(const struct wr_outbox_list_kind *kind)
{
  size_t bytes = WR_OUTBOX_TEXTS * (kind->text_least + 1);
  for (int i = 0; i < WR_OUTBOX_NUMBERS; i++)
    bytes += (size_t)kind->number_bytes[i];
  return bytes;
}

enum wr_code wr_outbox_list_fail(const struct wr_outbox_list *list, const char *what,
                                 struct wr_error *err)
{
  return wr_fail(err, WR_DATA, "a list of %s in the epoch is damaged: %s", list->kind->of, what);
}

static uint64_t list_get_number(struct wr_outbox_list *list, int width)
{
  uint64_t value = 0;
  assert(width > 0 && width <= 8 && list->end - list->at >= width);
  for (int i = 0; i < width; i++)
    value |= (uint64_t)(unsigned char)*list->at++ << 8 * i;
  return value;
}

/* Lent from the list; NULL: there is none. */
static const char *list_get_text(struct wr_outbox_list *list, size_t least, size_t most)
{
  const char *text = list->at;
  size_t room = (size_t)(list->end - text);
  const char *end = memchr(text, 0, room < most + 1 ? room : most + 1);
  if (!end || (size_t)(end - text) < least)
    return NULL;
  list->at = end + 1;
  return text;
}

enum wr_code wr_outbox_list_open(struct wr_outbox_list *list,
                                 const struct wr_outbox_list_kind *kind, struct wr_slice bytes,
                                 struct wr_error *err)
{
  *list = (struct wr_outbox_list){
      .kind = kind, .at = bytes.bytes, .end = bytes.bytes ? bytes.bytes + bytes.length : NULL};
  if (bytes.length == 0)
    return WR_OK;
  if (bytes.length < WR_OUTBOX_MAGIC_BYTES + 16 ||
      memcmp(bytes.bytes, kind->magic, WR_OUTBOX_MAGIC_BYTES) != 0)
    return wr_outbox_list_fail(list, "it has no beginning", err);
  list->at += WR_OUTBOX_MAGIC_BYTES;
  list->epoch = list_get_number(list, 8);
  list->left = list_get_number(list, 8);
  if (list->left > (uint64_t)(list->end - list->at) / kind_entry_bytes(kind))
    return wr_outbox_list_fail(list, "it is too short", err);
  if (list->left == 0 && list->at != list->end)
    return wr_outbox_list_fail(list, "it is too long", err);
  return WR_OK;
}

enum wr_code wr_outbox_list_next(struct wr_outbox_list *list, struct wr_outbox_list_entry *entry,
                                 struct wr_error *err)
{
  const struct wr_outbox_list_kind *kind = list->kind;
  assert(list->left > 0);
  if ((size_t)(list->end - list->at) < kind_entry_bytes(kind))
    return wr_outbox_list_fail(list, "it ends early", err);
  for (int i = 0; i < WR_OUTBOX_NUMBERS; i++)
    entry->numbers[i] = list_get_number(list, kind->number_bytes[i]);
  for (int i = 0; i < WR_OUTBOX_TEXTS; i++) {
    entry->texts[i] = list_get_text(list, kind->text_least, kind->text_most[i]);
    if (!entry->texts[i])
      return wr_outbox_list_fail(list, "it has an entry that is none", err);
  }
  if (--list->left == 0 && list->at != list->end)
    return wr_outbox_list_fail(list, "it is too long", err);
  return WR_OK;
}
