/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values into columns as Kinesis Data Analytics for SQL did it. What differs from
 * formats/json_put.h:
 *
 *   true, false  1 and 0 in numbers, the lowest bit of BINARY
 *   numbers      BOOLEAN: 0 is false, others are true; no number loses digits behind its point
 *   strings      as formats/coerce.h says
 *   VARCHAR(n)   what is longer is cut, whatever the value was; CHAR(n) is filled up with blanks
 */
#ifndef WEIR_FORMATS_JSON_COERCE_H
#define WEIR_FORMATS_JSON_COERCE_H

#include "formats/json_put.h"

struct wr_json_coerced; /* begins with a struct wr_json_field */

/* The columns, ready to be put with wr_json_coerced_put. Scalar types. In the arena. */
struct wr_json_coerced *wr_json_coerced_new(struct wr_arena *arena,
                                            const struct wr_field *const *fields, uint32_t count);

/* As wr_json_field_put, for column `column`. */
bool wr_json_coerced_put(struct wr_json_put *put, const struct wr_json_coerced *columns,
                         uint32_t column, struct wr_builder *builder, uint32_t number);

/* The same for the object that begins at position `number`, 0 included. */
bool wr_json_coerced_put_object(struct wr_json_put *put, const struct wr_json_coerced *columns,
                                uint32_t column, struct wr_builder *builder, uint32_t number);

/* Makes `reason`, a constant, why the record fails because of a column. */
void wr_json_coerced_fail(struct wr_json_put *put, const struct wr_json_coerced *columns,
                          uint32_t column, const char *reason);

#endif
