-- A shop's clicks, for a dashboard in the browser: three live tables that charts follow.
-- Run it:  weir run examples/clickstream/clickstream.sql --http 127.0.0.1:8080      (README.md has the link with the charts)

CREATE TABLE clicks (
  user_id BIGINT,
  page STRING,
  country STRING,
  ms INT COMMENT 'until the page was there',
  ts TIMESTAMP_LTZ(3),
  WATERMARK FOR ts AS ts - INTERVAL '0.2' SECOND
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '2000',
  'fields.user_id.min' = '1',
  'fields.user_id.max' = '5000',
  'fields.page.values' = '/|/|/|/search|/search|/product|/product|/cart|/checkout|/health',
  'fields.country.values' = 'DE|DE|DE|FR|FR|JP|US|US|US|BR',
  'fields.ms.min' = '1',
  'fields.ms.max' = '900',
  'fields.ts.kind' = 'sequence'
);

-- What people do; a monitor that asks /health is none of them.
CREATE VIEW views AS SELECT * FROM clicks WHERE page <> '/health';

-- Every two seconds, by page: lines over time.
CREATE TABLE page_load (
  window_end TIMESTAMP(3), page STRING, views BIGINT, visitors BIGINT, avg_ms DOUBLE, slow BIGINT,
  PRIMARY KEY (window_end, page) NOT ENFORCED
) WITH ('connector' = 'live');

-- Of the last minute, every five seconds, by country: bars.
CREATE TABLE country_minute (
  country STRING, window_end TIMESTAMP(3), views BIGINT, visitors BIGINT,
  PRIMARY KEY (country) NOT ENFORCED
) WITH ('connector' = 'live');

-- The three busiest users of each ten seconds: a table of their newest places.
CREATE TABLE busiest (
  place BIGINT, user_id BIGINT, views BIGINT, window_end TIMESTAMP(3),
  PRIMARY KEY (place) NOT ENFORCED
) WITH ('connector' = 'live');

EXECUTE STATEMENT SET BEGIN

INSERT INTO page_load
SELECT window_end, page, COUNT(*), COUNT(DISTINCT user_id), ROUND(AVG(CAST(ms AS DOUBLE)), 1),
  COUNT(*) FILTER (WHERE ms > 800)
FROM TABLE(TUMBLE(TABLE views, DESCRIPTOR(ts), INTERVAL '2' SECOND))
GROUP BY window_start, window_end, page;

INSERT INTO country_minute
SELECT country, window_end, COUNT(*), COUNT(DISTINCT user_id)
FROM TABLE(HOP(TABLE views, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, country;

INSERT INTO busiest
SELECT place, user_id, views, window_end
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY views DESC, user_id) AS place
  FROM (
    SELECT window_start, window_end, user_id, COUNT(*) AS views
    FROM TABLE(TUMBLE(TABLE views, DESCRIPTOR(ts), INTERVAL '10' SECOND))
    GROUP BY window_start, window_end, user_id))
WHERE place <= 3;

END;
