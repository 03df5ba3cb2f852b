/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What S3 answers in XML, as far as it is needed: elements with their text, one after the other.
 * Attributes, comments and white space between elements are passed over; there are no namespaces to
 * look at. Pure, and safe on anything.
 */
#ifndef WEIR_CONNECTORS_S3_ANSWER_H
#define WEIR_CONNECTORS_S3_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "text/buffer.h"

/* Zero-initialised but for at and end. */
struct wr_s3_xml {
  const char *at, *end;
  const char *name; /* of the element that begins or ends here; not terminated */
  size_t name_length;
  bool is_end;
  struct wr_buffer text; /* behind the beginning, up to the next tag; entities resolved */
};

/* The next beginning or end of an element; false: there is none. */
bool wr_s3_xml_next(struct wr_s3_xml *xml);
bool wr_s3_xml_is(const struct wr_s3_xml *xml, const char *name);

struct wr_s3_object {
  const char *key; /* not empty */
  int64_t size;    /* -1: not said */
};

/* One page of ListObjectsV2. */
struct wr_s3_page {
  struct wr_s3_object *objects;
  uint32_t object_count;
  const char *next; /* continuation token; NULL: this was the last page */
};

/* Texts live in the arena. False: it is no such answer. */
bool wr_s3_page_parse(const char *bytes, size_t length, struct wr_arena *arena,
                      struct wr_s3_page *out);

/* ---- uploads of several parts */

#define WR_S3_PARTS_MAX        10000 /* of an upload */
#define WR_S3_UPLOAD_BYTES_MAX 1024  /* of an upload's id */

/* The id of an upload that was begun. NULL: it is no such answer. */
const char *wr_s3_begun_parse(const char *bytes, size_t length, struct wr_arena *arena);

/* Whether an upload was completed; that it was not may come with status 200, too. */
bool wr_s3_completed_parse(const char *bytes, size_t length);

struct wr_s3_upload {
  const char *key, *id; /* neither is empty */
};

/* One page of ListMultipartUploads. */
struct wr_s3_uploads {
  struct wr_s3_upload *uploads;
  uint32_t upload_count;
  const char *next_key, *next_id; /* where the next page begins; NULL: this was the last one */
};

bool wr_s3_uploads_parse(const char *bytes, size_t length, struct wr_arena *arena,
                         struct wr_s3_uploads *out);

struct wr_s3_stored {
  uint32_t number; /* from 1 */
  int64_t size;
  const char *etag; /* not empty */
};

/* One page of ListParts. */
struct wr_s3_parts {
  struct wr_s3_stored *parts;
  uint32_t part_count;
  uint32_t next; /* the page behind this part; 0: this was the last one */
};

bool wr_s3_parts_parse(const char *bytes, size_t length, struct wr_arena *arena,
                       struct wr_s3_parts *out);

#endif
