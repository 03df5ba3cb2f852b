/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that the AWS CLI and all its relatives share: ~/.aws/config and ~/.aws/credentials.
 *
 *   [default]                 both: the profile without a name
 *   [profile dev]             config: a profile
 *   [dev]                     credentials: the same profile; what stands here comes first
 *   region = eu-west-1
 *   services = local          settings of single services:
 *   [services local]
 *   kinesis =
 *     endpoint_url = http://localhost:4567
 */
#ifndef WEIR_NET_PROFILE_H
#define WEIR_NET_PROFILE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/error.h"

struct wr_profile_entry {
  const char *section; /* "dev", "services local" */
  const char *key;     /* "region", "kinesis.endpoint_url"; lower case */
  const char *value;
};

/* All memory is the arena's. */
struct wr_profiles {
  struct wr_profile_entry *entries; /* of the credentials file first */
  uint32_t count, room;
  const char *credentials_path, *config_path; /* "": there is none */
};

/* Reads both files; a missing one is empty. credentials_path: an option of the user, which has to
 * exist; NULL: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials. */
enum wr_code wr_profiles_read(const char *credentials_path, struct wr_arena *arena,
                              struct wr_profiles *out, struct wr_error *err);
/* One file's text. Lines that cannot be read are an error that names the path and the line. */
enum wr_code wr_profiles_add(struct wr_profiles *profiles, struct wr_arena *arena, const char *text,
                             size_t length, bool is_config, const char *path, struct wr_error *err);

bool wr_profiles_have(const struct wr_profiles *profiles, const char *profile);
/* NULL: not said. */
const char *wr_profiles_find(const struct wr_profiles *profiles, const char *profile,
                             const char *key);
/* A setting of a service, through the profile's `services`. */
const char *wr_profiles_find_service(const struct wr_profiles *profiles, const char *profile,
                                     const char *service, const char *key);

/* A whole small file (limit WR_AWS_FILE_BYTES_MAX), zero-terminated. A missing one: WR_OK and NULL
 * if may_miss. */
enum wr_code wr_small_file_read(const char *path, bool may_miss, struct wr_arena *arena,
                                const char **text, size_t *length, struct wr_error *err);

#endif
