/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/nexmark_events.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/time.h"

#define NEXMARK_GOLDEN         UINT64_C(0x9e3779b97f4a7c15)
#define NEXMARK_FIRST_PERSON   1000 /* added to every id of a person */
#define NEXMARK_FIRST_AUCTION  1000
#define NEXMARK_CATEGORIES     5
#define NEXMARK_FIRST_CATEGORY 10
#define NEXMARK_PEOPLE_AHEAD   10 /* ids that do not exist yet and are referred to all the same */
#define NEXMARK_AUCTIONS_AHEAD 10
#define NEXMARK_HOT_STEP       100 /* of so many ids one is hot */
#define NEXMARK_CHANNELS       10000
#define NEXMARK_STOCK          4096  /* different texts of a kind */
#define NEXMARK_LETTERS        65536 /* that `extra` is cut from */
#define NEXMARK_EXTRA_MAX      16384
#define NEXMARK_PRICES         4096 /* points of the curve of prices, with lines between them */

/* Draws that one event needs, each independent of the others. */
enum nexmark_draw {
  DRAW_HOT = 1,
  DRAW_AUCTION,
  DRAW_HOT_PERSON,
  DRAW_PERSON,
  DRAW_PRICE,
  DRAW_RESERVE,
  DRAW_CHANNEL,
  DRAW_NAME,
  DRAW_TEXT,
  DRAW_CATEGORY,
  DRAW_EXPIRES,
  DRAW_EMAIL,
  DRAW_CARD,
  DRAW_CITY,
  DRAW_STATE,
  DRAW_LENGTH,
  DRAW_EXTRA
};

struct wr_nexmark {
  struct wr_nexmark_shape shape;
  int64_t cycle; /* sum of the proportions */
  uint64_t keys[DRAW_EXTRA + 1];
  struct wr_arena arena;
  const char *letters;
  int64_t prices[NEXMARK_PRICES + 1];
  struct wr_text channels[NEXMARK_CHANNELS], urls[NEXMARK_CHANNELS];
  struct wr_text hot_channels[4], hot_urls[4];
  struct wr_text people[11 * 9], cities[10], states[6];
  struct wr_text emails[NEXMARK_STOCK], cards[NEXMARK_STOCK];
  struct wr_text items[NEXMARK_STOCK], descriptions[NEXMARK_STOCK];
};

/* ---- random numbers: splitmix64 (G. Steele, D. Lea, C. Flood, 2014) over (seed, draw, number) */

static inline uint64_t nexmark_mix(uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static inline uint64_t nexmark_draw(const struct wr_nexmark *self, enum nexmark_draw draw,
                                    int64_t number)
{
  return nexmark_mix(self->keys[draw] + (uint64_t)number * NEXMARK_GOLDEN);
}

/* 0 to range - 1, of the upper bits; the lower 32 stay good for something else. */
static inline int64_t nexmark_below(uint64_t draw, uint64_t range)
{
  return (int64_t)(((unsigned __int128)draw * range) >> 64);
}

/* ---- who and what exists */

enum wr_nexmark_kind wr_nexmark_kind(const struct wr_nexmark_shape *shape, int64_t number)
{
  const int64_t *share = shape->proportions;
  int64_t place = number % (share[0] + share[1] + share[2]);
  return place < share[WR_NEXMARK_PERSON]                               ? WR_NEXMARK_PERSON
         : place < share[WR_NEXMARK_PERSON] + share[WR_NEXMARK_AUCTION] ? WR_NEXMARK_AUCTION
                                                                        : WR_NEXMARK_BID;
}

static inline int64_t nexmark_time_us(const struct wr_nexmark_shape *shape, int64_t number)
{
  int64_t ms =
      number <= INT64_MAX / 1000 ? number * 1000 / shape->rate : number / shape->rate * 1000;
  return shape->base_us + ms * WR_US_PER_MS;
}

int64_t wr_nexmark_time_us(const struct wr_nexmark_shape *shape, int64_t number)
{
  return nexmark_time_us(shape, number);
}

/* The person who has registered last when an event happens, counted from 0. */
static inline int64_t nexmark_last_person(const struct wr_nexmark *self, int64_t number)
{
  int64_t share = self->shape.proportions[WR_NEXMARK_PERSON];
  int64_t cycles = number / self->cycle, place = number % self->cycle;
  return cycles * share + (place < share ? place : share - 1);
}

static inline int64_t nexmark_last_auction(const struct wr_nexmark *self, int64_t number)
{
  int64_t people = self->shape.proportions[WR_NEXMARK_PERSON];
  int64_t share = self->shape.proportions[WR_NEXMARK_AUCTION];
  int64_t cycles = number / self->cycle, place = number % self->cycle - people;
  if (place < 0)
    return cycles > 0 ? cycles * share - 1 : 0;
  return cycles * share + (place < share ? place : share - 1);
}

/* One of the people who are active, or who will be soon. */
static inline int64_t nexmark_some_person(const struct wr_nexmark *self, int64_t last,
                                          uint64_t draw)
{
  int64_t people = last + 1;
  int64_t active = people < self->shape.active_people ? people : self->shape.active_people;
  return people - active + nexmark_below(draw, (uint64_t)(active + NEXMARK_PEOPLE_AHEAD));
}

/* ---- texts */

static __attribute__((noinline)) struct wr_text nexmark_keep(struct wr_nexmark *self,
                                                             const char *bytes, size_t length)
{
  return wr_text_make(wr_arena_copy(&self->arena, bytes, length), (uint32_t)length);
}

/* 3 to most - 1 letters, some of which are `special`. */
static size_t nexmark_word(uint64_t *state, char *out, uint32_t most, char special)
{
  size_t length = 3 + (size_t)nexmark_below(nexmark_mix(*state += NEXMARK_GOLDEN), most - 3);
  for (size_t i = 0; i < length; i++) {
    uint64_t draw = nexmark_mix(*state += NEXMARK_GOLDEN);
    out[i] = draw % 13 == 0 ? special : (char)('a' + (draw >> 32) % 26);
  }
  return length;
}

static struct wr_text nexmark_phrase(struct wr_nexmark *self, uint64_t *state, uint32_t most)
{
  char text[128];
  size_t first = 0, length = nexmark_word(state, text, most, ' ');
  while (length > 1 && text[length - 1] == ' ')
    length--;
  while (first + 1 < length && text[first] == ' ')
    first++;
  return nexmark_keep(self, text + first, length - first);
}

static struct wr_text nexmark_url(struct wr_nexmark *self, uint64_t *state, int64_t channel_id)
{
  char text[128];
  size_t length = (size_t)snprintf(text, sizeof text, "https://www.nexmark.com/");
  for (int i = 0; i < 3; i++) {
    length += nexmark_word(state, text + length, 5, '_');
    text[length++] = '/';
  }
  length += (size_t)snprintf(text + length, sizeof text - length, "item.htm?query=1");
  if (channel_id != INT64_MIN)
    length += (size_t)snprintf(text + length, sizeof text - length, "&channel_id=%lld",
                               (long long)channel_id);
  return nexmark_keep(self, text, length);
}

/* The 32 bits in reverse order, without its sign as Java has it: the least number keeps it. */
static int64_t nexmark_channel_id(uint32_t channel)
{
  uint32_t reversed = 0;
  for (int i = 0; i < 32; i++)
    reversed |= (channel >> i & 1) << (31 - i);
  int64_t value = (int32_t)reversed;
  return value < 0 && value != INT32_MIN ? -value : value;
}

static void nexmark_stock_channels(struct wr_nexmark *self, uint64_t *state)
{
  static const char *const hot[] = {"Google", "Facebook", "Baidu", "Apple"};
  for (uint32_t i = 0; i < 4; i++) {
    self->hot_channels[i] = nexmark_keep(self, hot[i], strlen(hot[i]));
    self->hot_urls[i] = nexmark_url(self, state, INT64_MIN);
  }
  for (uint32_t i = 0; i < NEXMARK_CHANNELS; i++) {
    char name[24];
    int length = snprintf(name, sizeof name, "channel-%u", i);
    bool named = nexmark_mix(*state += NEXMARK_GOLDEN) % 10 != 0;
    self->channels[i] = nexmark_keep(self, name, (size_t)length);
    self->urls[i] = nexmark_url(self, state, named ? nexmark_channel_id(i) : INT64_MIN);
  }
}

static void nexmark_stock_people(struct wr_nexmark *self, uint64_t *state)
{
  static const char *const first[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                      "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
  static const char *const last[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                     "Walton", "Smith",  "Jones",   "Noris"};
  static const char *const cities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                       "Portland", "Bend",        "Redmond",       "Seattle",
                                       "Kent",     "Cheyenne"};
  static const char *const states[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
  char text[64];
  for (uint32_t i = 0; i < 11 * 9; i++) {
    int length = snprintf(text, sizeof text, "%s %s", first[i / 9], last[i % 9]);
    self->people[i] = nexmark_keep(self, text, (size_t)length);
  }
  for (uint32_t i = 0; i < 10; i++)
    self->cities[i] = nexmark_keep(self, cities[i], strlen(cities[i]));
  for (uint32_t i = 0; i < 6; i++)
    self->states[i] = nexmark_keep(self, states[i], strlen(states[i]));
  for (uint32_t i = 0; i < NEXMARK_STOCK; i++) {
    size_t length = nexmark_word(state, text, 7, 'x');
    text[length++] = '@';
    length += nexmark_word(state, text + length, 5, 'x');
    memcpy(text + length, ".com", 4);
    self->emails[i] = nexmark_keep(self, text, length + 4);
    uint64_t card = nexmark_mix(*state += NEXMARK_GOLDEN);
    int digits = snprintf(text, sizeof text, "%04u %04u %04u %04u", (unsigned)(card % 10000),
                          (unsigned)((card >> 16) % 10000), (unsigned)((card >> 32) % 10000),
                          (unsigned)((card >> 48) % 10000));
    self->cards[i] = nexmark_keep(self, text, (size_t)digits);
  }
}

struct wr_nexmark *wr_nexmark_new(const struct wr_nexmark_shape *shape)
{
  struct wr_nexmark *self = wr_memory_get_zero(sizeof *self);
  uint64_t state = shape->seed * NEXMARK_GOLDEN + 1;
  self->shape = *shape;
  for (int i = 0; i < WR_NEXMARK_KINDS; i++)
    self->cycle += shape->proportions[i];
  for (int i = 0; i <= DRAW_EXTRA; i++)
    self->keys[i] = nexmark_mix(state += NEXMARK_GOLDEN);
  for (int i = 0; i <= NEXMARK_PRICES; i++)
    self->prices[i] = (int64_t)(pow(10, 6.0 * i / NEXMARK_PRICES) * 100 * 256);
  if (shape->numbers_only)
    return self;
  char *letters = wr_arena_get(&self->arena, NEXMARK_LETTERS + NEXMARK_EXTRA_MAX);
  for (uint32_t i = 0; i < NEXMARK_LETTERS + NEXMARK_EXTRA_MAX; i++)
    letters[i] = (char)('a' + nexmark_mix(state += NEXMARK_GOLDEN) % 26);
  self->letters = letters;
  nexmark_stock_channels(self, &state);
  nexmark_stock_people(self, &state);
  for (uint32_t i = 0; i < NEXMARK_STOCK; i++) {
    self->items[i] = nexmark_phrase(self, &state, 20);
    self->descriptions[i] = nexmark_phrase(self, &state, 100);
  }
  return self;
}

void wr_nexmark_free(struct wr_nexmark *nexmark)
{
  if (!nexmark)
    return;
  wr_arena_free(&nexmark->arena);
  free(nexmark);
}

/* ---- fields */

#define FILL(name, ctype, expression)                                                           \
  static void name(const struct wr_nexmark *self, const int64_t *numbers, const uint32_t *rows, \
                   uint32_t count, void *out)                                                   \
  {                                                                                             \
    ctype *values = out;                                                                        \
    if (rows)                                                                                   \
      for (uint32_t i = 0; i < count; i++)                                                      \
        values[rows[i]] = expression(self, numbers[i]);                                         \
    else                                                                                        \
      for (uint32_t i = 0; i < count; i++)                                                      \
        values[i] = expression(self, numbers[i]);                                               \
  }

static inline int64_t event_time(const struct wr_nexmark *self, int64_t number)
{
  return nexmark_time_us(&self->shape, number);
}

/* `extra` fills an event up to its size, give or take a fifth. used: bytes of its other fields. */
static inline struct wr_text event_extra(const struct wr_nexmark *self, int64_t number,
                                         enum wr_nexmark_kind kind, int64_t used)
{
  int64_t wanted = self->shape.sizes[kind] - used;
  if (wanted <= 0)
    return (struct wr_text){0};
  int64_t delta = (wanted + 2) / 5;
  uint64_t draw = nexmark_draw(self, DRAW_EXTRA, number);
  int64_t length = wanted - delta + (delta ? nexmark_below(draw, (uint64_t)delta * 2) : 0);
  if (length > NEXMARK_EXTRA_MAX)
    length = NEXMARK_EXTRA_MAX;
  return wr_text_make(self->letters + (draw & (NEXMARK_LETTERS - 1)), (uint32_t)length);
}

/* 10^(6u) * 100 for u in [0, 1), along the lines between points of the curve. */
static inline int64_t event_price(const struct wr_nexmark *self, enum nexmark_draw draw,
                                  int64_t number)
{
  uint64_t bits = nexmark_draw(self, draw, number);
  const int64_t *point = &self->prices[bits >> 52];
  int64_t share = (int64_t)(bits >> 36 & 0xffff);
  return (point[0] + ((point[1] - point[0]) * share >> 16) + 128) >> 8;
}

#define STOCK(texts, draw) \
  (self->texts[nexmark_below(nexmark_draw(self, draw, number), sizeof self->texts / 16)])

static inline int64_t person_id(const struct wr_nexmark *self, int64_t number)
{
  return nexmark_last_person(self, number) + NEXMARK_FIRST_PERSON;
}
static inline struct wr_text person_name(const struct wr_nexmark *self, int64_t number)
{
  return STOCK(people, DRAW_NAME);
}
static inline struct wr_text person_email(const struct wr_nexmark *self, int64_t number)
{
  return STOCK(emails, DRAW_EMAIL);
}
static inline struct wr_text person_card(const struct wr_nexmark *self, int64_t number)
{
  return STOCK(cards, DRAW_CARD);
}
static inline struct wr_text person_city(const struct wr_nexmark *self, int64_t number)
{
  return STOCK(cities, DRAW_CITY);
}
static inline struct wr_text person_state(const struct wr_nexmark *self, int64_t number)
{
  return STOCK(states, DRAW_STATE);
}
static inline struct wr_text person_extra(const struct wr_nexmark *self, int64_t number)
{
  int64_t used = 8 + person_name(self, number).length + person_email(self, number).length +
                 person_card(self, number).length + person_city(self, number).length +
                 person_state(self, number).length;
  return event_extra(self, number, WR_NEXMARK_PERSON, used);
}

static inline int64_t auction_id(const struct wr_nexmark *self, int64_t number)
{
  return nexmark_last_auction(self, number) + NEXMARK_FIRST_AUCTION;
}
static inline struct wr_text auction_item(const struct wr_nexmark *self, int64_t number)
{
  return STOCK(items, DRAW_NAME);
}
static inline struct wr_text auction_description(const struct wr_nexmark *self, int64_t number)
{
  return STOCK(descriptions, DRAW_TEXT);
}
static inline int64_t auction_bid(const struct wr_nexmark *self, int64_t number)
{
  return event_price(self, DRAW_PRICE, number);
}
static inline int64_t auction_reserve(const struct wr_nexmark *self, int64_t number)
{
  return auction_bid(self, number) + event_price(self, DRAW_RESERVE, number);
}
/* Within twice the time that as many further auctions take as are open at once. */
static inline int64_t auction_expires(const struct wr_nexmark *self, int64_t number)
{
  const struct wr_nexmark_shape *shape = &self->shape;
  int64_t events = shape->open_auctions * self->cycle / shape->proportions[WR_NEXMARK_AUCTION];
  int64_t now_us = nexmark_time_us(shape, number);
  int64_t ahead_ms = (nexmark_time_us(shape, number + events) - now_us) / WR_US_PER_MS * 2;
  uint64_t draw = nexmark_draw(self, DRAW_EXPIRES, number);
  return now_us + (1 + nexmark_below(draw, ahead_ms > 1 ? (uint64_t)ahead_ms : 1)) * WR_US_PER_MS;
}
static inline int64_t auction_seller(const struct wr_nexmark *self, int64_t number)
{
  int64_t last = nexmark_last_person(self, number);
  bool hot = nexmark_below(nexmark_draw(self, DRAW_HOT_PERSON, number),
                           (uint64_t)self->shape.hot_sellers) > 0;
  return NEXMARK_FIRST_PERSON +
         (hot ? last / NEXMARK_HOT_STEP * NEXMARK_HOT_STEP
              : nexmark_some_person(self, last, nexmark_draw(self, DRAW_PERSON, number)));
}
static inline int64_t auction_category(const struct wr_nexmark *self, int64_t number)
{
  return NEXMARK_FIRST_CATEGORY +
         nexmark_below(nexmark_draw(self, DRAW_CATEGORY, number), NEXMARK_CATEGORIES);
}
static inline struct wr_text auction_extra(const struct wr_nexmark *self, int64_t number)
{
  int64_t used = 56 + auction_item(self, number).length + auction_description(self, number).length;
  return event_extra(self, number, WR_NEXMARK_AUCTION, used);
}

static inline int64_t bid_auction(const struct wr_nexmark *self, int64_t number)
{
  int64_t last = nexmark_last_auction(self, number);
  int64_t first = last > self->shape.open_auctions ? last - self->shape.open_auctions : 0;
  bool hot =
      nexmark_below(nexmark_draw(self, DRAW_HOT, number), (uint64_t)self->shape.hot_auctions) > 0;
  return NEXMARK_FIRST_AUCTION +
         (hot ? last / NEXMARK_HOT_STEP * NEXMARK_HOT_STEP
              : first + nexmark_below(nexmark_draw(self, DRAW_AUCTION, number),
                                      (uint64_t)(last - first + 1 + NEXMARK_AUCTIONS_AHEAD)));
}
/* The benchmark adds the first id twice here, so bidders are 1,000 ahead of people. */
static inline int64_t bid_bidder(const struct wr_nexmark *self, int64_t number)
{
  int64_t last = nexmark_last_person(self, number);
  bool hot = nexmark_below(nexmark_draw(self, DRAW_HOT_PERSON, number),
                           (uint64_t)self->shape.hot_bidders) > 0;
  return 2 * NEXMARK_FIRST_PERSON +
         (hot ? last / NEXMARK_HOT_STEP * NEXMARK_HOT_STEP + 1
              : nexmark_some_person(self, last, nexmark_draw(self, DRAW_PERSON, number)));
}
static inline int64_t bid_price(const struct wr_nexmark *self, int64_t number)
{
  return event_price(self, DRAW_PRICE, number);
}
/* Half of the bids come by one of four channels. */
static inline const struct wr_text *bid_channel_of(const struct wr_nexmark *self, int64_t number,
                                                   const struct wr_text *hot,
                                                   const struct wr_text *others)
{
  uint64_t draw = nexmark_draw(self, DRAW_CHANNEL, number);
  return draw & 1 ? &hot[draw >> 1 & 3] : &others[nexmark_below(draw, NEXMARK_CHANNELS)];
}
static inline struct wr_text bid_channel(const struct wr_nexmark *self, int64_t number)
{
  return *bid_channel_of(self, number, self->hot_channels, self->channels);
}
/* Many lie far apart: whoever reads them next should not wait for each one's memory. */
static inline struct wr_text bid_url(const struct wr_nexmark *self, int64_t number)
{
  const struct wr_text *url = bid_channel_of(self, number, self->hot_urls, self->urls);
  const char *bytes = wr_text_bytes(url);
  __builtin_prefetch(bytes);
  __builtin_prefetch(bytes + url->length - 1);
  return *url;
}
static inline struct wr_text bid_extra(const struct wr_nexmark *self, int64_t number)
{
  return event_extra(self, number, WR_NEXMARK_BID, 32);
}

FILL(fill_time, int64_t, event_time)
FILL(fill_person_id, int64_t, person_id)
FILL(fill_person_name, struct wr_text, person_name)
FILL(fill_person_email, struct wr_text, person_email)
FILL(fill_person_card, struct wr_text, person_card)
FILL(fill_person_city, struct wr_text, person_city)
FILL(fill_person_state, struct wr_text, person_state)
FILL(fill_person_extra, struct wr_text, person_extra)
FILL(fill_auction_id, int64_t, auction_id)
FILL(fill_auction_item, struct wr_text, auction_item)
FILL(fill_auction_description, struct wr_text, auction_description)
FILL(fill_auction_bid, int64_t, auction_bid)
FILL(fill_auction_reserve, int64_t, auction_reserve)
FILL(fill_auction_expires, int64_t, auction_expires)
FILL(fill_auction_seller, int64_t, auction_seller)
FILL(fill_auction_category, int64_t, auction_category)
FILL(fill_auction_extra, struct wr_text, auction_extra)
FILL(fill_bid_auction, int64_t, bid_auction)
FILL(fill_bid_bidder, int64_t, bid_bidder)
FILL(fill_bid_price, int64_t, bid_price)
FILL(fill_bid_channel, struct wr_text, bid_channel)
FILL(fill_bid_url, struct wr_text, bid_url)
FILL(fill_bid_extra, struct wr_text, bid_extra)

static const struct wr_nexmark_field person_fields[] = {
    {"id", &wr_type_bigint, fill_person_id},
    {"name", &wr_type_string, fill_person_name},
    {"emailAddress", &wr_type_string, fill_person_email},
    {"creditCard", &wr_type_string, fill_person_card},
    {"city", &wr_type_string, fill_person_city},
    {"state", &wr_type_string, fill_person_state},
    {"dateTime", &wr_type_timestamp3, fill_time},
    {"extra", &wr_type_string, fill_person_extra},
    {NULL, NULL, NULL},
};

static const struct wr_nexmark_field auction_fields[] = {
    {"id", &wr_type_bigint, fill_auction_id},
    {"itemName", &wr_type_string, fill_auction_item},
    {"description", &wr_type_string, fill_auction_description},
    {"initialBid", &wr_type_bigint, fill_auction_bid},
    {"reserve", &wr_type_bigint, fill_auction_reserve},
    {"dateTime", &wr_type_timestamp3, fill_time},
    {"expires", &wr_type_timestamp3, fill_auction_expires},
    {"seller", &wr_type_bigint, fill_auction_seller},
    {"category", &wr_type_bigint, fill_auction_category},
    {"extra", &wr_type_string, fill_auction_extra},
    {NULL, NULL, NULL},
};

static const struct wr_nexmark_field bid_fields[] = {
    {"auction", &wr_type_bigint, fill_bid_auction}, {"bidder", &wr_type_bigint, fill_bid_bidder},
    {"price", &wr_type_bigint, fill_bid_price},     {"channel", &wr_type_string, fill_bid_channel},
    {"url", &wr_type_string, fill_bid_url},         {"dateTime", &wr_type_timestamp3, fill_time},
    {"extra", &wr_type_string, fill_bid_extra},     {NULL, NULL, NULL},
};

const struct wr_nexmark_field *wr_nexmark_fields(enum wr_nexmark_kind kind)
{
  static const struct wr_nexmark_field *const fields[WR_NEXMARK_KINDS] = {
      person_fields, auction_fields, bid_fields};
  return fields[kind];
}

const char *wr_nexmark_kind_name(enum wr_nexmark_kind kind)
{
  static const char *const names[WR_NEXMARK_KINDS] = {"person", "auction", "bid"};
  return names[kind];
}
