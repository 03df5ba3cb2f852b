/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly-once objects. Writers only store parts of uploads, which nobody sees; when an epoch is
 * sealed, its uploads are completed here. S3 completes an upload once, so doing it again cannot
 * make an object twice: an upload that is not there was completed, if its object is there and was
 * made by this job, or else something is gone that the epoch counts on.
 *
 * Before its first upload is completed, the number of an epoch goes into the sink's mark, a small
 * object, so that a start from an older epoch is noticed. At the start of a job all uploads of the
 * sink that the epoch does not name are aborted: their rows come again.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/s3_complete.h"
#include "core/time.h"
#include "text/number.h"

#define MARK_BYTES_MAX 64

struct publisher {
  struct wr_publisher publisher;
  struct wr_s3_completer completer;
  struct wr_arena arena; /* as long as it is open */
  struct wr_s3_place place;
  struct wr_s3_names names;
  bool is_marked; /* the mark says mark_epoch */
  uint64_t mark_epoch;
  void (*note)(void *self, const char *message);
  void *note_self;
};

/* ---- the mark */

static enum wr_code mark_read(struct publisher *self, struct wr_arena *arena, struct wr_error *err)
{
  struct wr_s3_answer answer;
  struct wr_aws_request request;
  wr_s3_request(self->completer.aws, arena, "GET", self->place.bucket, self->names.mark, &request);
  enum wr_code code = wr_s3_ask(&self->completer, &request, arena, &answer, err);
  if (code != WR_OK || answer.status == 404)
    return code == WR_OK && strcmp(answer.error, "NoSuchBucket") == 0
               ? wr_s3_ask_fail(&self->completer, &answer, "look for", self->names.mark, err)
               : code;
  if (answer.code != WR_OK)
    return wr_s3_ask_fail(&self->completer, &answer, "read", self->names.mark, err);
  int64_t epoch;
  size_t length = answer.length;
  while (length && answer.body[length - 1] == '\n')
    length--;
  if (length > MARK_BYTES_MAX || !wr_parse_i64(answer.body, length, &epoch) || epoch < 0)
    return wr_fail(err, WR_DATA, "table %s: the object s3://%s/%s is damaged",
                   self->completer.table, self->place.bucket, self->names.mark);
  self->is_marked = true;
  self->mark_epoch = (uint64_t)epoch;
  return WR_OK;
}

static enum wr_code mark_write(struct publisher *self, struct wr_arena *arena, uint64_t epoch,
                               struct wr_error *err)
{
  const struct wr_http_header job = {WR_S3_META_JOB, self->completer.job};
  struct wr_s3_answer answer;
  struct wr_aws_request request;
  if (self->is_marked && self->mark_epoch == epoch)
    return WR_OK;
  wr_s3_request(self->completer.aws, arena, "PUT", self->place.bucket, self->names.mark, &request);
  request.headers = &job;
  request.header_count = 1;
  request.body = wr_arena_print(arena, "%" PRIu64 "\n", epoch);
  request.body_length = strlen(request.body);
  enum wr_code code = wr_s3_ask(&self->completer, &request, arena, &answer, err);
  if (code != WR_OK)
    return code;
  if (answer.code != WR_OK)
    return wr_s3_ask_fail(&self->completer, &answer, "store", self->names.mark, err);
  self->is_marked = true;
  self->mark_epoch = epoch;
  return WR_OK;
}

/* ---- what an epoch says */

static int item_compare(const void *a, const void *b)
{
  const struct wr_s3_item *x = a, *y = b;
  int order = strcmp(x->entry.key, y->entry.key);
  return order ? order : strcmp(x->entry.upload, y->entry.upload);
}

/* Memory comes from the arena. */
static enum wr_code items_read(const struct publisher *self, const struct wr_slice *outboxes,
                               uint32_t outbox_count, struct wr_arena *arena,
                               struct wr_s3_items *out, struct wr_error *err)
{
  struct wr_outbox_list outbox;
  enum wr_code code = WR_OK;
  uint64_t room = 0;
  *out = (struct wr_s3_items){0};
  for (uint32_t o = 0; code == WR_OK && o < outbox_count; o++) {
    code = wr_s3_outbox_open(&outbox, outboxes[o], err);
    room += outbox.left; /* never more than the outbox has bytes */
  }
  if (code != WR_OK)
    return code;
  out->items = WR_NEW_ARRAY(arena, struct wr_s3_item, room);
  for (uint32_t o = 0; code == WR_OK && o < outbox_count; o++) {
    code = wr_s3_outbox_open(&outbox, outboxes[o], err);
    while (code == WR_OK && outbox.left) {
      struct wr_s3_item *item = &out->items[out->count++];
      assert(out->count <= room);
      item->arena = arena;
      code = wr_s3_outbox_next(&outbox, &item->entry, err);
      const char *name = code == WR_OK ? strrchr(item->entry.key, '/') : NULL;
      name = name ? name + 1 : item->entry.key;
      if (code == WR_OK && strncmp(name, self->names.start, strlen(self->names.start)) != 0)
        code = wr_fail(err, WR_DATA,
                       "a list of uploads in the epoch is damaged: %s is no object of %s",
                       item->entry.key, self->completer.table);
    }
  }
  if (code == WR_OK && out->count)
    qsort(out->items, out->count, sizeof *out->items, item_compare);
  return code;
}

/* ---- going on */

static enum wr_code recover_is_behind(const struct publisher *self,
                                      const struct wr_recovery *recovery, bool *is_behind,
                                      struct wr_error *err)
{
  *is_behind = self->is_marked && self->mark_epoch > recovery->epoch;
  if (!*is_behind || recovery->allow_duplicates)
    return WR_OK;
  wr_fail(err, WR_DATA,
          "table %s: objects of epoch %" PRIu64
          " have appeared in s3://%s/%s, so rows behind epoch %" PRIu64 " would be there twice",
          self->completer.table, self->mark_epoch, self->place.bucket, self->names.base,
          recovery->epoch);
  return wr_hint(err,
                 "only the newest epoch can be gone on from without doubles; --allow-duplicates "
                 "accepts the rows that come twice");
}

static enum wr_code publisher_fail_missing(const struct publisher *self,
                                           const struct wr_s3_item *item, uint64_t epoch,
                                           struct wr_error *err)
{
  const struct wr_s3_entry *entry = &item->entry;
  if (item->state == WR_S3_ITEM_SHORT)
    wr_fail(err, WR_DATA,
            "table %s: the upload of s3://%s/%s has not the %u parts with %" PRIu64
            " bytes that epoch %" PRIu64 " counts on",
            self->completer.table, entry->bucket, entry->key, entry->part_count, entry->bytes,
            epoch);
  else
    wr_fail(err, WR_DATA,
            "table %s: the upload of s3://%s/%s, which epoch %" PRIu64
            " counts on, is not there, nor is the object",
            self->completer.table, entry->bucket, entry->key, epoch);
  return wr_hint(err, "if a reader took the object away, or a lifecycle rule or somebody aborted "
                      "the upload, --allow-gap goes on without it");
}

/* Which uploads can be completed; refuses what is missing. */
static enum wr_code publisher_look(struct publisher *self, struct wr_arena *arena,
                                   struct wr_s3_items *items, uint64_t epoch, bool may_miss,
                                   bool allow_gap, struct wr_error *err)
{
  size_t missing = 0;
  struct wr_error first = {0};
  enum wr_code code = wr_s3_complete_look(&self->completer, items, err);
  for (size_t i = 0; code == WR_OK && i < items->count; i++) {
    struct wr_s3_item *item = &items->items[i];
    bool is_missing = item->state == WR_S3_ITEM_MISSING || item->state == WR_S3_ITEM_SHORT;
    if (is_missing && !may_miss && missing++ == 0)
      publisher_fail_missing(self, item, epoch, &first);
  }
  if (code != WR_OK || missing == 0)
    return code;
  if (!allow_gap) {
    *err = first;
    return err->code;
  }
  const char *more = missing > 1 ? wr_arena_print(arena, ", and %zu more", missing - 1) : "";
  if (self->note)
    self->note(self->note_self,
               wr_arena_print(arena, "%s%s; going on with a gap", first.message, more));
  return WR_OK;
}

/* Completes what can be. */
static enum wr_code publisher_do(struct publisher *self, struct wr_arena *arena,
                                 struct wr_s3_items *items, uint64_t epoch, struct wr_error *err)
{
  enum wr_code code = mark_write(self, arena, epoch, err);
  if (code == WR_OK)
    code = wr_s3_complete(&self->completer, items, err);
  for (size_t i = 0; code == WR_OK && i < items->count; i++)
    if (items->items[i].is_tried && items->items[i].state != WR_S3_ITEM_DONE)
      code = publisher_fail_missing(self, &items->items[i], epoch, err);
  return code;
}

static enum wr_code recover_epoch(struct publisher *self, struct wr_arena *arena,
                                  const struct wr_recovery *recovery, struct wr_error *err)
{
  struct wr_s3_items items;
  bool is_behind = false;
  enum wr_code code =
      items_read(self, recovery->outboxes, recovery->outbox_count, arena, &items, err);
  if (code == WR_OK)
    code = recover_is_behind(self, recovery, &is_behind, err);
  if (code == WR_OK && recovery->is_published)
    items.count = 0; /* objects may have been taken away since */
  if (code == WR_OK)
    code =
        publisher_look(self, arena, &items, recovery->epoch, is_behind, recovery->allow_gap, err);
  if (code == WR_OK && (items.count || is_behind))
    code = publisher_do(self, arena, &items, recovery->epoch, err);
  return code;
}

/* ---- uploads that no epoch knows */

static enum wr_code abort_upload(struct publisher *self, struct wr_arena *arena,
                                 const struct wr_s3_upload *upload, struct wr_error *err)
{
  struct wr_s3_answer answer;
  struct wr_aws_request request;
  wr_s3_request(self->completer.aws, arena, "DELETE", self->place.bucket, upload->key, &request);
  request.query = wr_arena_print(arena, "uploadId=%s", wr_s3_escape(arena, upload->id));
  enum wr_code code = wr_s3_ask(&self->completer, &request, arena, &answer, err);
  if (code != WR_OK || answer.code == WR_OK || answer.status == 404)
    return code;
  return wr_s3_ask_fail(&self->completer, &answer, "abort the upload of", upload->key, err);
}

/* One page; *uploads says where the next one begins, and is that of the page before. */
static enum wr_code abort_page(struct publisher *self, struct wr_arena *arena,
                               struct wr_s3_uploads *uploads, struct wr_error *err)
{
  struct wr_s3_answer answer;
  struct wr_aws_request request;
  const char *prefix = wr_s3_escape(arena, self->names.base);
  wr_s3_request(self->completer.aws, arena, "GET", self->place.bucket, NULL, &request);
  request.query = uploads->next_key
                      ? wr_arena_print(arena, "key-marker=%s&prefix=%s&upload-id-marker=%s&uploads",
                                       wr_s3_escape(arena, uploads->next_key), prefix,
                                       wr_s3_escape(arena, uploads->next_id))
                      : wr_arena_print(arena, "prefix=%s&uploads", prefix);
  enum wr_code code = wr_s3_ask(&self->completer, &request, arena, &answer, err);
  if (code != WR_OK)
    return code;
  if (answer.code != WR_OK)
    return wr_s3_ask_fail(&self->completer, &answer, "list the uploads below", self->names.base,
                          err);
  if (!wr_s3_uploads_parse(answer.body, answer.length, arena, uploads))
    return wr_fail(err, WR_IO, "table %s: the list of uploads in s3://%s/%s makes no sense",
                   self->completer.table, self->place.bucket, self->names.base);
  for (uint32_t i = 0; code == WR_OK && i < uploads->upload_count; i++)
    if (wr_s3_names_has(&self->names, uploads->uploads[i].key))
      code = abort_upload(self, arena, &uploads->uploads[i], err);
  return code;
}

static enum wr_code publisher_abort_rest(struct publisher *self, struct wr_error *err)
{
  struct wr_s3_uploads uploads = {0};
  struct wr_arena arenas[2] = {{0}}; /* of this page, and of the one before */
  enum wr_code code = WR_OK;
  uint32_t page = 0;
  do {
    wr_arena_reset(&arenas[page & 1]);
    code = abort_page(self, &arenas[page++ & 1], &uploads, err);
  } while (code == WR_OK && uploads.next_key);
  wr_arena_free(&arenas[0]);
  wr_arena_free(&arenas[1]);
  return code;
}

static enum wr_code publisher_recover(struct wr_publisher *publisher,
                                      const struct wr_recovery *recovery, struct wr_error *err)
{
  struct publisher *self = (struct publisher *)publisher;
  struct wr_arena arena = {0};
  self->completer.is_patient = false;
  enum wr_code code = mark_read(self, &arena, err);
  if (code == WR_OK && recovery->epoch)
    code = recover_epoch(self, &arena, recovery, err);
  if (code == WR_OK)
    code = publisher_abort_rest(self, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- publishing */

static enum wr_code publisher_publish(struct wr_publisher *publisher, uint64_t epoch,
                                      const struct wr_slice *outboxes, uint32_t outbox_count,
                                      struct wr_error *err)
{
  struct publisher *self = (struct publisher *)publisher;
  struct wr_arena arena = {0};
  struct wr_s3_items items;
  self->completer.is_patient = true;
  enum wr_code code = items_read(self, outboxes, outbox_count, &arena, &items, err);
  if (code == WR_OK && items.count)
    code = publisher_look(self, &arena, &items, epoch, false, false, err);
  if (code == WR_OK && items.count)
    code = publisher_do(self, &arena, &items, epoch, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- life */

static void publisher_cancel(struct wr_publisher *publisher)
{
  struct publisher *self = (struct publisher *)publisher;
  atomic_store(&self->completer.is_cancelled, true);
}

static void publisher_close(struct wr_publisher *publisher)
{
  struct publisher *self = (struct publisher *)publisher;
  wr_aws_close(self->completer.aws);
  wr_arena_free(&self->arena);
  free(self);
}

static enum wr_code publisher_open(const struct wr_table_spec *spec, struct wr_publisher **out,
                                   struct wr_error *err)
{
  struct publisher *self = wr_memory_get_zero(sizeof *self);
  self->publisher.class = &wr_s3_publisher;
  self->completer.table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->completer.job = wr_arena_copy(&self->arena, spec->job, strlen(spec->job));
  atomic_init(&self->completer.is_cancelled, false);
  self->note = spec->note;
  self->note_self = spec->note_self;
  wr_s3_place_parse(wr_options_find(spec->options, "path"), &self->arena, &self->place);
  wr_s3_names_make(spec, &self->place, &self->arena, &self->names);
  self->completer.bucket = self->place.bucket;
  enum wr_code code = wr_s3_open_client(spec, &self->completer.aws, err);
  if (code != WR_OK) {
    publisher_close(&self->publisher);
    return code;
  }
  *out = &self->publisher;
  return WR_OK;
}

const struct wr_publisher_class wr_s3_publisher = {
    .open = publisher_open,
    .recover = publisher_recover,
    .publish = publisher_publish,
    .cancel = publisher_cancel,
    .close = publisher_close,
};
