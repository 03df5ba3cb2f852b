/* SPDX-License-Identifier: Apache-2.0 */
/* What can go wrong, as a small closed set. Details are in the sentence of struct wr_error. */
#ifndef WEIR_CORE_CODE_H
#define WEIR_CORE_CODE_H

enum wr_code {
  WR_OK = 0,
  WR_SYNTAX,      /* the SQL text cannot be read */
  WR_SEMANTIC,    /* it can be read but means nothing: unknown name, wrong type, missing option */
  WR_UNSUPPORTED, /* it means something that this version does not do */
  WR_LIMIT,       /* a limit of core/limits.h was reached; the message names it */
  WR_DATA,        /* data that does not fit: bad record, overflow, failed cast */
  WR_IO,          /* file or system call */
  WR_CONNECTION,  /* a server that does not answer or refuses */
  WR_STOPPED,     /* somebody asked to stop */
  WR_INTERNAL     /* a promise inside Weir was broken */
};

#endif
