-- Bids of each auction every 10 seconds: no query of the benchmark, but the plainest window with a key.
CREATE TABLE results (auction BIGINT, n BIGINT, total BIGINT, until TIMESTAMP(3)) WITH (${SINK});
INSERT INTO results
SELECT auction, COUNT(*), SUM(price), window_end
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
GROUP BY auction, window_start, window_end;
