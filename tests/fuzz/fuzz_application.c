/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of applications: whatever they say, the script has the code where it is said to be,
 * and nothing else of it depends on the code being SQL. */
#include <stdlib.h>
#include <string.h>

#include "discover/application.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_arena arena = {0};
  struct wr_application application;
  struct wr_application_code place;
  struct wr_error err;
  struct wr_buffer out = {0};
  char *text = wr_memory_get(size + 1); /* of its own, so that reading behind it is found */
  if (size)
    memcpy(text, data, size);
  if (wr_application_is(text, size) &&
      wr_application_read(text, size, &arena, &application, &err) == WR_OK) {
    if (application.input_count)
      (void)wr_application_replace(&application, &arena, true, application.inputs[0].prefix, "-",
                                   &err);
    if (wr_application_print(&application, &arena, &out, &place, &err) == WR_OK &&
        memcmp(out.bytes + place.offset, application.code, place.length) != 0)
      abort();
  }
  free(text);
  wr_buffer_free(&out);
  wr_arena_free(&arena);
  return 0;
}
