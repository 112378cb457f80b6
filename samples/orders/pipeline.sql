-- A small shop. In: the changes of its tables customers and orders, as Debezium writes them. Out, as CSV files that
-- are always whole: revenue per region and ten seconds, the orders' totals by status, a mirror of the orders.
--
-- From the recorded file, to its end:
--
--     weir run samples/orders/pipeline.sql --until-end
--
-- From Kafka topics shop.public.customers and shop.public.orders (samples/orders/load HOST:PORT fills them), for ever:
--
--     weir run samples/orders/pipeline.sql --broker HOST:PORT --define events=
--
-- A variable that --define sets keeps that value; DEFINE gives the others theirs. An empty FILE is none: the topic itself
-- is read.

DEFINE events = 'samples/orders/events.ndjson';
DEFINE out = 'build/orders';

-- The tables as they are now: an update replaces, a delete removes.
CREATE TABLE customers (id BIGINT PRIMARY KEY, name STRING, region STRING)
  WITH (KAFKA_TOPIC='shop.public.customers', FORMAT='DEBEZIUM', FILE='${events}', FILE_LAYOUT='RECORD');

CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id BIGINT, status STRING, amount DECIMAL(12, 2), ordered_at TIMESTAMP)
  WITH (KAFKA_TOPIC='shop.public.orders', FORMAT='DEBEZIUM', FILE='${events}', FILE_LAYOUT='RECORD');

-- The same topic as a stream of changes, on the time at which an order was placed.
CREATE STREAM order_changes (customer_id BIGINT, amount DECIMAL(12, 2), ordered_at TIMESTAMP)
  WITH (KAFKA_TOPIC='shop.public.orders', FORMAT='DEBEZIUM', FILE='${events}', FILE_LAYOUT='RECORD',
        TIMESTAMP='ordered_at');

-- Orders told more than five seconds late no longer change a window that is out.
CREATE TABLE revenue WITH (KAFKA_TOPIC='revenue', KEY_FORMAT='JSON', VALUE_FORMAT='JSON') AS
  SELECT c.region AS region, COUNT(*) AS orders, SUM(o.amount) AS revenue
  FROM order_changes o
  JOIN customers c ON o.customer_id = c.id
  WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS)
  WHERE o.op IN ('c', 'r')
  GROUP BY c.region
  EMIT FINAL;

CREATE TABLE totals WITH (KAFKA_TOPIC='totals', KEY_FORMAT='JSON', VALUE_FORMAT='JSON') AS
  SELECT status, COUNT(*) AS orders, SUM(amount) AS total, MAX(amount) AS largest
  FROM orders
  GROUP BY status;

CREATE SINK revenue_csv WITH (TYPE='csv', PATH='${out}/revenue.csv', MODE='TABLE') AS
  SELECT * FROM revenue;

CREATE SINK totals_csv WITH (TYPE='csv', PATH='${out}/totals.csv', MODE='TABLE') AS
  SELECT * FROM totals;

CREATE SINK orders_csv WITH (TYPE='csv', PATH='${out}/orders.csv', MODE='TABLE') AS
  SELECT * FROM orders;
