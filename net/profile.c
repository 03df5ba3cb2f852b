/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared files of AWS: lines "[section]", "key = value", comments that begin with # or ; and
 * indented lines, which belong to the key above them. Both files become one list of entries, looked
 * through from its beginning: there are dozens, and they are read at the start and when credentials
 * are renewed.
 */
#include "net/profile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/grow.h"
#include "core/limits.h"

enum wr_code wr_small_file_read(const char *path, bool may_miss, struct wr_arena *arena,
                                const char **text, size_t *length, struct wr_error *err)
{
  *text = NULL;
  *length = 0;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 && may_miss && (errno == ENOENT || errno == ENOTDIR))
    return WR_OK;
  if (file < 0)
    return wr_fail(err, WR_IO, "cannot read '%s': %m", path);
  struct stat about;
  enum wr_code code = WR_OK;
  if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode))
    code = wr_fail(err, WR_IO, "cannot read '%s': it is no file", path);
  else if (about.st_size > WR_AWS_FILE_BYTES_MAX)
    code = wr_fail(err, WR_LIMIT, "'%s' has more than WR_AWS_FILE_BYTES_MAX (%d) bytes", path,
                   WR_AWS_FILE_BYTES_MAX);
  char *bytes = wr_arena_get(arena, code ? 1 : (size_t)about.st_size + 1);
  size_t used = 0;
  while (!code && used < (size_t)about.st_size) {
    ssize_t more = read(file, bytes + used, (size_t)about.st_size - used);
    if (more < 0 && errno == EINTR)
      continue;
    if (more < 0)
      code = wr_fail(err, WR_IO, "cannot read '%s': %m", path);
    if (more <= 0)
      break;
    used += (size_t)more;
  }
  close(file);
  bytes[used] = '\0';
  *text = bytes;
  *length = used;
  return code;
}

/* ---- lines */

struct piece {
  const char *bytes;
  size_t length;
};

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static struct piece piece_trim(const char *bytes, size_t length)
{
  while (length > 0 && is_blank(bytes[0])) {
    bytes++;
    length--;
  }
  while (length > 0 && is_blank(bytes[length - 1]))
    length--;
  return (struct piece){bytes, length};
}

/* Without a comment behind a blank. */
static struct piece piece_uncomment(struct piece value)
{
  for (size_t i = 0; i < value.length; i++)
    if ((value.bytes[i] == '#' || value.bytes[i] == ';') &&
        (i == 0 || is_blank(value.bytes[i - 1])))
      return piece_trim(value.bytes, i);
  return value;
}

/* The section between brackets: "default" and "profile x" become "default" and "x", others of a
 * config file keep their word ("services x"); NULL: of no interest. */
static const char *section_read(struct wr_arena *arena, struct piece text, bool is_config)
{
  size_t word = 0;
  while (word < text.length && !is_blank(text.bytes[word]))
    word++;
  struct piece rest = piece_trim(text.bytes + word, text.length - word);
  if (rest.length >= 2 && (rest.bytes[0] == '"' || rest.bytes[0] == '\'') &&
      rest.bytes[rest.length - 1] == rest.bytes[0])
    rest = (struct piece){rest.bytes + 1, rest.length - 2};
  if (!is_config)
    return wr_arena_copy(arena, text.bytes, text.length);
  if (rest.length == 0)
    return text.length == 7 && memcmp(text.bytes, "default", 7) == 0 ? "default" : NULL;
  if (word == 7 && memcmp(text.bytes, "profile", 7) == 0)
    return wr_arena_copy(arena, rest.bytes, rest.length);
  return wr_arena_print(arena, "%.*s %.*s", (int)word, text.bytes, (int)rest.length, rest.bytes);
}

static void profiles_push(struct wr_profiles *profiles, struct wr_arena *arena, const char *section,
                          const char *key, struct piece value)
{
  profiles->entries = wr_grow(arena, profiles->entries, profiles->count, &profiles->room,
                              sizeof *profiles->entries);
  profiles->entries[profiles->count++] =
      (struct wr_profile_entry){section, key, wr_arena_copy(arena, value.bytes, value.length)};
}

static char *key_read(struct wr_arena *arena, const char *above, struct piece text)
{
  char *key = above ? wr_arena_print(arena, "%s.%.*s", above, (int)text.length, text.bytes)
                    : wr_arena_copy(arena, text.bytes, text.length);
  for (char *c = key; *c; c++)
    *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
  return key;
}

enum wr_code wr_profiles_add(struct wr_profiles *profiles, struct wr_arena *arena, const char *text,
                             size_t length, bool is_config, const char *path, struct wr_error *err)
{
  const char *section = NULL, *above = NULL; /* above: the key that indented lines belong to */
  unsigned number = 0;
  for (size_t at = 0, end; at < length; at = end + 1) {
    const char *found = memchr(text + at, '\n', length - at);
    end = found ? (size_t)(found - text) : length;
    number++;
    struct piece line = piece_trim(text + at, end - at);
    if (line.length == 0 || line.bytes[0] == '#' || line.bytes[0] == ';')
      continue;
    bool indented = line.bytes != text + at;
    if (line.bytes[0] == '[' && !indented) {
      const char *close = memchr(line.bytes, ']', line.length);
      if (!close)
        return wr_fail(err, WR_DATA, "line %u of '%s' begins with '[', but has no ']'", number,
                       path);
      section = section_read(arena, piece_trim(line.bytes + 1, (size_t)(close - line.bytes) - 1),
                             is_config);
      above = NULL;
      continue;
    }
    const char *equals = memchr(line.bytes, '=', line.length);
    if (!equals && indented && above)
      continue; /* a value of several lines; none that is read here has one */
    if (!equals)
      return wr_fail(err, WR_DATA, "line %u of '%s' is neither '[section]' nor 'key = value'",
                     number, path);
    struct piece key = piece_trim(line.bytes, (size_t)(equals - line.bytes));
    struct piece value = piece_trim(equals + 1, line.length - (size_t)(equals - line.bytes) - 1);
    char *name = key_read(arena, indented ? above : NULL, key);
    if (!indented)
      above = name;
    if (section)
      profiles_push(profiles, arena, section, name, piece_uncomment(value));
  }
  return WR_OK;
}

/* ---- files */

static const char *path_of(struct wr_arena *arena, const char *variable, const char *name)
{
  const char *given = getenv(variable), *home = getenv("HOME");
  if (given && *given && !(given[0] == '~' && given[1] == '/'))
    return given;
  if (!home || !*home)
    return "";
  return given && *given ? wr_arena_print(arena, "%s%s", home, given + 1)
                         : wr_arena_print(arena, "%s/.aws/%s", home, name);
}

static enum wr_code profiles_read_file(struct wr_profiles *profiles, struct wr_arena *arena,
                                       const char *path, bool may_miss, bool is_config,
                                       struct wr_error *err)
{
  if (!*path)
    return WR_OK;
  const char *text;
  size_t length;
  enum wr_code code = wr_small_file_read(path, may_miss, arena, &text, &length, err);
  return code || !text ? code
                       : wr_profiles_add(profiles, arena, text, length, is_config, path, err);
}

enum wr_code wr_profiles_read(const char *credentials_path, struct wr_arena *arena,
                              struct wr_profiles *out, struct wr_error *err)
{
  *out = (struct wr_profiles){.credentials_path = credentials_path};
  if (!credentials_path)
    out->credentials_path = path_of(arena, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  out->config_path = path_of(arena, "AWS_CONFIG_FILE", "config");
  enum wr_code code =
      profiles_read_file(out, arena, out->credentials_path, !credentials_path, false, err);
  return code ? code : profiles_read_file(out, arena, out->config_path, true, true, err);
}

/* ---- looking */

bool wr_profiles_have(const struct wr_profiles *profiles, const char *profile)
{
  for (uint32_t i = 0; i < profiles->count; i++)
    if (strcmp(profiles->entries[i].section, profile) == 0)
      return true;
  return false;
}

const char *wr_profiles_find(const struct wr_profiles *profiles, const char *profile,
                             const char *key)
{
  for (uint32_t i = 0; i < profiles->count; i++)
    if (strcmp(profiles->entries[i].section, profile) == 0 &&
        strcmp(profiles->entries[i].key, key) == 0)
      return profiles->entries[i].value;
  return NULL;
}

const char *wr_profiles_find_service(const struct wr_profiles *profiles, const char *profile,
                                     const char *service, const char *key)
{
  const char *services = wr_profiles_find(profiles, profile, "services");
  if (!services)
    return NULL;
  char section[256], name[128];
  int section_length = snprintf(section, sizeof section, "services %s", services);
  int name_length = snprintf(name, sizeof name, "%s.%s", service, key);
  assert(name_length < (int)sizeof name);
  (void)name_length;
  return section_length < (int)sizeof section ? wr_profiles_find(profiles, section, name) : NULL;
}
