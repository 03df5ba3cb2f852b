-- The events of the generator, each kind as a table of its own.
CREATE TABLE bid (
  auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING,
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH ('connector' = 'nexmark', 'event' = 'bid', 'events.num' = '${EVENTS}', 'first-event.rate' = '${RATE}',
  'max-emit-speed' = 'true', 'splits' = '${SPLITS}');
CREATE TABLE auction (
  id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT, `dateTime` TIMESTAMP(3),
  expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING,
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH ('connector' = 'nexmark', 'event' = 'auction', 'events.num' = '${EVENTS}', 'first-event.rate' = '${RATE}',
  'max-emit-speed' = 'true', 'splits' = '${SPLITS}');
CREATE TABLE person (
  id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING, `dateTime` TIMESTAMP(3),
  extra STRING,
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH ('connector' = 'nexmark', 'event' = 'person', 'events.num' = '${EVENTS}', 'first-event.rate' = '${RATE}',
  'max-emit-speed' = 'true', 'splits' = '${SPLITS}');
