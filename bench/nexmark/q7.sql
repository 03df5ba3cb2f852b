-- Highest bid: all bids of the highest price in each 10 seconds. The benchmark joins by a range of times, which lets a
-- bid at a boundary belong to two windows; this is the same as a join of windows.
CREATE TABLE results (auction BIGINT, price BIGINT, bidder BIGINT, `dateTime` TIMESTAMP(3), extra STRING) WITH (${SINK});
INSERT INTO results
SELECT b.auction, b.price, b.bidder, b.`dateTime`, b.extra
FROM (SELECT * FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))) AS b
JOIN (
  SELECT MAX(price) AS price, window_start, window_end
  FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end
) AS m
ON b.window_start = m.window_start AND b.window_end = m.window_end AND b.price = m.price;
