/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts into columns as Kinesis Data Analytics for SQL did it: what the formats 'kinesis-json' and
 * 'kinesis-csv' share.
 *
 *   CHAR, VARCHAR(n)   cut to n characters without a word; CHAR is filled up with blanks
 *   BOOLEAN            true in any case is true, everything else is false
 *   BINARY, VARBINARY(n)  X'0aff', or else base64; cut to n bytes, BINARY is filled up with 0
 *   numbers            parsed; what is no number, or does not fit, is an error
 *   DATE, TIME, TIMESTAMP  2026-01-02, 2026-01-02 03:04:05.678, also with T, Z and zones, which are
 *                      taken to UTC
 */
#ifndef WEIR_FORMATS_COERCE_H
#define WEIR_FORMATS_COERCE_H

#include "core/builder.h"
#include "formats/value.h"

/* Adds one row and returns true, or adds none if the text is no value of the type. Long texts stay
 * lent from bytes. */
bool wr_coerce_text(struct wr_value_reader *reader, struct wr_builder *builder, const char *bytes,
                    uint32_t length);

/* Cuts the text that was put last to the length of its type; CHAR is filled up. */
void wr_coerce_fit(struct wr_builder *builder);

/* Takes the row before once more; there is one, and room for another. Scalar types. */
void wr_coerce_repeat(struct wr_builder *builder);

#endif
