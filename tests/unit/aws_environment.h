/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a test of AWS: nothing of the machine's, only what the test says. */
#ifndef WEIR_TESTS_UNIT_AWS_ENVIRONMENT_H
#define WEIR_TESTS_UNIT_AWS_ENVIRONMENT_H

/* A temporary folder becomes HOME, and no variable begins with AWS_. */
void aws_environment_begin(void);
/* Gives back what was there, and removes the folder. */
void aws_environment_end(void);
/* "NAME=value" ..., up to a NULL. */
void aws_environment_set(const char *const *variables);
/* Writes a file below the folder; returns its path, good until the end. */
const char *aws_environment_file(const char *name, const char *text);

#endif
