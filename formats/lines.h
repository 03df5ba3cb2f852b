/* SPDX-License-Identifier: Apache-2.0 */
/* Framing for formats whose records are lines. */
#ifndef WEIR_FORMATS_LINES_H
#define WEIR_FORMATS_LINES_H

#include "formats/format.h"

/*
 * The frame function of such a format (see struct wr_format): records end with \n. trimmed: a final
 * \r and lines of nothing but blanks are left out; otherwise lines are taken as they are.
 */
uint32_t wr_lines_frame(const char *bytes, size_t length, bool at_end, bool trimmed,
                        struct wr_frame *frames, uint32_t frames_max, size_t *consumed);

/* Bytes of a byte order mark at the very beginning: 3 or 0. Decoders of text step over it. */
size_t wr_lines_mark_length(const char *bytes, size_t length);

#endif
