/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer of AWS that is no success says: the error's code and message, wherever the
 * protocol puts them (JSON body, XML body, headers), and what follows for whoever sent the request.
 */
#ifndef WEIR_NET_AWS_ERROR_H
#define WEIR_NET_AWS_ERROR_H

#include <stdbool.h>

#include "net/http.h"

#define WR_AWS_CODE_BYTES    128
#define WR_AWS_MESSAGE_BYTES 512

/* What to do about a certificate that is not trusted. */
#define WR_AWS_TRUST_HINT \
  "'aws.ca-file' or AWS_CA_BUNDLE names a PEM file of the authorities that are to be trusted"

struct wr_aws_problem {
  char code[WR_AWS_CODE_BYTES];       /* "ResourceNotFoundException"; "" if nothing is said */
  char message[WR_AWS_MESSAGE_BYTES]; /* one line, cut to fit */
  bool throttled;                     /* too many requests */
  bool passes;                        /* the same request may succeed later; throttled ones too */
  bool expired;                       /* the credentials have ended */
  bool skewed;                        /* perhaps because of a clock that is off */
};

/* Reads an answer with a status that is not 2xx. */
void wr_aws_problem_read(const struct wr_http_result *answer, struct wr_aws_problem *out);

/* Replaces a secret wherever it stands in a message; NULL or a short one: nothing. */
void wr_aws_problem_hide(struct wr_aws_problem *problem, const char *secret);

const char *wr_http_header_find(const struct wr_http_header *headers, uint32_t count,
                                const char *name);

/* The text of the first element with this name (namespaces and attributes are skipped), entities
 * replaced, or the one CDATA section in it; NULL: there is none. From the arena. */
const char *wr_xml_text(struct wr_arena *arena, const char *xml, size_t length, const char *name);

#endif
