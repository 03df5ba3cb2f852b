-- Selection: bids of some auctions.
CREATE TABLE results (auction BIGINT, price BIGINT) WITH (${SINK});
INSERT INTO results SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0;
