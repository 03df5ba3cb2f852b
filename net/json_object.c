/* SPDX-License-Identifier: Apache-2.0 */
#include "net/json_object.h"

#define JSON_DEPTH_MAX 16

struct json_object *wr_json_object_parse(struct wr_slice text)
{
  struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
  struct json_object *root = json_tokener_parse_ex(tokener, text.bytes, (int)text.length);
  json_tokener_free(tokener);
  if (json_object_is_type(root, json_type_object))
    return root;
  json_object_put(root);
  return NULL;
}

const char *wr_json_object_text(struct wr_arena *arena, struct json_object *object, const char *key)
{
  struct json_object *value;
  if (!json_object_object_get_ex(object, key, &value) ||
      !json_object_is_type(value, json_type_string))
    return NULL;
  return wr_arena_copy(arena, json_object_get_string(value),
                       (size_t)json_object_get_string_len(value));
}
