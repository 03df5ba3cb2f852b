/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bids ROWS [SEED]: writes ROWS bids as NDJSON, about 230 bytes each, the same for the same seed:
 * the fields and the hot keys of the Nexmark benchmark's bids, 10,000 of them per second of event
 * time, in order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* splitmix64 (G. Steele, D. Lea, C. Flood, 2014) */
static uint64_t next_random(uint64_t *state)
{
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static void random_letters(uint64_t *state, char *text, unsigned length)
{
  for (unsigned i = 0; i < length; i++)
    text[i] = (char)('a' + next_random(state) % 26);
  text[length] = 0;
}

int main(int argc, char **argv)
{
  static const char *const channels[] = {"Google", "Facebook", "Baidu", "Apple"};
  if (argc < 2) {
    fprintf(stderr, "usage: bids ROWS [SEED]\n");
    return 2;
  }
  uint64_t rows = strtoull(argv[1], NULL, 10), state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  for (uint64_t i = 0; i < rows; i++) {
    char channel[32], path[16], extra[64];
    time_t second = (time_t)(1767225600 + i / 10000);
    struct tm at;
    gmtime_r(&second, &at);
    uint64_t last = 1000 + i / 15;
    uint64_t auction =
        next_random(&state) % 2 ? last / 100 * 100 : last - next_random(&state) % 100;
    uint64_t bidder =
        next_random(&state) % 4 ? last / 100 * 100 + 1 : 1000 + next_random(&state) % 1000;
    if (next_random(&state) % 2)
      snprintf(channel, sizeof channel, "%s", channels[next_random(&state) % 4]);
    else
      snprintf(channel, sizeof channel, "channel-%" PRIu64, next_random(&state) % 10000);
    random_letters(&state, path, 12);
    random_letters(&state, extra, 44 + (unsigned)(next_random(&state) % 16));
    printf(
        "{\"auction\":%" PRIu64 ",\"bidder\":%" PRIu64 ",\"price\":%" PRIu64
        ",\"channel\":\"%s\",\"url\":\"https://www.nexmark.com/%.4s/%.4s/%.4s/item.htm?query=1\","
        "\"dateTime\":\"%04d-%02d-%02d %02d:%02d:%02d.%03d\",\"extra\":\"%s\"}\n",
        auction, bidder, 100 + next_random(&state) % 100000, channel, path, path + 4, path + 8,
        at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec,
        (int)(i % 10000 / 10), extra);
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
