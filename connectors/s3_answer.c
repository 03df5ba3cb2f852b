/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "connectors/s3_answer.h"

#include <stdlib.h>

#include "core/grow.h"
#include "text/number.h"
#include "text/utf8.h"

#define S3_ENTITY_BYTES_MAX 10 /* between & and ; */

/* ---- elements */

/* &amp; and the like; what is none stays as it is. Returns how many bytes it took. */
static size_t xml_put_entity(struct wr_buffer *out, const char *at, size_t length)
{
  static const struct {
    const char *name;
    char character;
  } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
    size_t size = strlen(entities[i].name);
    if (length >= size && memcmp(at, entities[i].name, size) == 0) {
      wr_buffer_put_char(out, entities[i].character);
      return size;
    }
  }
  const char *end = memchr(at, ';', length < S3_ENTITY_BYTES_MAX ? length : S3_ENTITY_BYTES_MAX);
  if (end && end > at + 2 && at[1] == '#') {
    bool is_hex = at[2] == 'x' || at[2] == 'X';
    char digits[S3_ENTITY_BYTES_MAX] = "", *stop, bytes[4];
    memcpy(digits, at + 2 + is_hex, (size_t)(end - at) - 2 - is_hex);
    unsigned long point = strtoul(digits, &stop, is_hex ? 16 : 10);
    bool is_character = *digits && *digits != '-' && *digits != '+' && !*stop && point > 0 &&
                        point < 0x110000 && (point < 0xd800 || point > 0xdfff);
    if (is_character) {
      wr_buffer_put(out, bytes, wr_utf8_put((uint32_t)point, bytes));
      return (size_t)(end - at) + 1;
    }
  }
  wr_buffer_put_char(out, *at);
  return 1;
}

static void xml_take_text(struct wr_s3_xml *xml)
{
  while (xml->at < xml->end && *xml->at != '<') {
    if (*xml->at == '&')
      xml->at += xml_put_entity(&xml->text, xml->at, (size_t)(xml->end - xml->at));
    else
      wr_buffer_put_char(&xml->text, *xml->at++);
  }
}

bool wr_s3_xml_next(struct wr_s3_xml *xml)
{
  for (;;) {
    size_t left = (size_t)(xml->end - xml->at);
    const char *begin = left ? memchr(xml->at, '<', left) : NULL;
    const char *close = begin ? memchr(begin, '>', (size_t)(xml->end - begin)) : NULL;
    if (!close)
      return false;
    xml->at = close + 1;
    xml->is_end = begin[1] == '/';
    xml->name = begin + 1 + xml->is_end;
    xml->name_length = 0;
    while (xml->name + xml->name_length < close &&
           !memchr(" \t\r\n/", xml->name[xml->name_length], 5))
      xml->name_length++;
    wr_buffer_clear(&xml->text);
    if (xml->name_length == 0 || *xml->name == '?' || *xml->name == '!')
      continue;
    if (!xml->is_end && close[-1] != '/')
      xml_take_text(xml);
    return true;
  }
}

bool wr_s3_xml_is(const struct wr_s3_xml *xml, const char *name)
{
  return xml->name_length == strlen(name) && memcmp(xml->name, name, xml->name_length) == 0;
}

/* ---- pages */

static void page_add(struct wr_s3_page *page, struct wr_arena *arena, uint32_t *capacity,
                     struct wr_s3_object object)
{
  page->objects =
      wr_grow(arena, page->objects, page->object_count, capacity, sizeof *page->objects);
  page->objects[page->object_count++] = object;
}

bool wr_s3_page_parse(const char *bytes, size_t length, struct wr_arena *arena,
                      struct wr_s3_page *out)
{
  struct wr_s3_xml xml = {.at = bytes, .end = bytes + length};
  struct wr_s3_object object = {.size = -1};
  bool in_object = false, is_page = false, is_truncated = false;
  uint32_t capacity = 0;
  *out = (struct wr_s3_page){.next = NULL};
  while (wr_s3_xml_next(&xml)) {
    if (wr_s3_xml_is(&xml, "ListBucketResult")) {
      is_page = true;
    } else if (wr_s3_xml_is(&xml, "Contents")) {
      in_object = !xml.is_end;
      if (xml.is_end && object.key && *object.key)
        page_add(out, arena, &capacity, object);
      object = (struct wr_s3_object){.size = -1};
    } else if (xml.is_end) {
      continue;
    } else if (in_object && wr_s3_xml_is(&xml, "Key")) {
      object.key = wr_arena_copy(arena, wr_buffer_string(&xml.text), xml.text.length);
    } else if (in_object && wr_s3_xml_is(&xml, "Size")) {
      if (!wr_parse_i64(wr_buffer_string(&xml.text), xml.text.length, &object.size))
        object.size = -1;
    } else if (!in_object && wr_s3_xml_is(&xml, "IsTruncated")) {
      is_truncated = strcmp(wr_buffer_string(&xml.text), "true") == 0;
    } else if (!in_object && wr_s3_xml_is(&xml, "NextContinuationToken") && xml.text.length) {
      out->next = wr_arena_copy(arena, wr_buffer_string(&xml.text), xml.text.length);
    }
  }
  wr_buffer_free(&xml.text);
  if (!is_truncated)
    out->next = NULL;
  return is_page && (!is_truncated || out->next);
}

/* ---- uploads of several parts */

static const char *xml_copy(struct wr_s3_xml *xml, struct wr_arena *arena)
{
  return wr_arena_copy(arena, wr_buffer_string(&xml->text), xml->text.length);
}

static int64_t xml_number(struct wr_s3_xml *xml)
{
  int64_t number;
  bool is_number = wr_parse_i64(wr_buffer_string(&xml->text), xml->text.length, &number);
  return is_number ? number : -1;
}

/* A list that grows in an arena: the room for one more. */
static void *list_add(struct wr_arena *arena, void *list, uint32_t count, size_t size)
{
  if (count && (count < 16 || (count & (count - 1)) != 0))
    return list;
  void *larger = wr_arena_get_zero(arena, (count ? 2 * (size_t)count : 16) * size);
  if (count)
    memcpy(larger, list, count * size);
  return larger;
}

const char *wr_s3_begun_parse(const char *bytes, size_t length, struct wr_arena *arena)
{
  struct wr_s3_xml xml = {.at = bytes, .end = bytes + length};
  const char *id = NULL;
  bool is_answer = false;
  while (wr_s3_xml_next(&xml)) {
    if (wr_s3_xml_is(&xml, "InitiateMultipartUploadResult"))
      is_answer = true;
    else if (!xml.is_end && wr_s3_xml_is(&xml, "UploadId"))
      id = xml_copy(&xml, arena);
  }
  wr_buffer_free(&xml.text);
  return is_answer && id && *id && strlen(id) <= WR_S3_UPLOAD_BYTES_MAX ? id : NULL;
}

bool wr_s3_completed_parse(const char *bytes, size_t length)
{
  struct wr_s3_xml xml = {.at = bytes, .end = bytes + length};
  bool is_answer = wr_s3_xml_next(&xml) && wr_s3_xml_is(&xml, "CompleteMultipartUploadResult");
  wr_buffer_free(&xml.text);
  return is_answer;
}

bool wr_s3_uploads_parse(const char *bytes, size_t length, struct wr_arena *arena,
                         struct wr_s3_uploads *out)
{
  struct wr_s3_xml xml = {.at = bytes, .end = bytes + length};
  struct wr_s3_upload upload = {NULL, NULL};
  bool in_upload = false, is_page = false, is_truncated = false;
  *out = (struct wr_s3_uploads){0};
  while (wr_s3_xml_next(&xml)) {
    if (wr_s3_xml_is(&xml, "ListMultipartUploadsResult")) {
      is_page = true;
    } else if (wr_s3_xml_is(&xml, "Upload")) {
      in_upload = !xml.is_end;
      if (xml.is_end && upload.key && *upload.key && upload.id && *upload.id) {
        out->uploads = list_add(arena, out->uploads, out->upload_count, sizeof upload);
        out->uploads[out->upload_count++] = upload;
      }
      upload = (struct wr_s3_upload){NULL, NULL};
    } else if (xml.is_end) {
      continue;
    } else if (in_upload && wr_s3_xml_is(&xml, "Key")) {
      upload.key = xml_copy(&xml, arena);
    } else if (in_upload && wr_s3_xml_is(&xml, "UploadId")) {
      upload.id = xml_copy(&xml, arena);
    } else if (!in_upload && wr_s3_xml_is(&xml, "IsTruncated")) {
      is_truncated = strcmp(wr_buffer_string(&xml.text), "true") == 0;
    } else if (!in_upload && wr_s3_xml_is(&xml, "NextKeyMarker") && xml.text.length) {
      out->next_key = xml_copy(&xml, arena);
    } else if (!in_upload && wr_s3_xml_is(&xml, "NextUploadIdMarker") && xml.text.length) {
      out->next_id = xml_copy(&xml, arena);
    }
  }
  wr_buffer_free(&xml.text);
  if (!is_truncated)
    out->next_key = out->next_id = NULL;
  return is_page && (!is_truncated || (out->next_key && out->next_id));
}

/* What is inside of a Part. */
static void parts_take(struct wr_s3_xml *xml, struct wr_arena *arena, struct wr_s3_stored *part)
{
  if (wr_s3_xml_is(xml, "PartNumber")) {
    int64_t number = xml_number(xml);
    part->number = number >= 1 && number <= WR_S3_PARTS_MAX ? (uint32_t)number : 0;
  } else if (wr_s3_xml_is(xml, "Size")) {
    part->size = xml_number(xml);
  } else if (wr_s3_xml_is(xml, "ETag") && xml->text.length) {
    part->etag = xml_copy(xml, arena);
  }
}

bool wr_s3_parts_parse(const char *bytes, size_t length, struct wr_arena *arena,
                       struct wr_s3_parts *out)
{
  struct wr_s3_xml xml = {.at = bytes, .end = bytes + length};
  struct wr_s3_stored part = {.size = -1};
  bool in_part = false, is_page = false, is_truncated = false, is_sound = true;
  int64_t next = 0;
  *out = (struct wr_s3_parts){0};
  while (wr_s3_xml_next(&xml)) {
    if (wr_s3_xml_is(&xml, "ListPartsResult")) {
      is_page = true;
    } else if (wr_s3_xml_is(&xml, "Part")) {
      in_part = !xml.is_end;
      if (xml.is_end && part.number && part.size >= 0 && part.etag && *part.etag) {
        out->parts = list_add(arena, out->parts, out->part_count, sizeof part);
        out->parts[out->part_count++] = part;
      } else if (xml.is_end) {
        is_sound = false;
      }
      part = (struct wr_s3_stored){.size = -1};
    } else if (xml.is_end) {
      continue;
    } else if (in_part) {
      parts_take(&xml, arena, &part);
    } else if (wr_s3_xml_is(&xml, "IsTruncated")) {
      is_truncated = strcmp(wr_buffer_string(&xml.text), "true") == 0;
    } else if (wr_s3_xml_is(&xml, "NextPartNumberMarker")) {
      next = xml_number(&xml);
    }
  }
  wr_buffer_free(&xml.text);
  bool has_next = next >= 1 && next <= WR_S3_PARTS_MAX;
  out->next = is_truncated && has_next ? (uint32_t)next : 0;
  return is_page && is_sound && (!is_truncated || has_next);
}
