-- Pass through: what reading and writing cost.
CREATE TABLE results (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra STRING) WITH (${SINK});
INSERT INTO results SELECT auction, bidder, price, `dateTime`, extra FROM bid;
