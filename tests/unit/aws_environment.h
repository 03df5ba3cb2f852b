/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a test of AWS: nothing of the machine's, only what the test says. */
#ifndef WEIR_TESTS_UNIT_AWS_ENVIRONMENT_H
#define WEIR_TESTS_UNIT_AWS_ENVIRONMENT_H

#include "core/options.h"

/* A temporary folder becomes HOME, and no variable begins with AWS_. */
void aws_environment_begin(void);
/* Gives back what was there, and removes the folder. */
void aws_environment_end(void);
/* "NAME=value" ..., up to a NULL. */
void aws_environment_set(const char *const *variables);
/* Writes a file of the folder .aws, perhaps in others below it; returns its path, good until the
 * end. */
const char *aws_environment_file(const char *name, const char *text);

/* Keys in the environment; keys and a role in the options of a table. */
#define AWS_KEYS  "AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=s"
#define AWS_BASIC "aws.credentials.basic.accesskeyid", "OPT", "aws.credentials.basic.secretkey", "s"
#define AWS_ROLE  "aws.credentials.role.arn", "arn:role/R"

enum { AWS_OPTIONS_MAX = 12 };
/* Fills values with pairs of key and value, up to a NULL; returns how many. */
uint32_t aws_environment_options(const char *const *pairs, struct wr_option_value *values);

#endif
