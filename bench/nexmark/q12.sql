-- Windows of the clock: bids of each bidder in each 10 seconds of processing time.
CREATE TABLE results (bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)) WITH (${SINK});
CREATE VIEW clocked AS SELECT *, PROCTIME() AS p_time FROM bid;
INSERT INTO results
SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(TUMBLE(TABLE clocked, DESCRIPTOR(p_time), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;
