/* SPDX-License-Identifier: Apache-2.0 */
/* Aggregated records, as any producer may write them. The fuzzer cannot guess the digest: the input
 * is what stands between the magic bytes and it. What can be read can be written again, and is the
 * same then. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/kpl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static bool is_equal(struct wr_slice a, struct wr_slice b)
{
  return !a.bytes == !b.bytes && a.length == b.length &&
         (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static void write_again(const char *bytes, size_t length)
{
  struct wr_kpl_reader first = {0}, second = {0};
  struct wr_kpl_writer writer = {0};
  struct wr_kpl_record a, b;
  struct wr_buffer written = {0};
  demand(wr_kpl_open(&first, bytes, length));
  while (wr_kpl_next(&first, &a)) {
    demand(a.data.bytes >= bytes && a.data.bytes + a.data.length <= bytes + length);
    wr_kpl_put(&writer, a.key, a.hash_key, a.data.bytes, a.data.length);
  }
  uint32_t count = writer.record_count;
  wr_kpl_take(&writer, &written);
  if (count) {
    demand(wr_kpl_open(&first, bytes, length));
    demand(wr_kpl_open(&second, written.bytes, written.length) && second.record_count == count);
    while (wr_kpl_next(&first, &a)) {
      demand(wr_kpl_next(&second, &b));
      demand(is_equal(a.key, b.key) && is_equal(a.hash_key, b.hash_key) &&
             is_equal(a.data, b.data) && a.hash == b.hash);
    }
  }
  wr_buffer_free(&written);
  wr_kpl_writer_free(&writer);
  wr_kpl_reader_free(&first);
  wr_kpl_reader_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_kpl_reader reader = {0};
  char *bytes = malloc(size + 20); /* of exactly this size: reading on is seen */
  memcpy(bytes, "\xF3\x89\x9A\xC2", 4);
  memcpy(bytes + 4, data, size);
  EVP_Digest(data, size, (unsigned char *)bytes + 4 + size, NULL, EVP_md5(), NULL);
  bool opens = wr_kpl_open(&reader, bytes, size + 20);
  wr_kpl_reader_free(&reader);
  if (opens)
    write_again(bytes, size + 20);
  free(bytes);
  return 0;
}
