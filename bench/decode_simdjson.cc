/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. Written as simdjson's manual advises for many records with known fields in known
 * order; dateTime stays text, which the engine's decoder also has to turn into a time. Compile for
 * the machine at hand to give it its best.
 */
#include "bench/decode_simdjson.h"

#include <simdjson.h>

#include <string_view>

namespace {

struct bid {
  int64_t auction, bidder, price;
  std::string_view channel, url, time, extra;
};

bool bid_read(simdjson::ondemand::object &object, int fields, bid &out)
{
  if (fields == 3)
    return !object["auction"].get(out.auction) && !object["price"].get(out.price) &&
           !object["dateTime"].get(out.time);
  return !object["auction"].get(out.auction) && !object["bidder"].get(out.bidder) &&
         !object["price"].get(out.price) && !object["channel"].get(out.channel) &&
         !object["url"].get(out.url) && !object["dateTime"].get(out.time) &&
         !object["extra"].get(out.extra);
}

} // namespace

uint64_t wr_bench_iterate_many(const char *bytes, size_t length, int fields)
{
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream stream;
  if (parser.iterate_many(bytes, length, 256 * 1024).get(stream))
    return 0;
  uint64_t records = 0;
  volatile int64_t sink = 0;
  for (auto document : stream) {
    simdjson::ondemand::object object;
    bid out;
    if (document.get_object().get(object) || !bid_read(object, fields, out))
      return 0;
    sink = sink + out.auction + out.price;
    records++;
  }
  return records;
}
