-- Log to files: every bid, in a folder per day and minute.
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra STRING, dt STRING,
  hm STRING) PARTITIONED BY (dt, hm) WITH (${FILES});
INSERT INTO results
SELECT auction, bidder, price, `dateTime`, extra, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd'), DATE_FORMAT(`dateTime`, 'HH:mm')
FROM bid;
