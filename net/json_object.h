/* SPDX-License-Identifier: Apache-2.0 */
/* Small answers that are one JSON object, over json-c. */
#ifndef WEIR_NET_JSON_OBJECT_H
#define WEIR_NET_JSON_OBJECT_H

#include <json-c/json.h>

#include "core/arena.h"
#include "core/batch.h"

/* Given; NULL: it is no object, or one that is nested too deep. */
struct json_object *wr_json_object_parse(struct wr_slice text);
/* A member that is a string, copied; NULL: there is none. */
const char *wr_json_object_text(struct wr_arena *arena, struct json_object *object,
                                const char *key);

#endif
