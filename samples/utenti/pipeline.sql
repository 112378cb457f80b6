-- The table inventory.utenti of a MySQL server, as Debezium tells its changes. Two web applications hear of it: how many
-- users each town has goes to the Flask one, every balance that falls below zero to the FastAPI one.
--
--     /usr/bin/python3 samples/utenti/flask_app.py 5000 &
--     /usr/bin/python3 samples/utenti/fastapi_app.py 8000 &
--     weir run samples/utenti/pipeline.sql --until-end
--
-- From Kafka, for ever: add --broker HOST:PORT --define events=

DEFINE events = 'samples/utenti/events.ndjson';
DEFINE flask = 'http://127.0.0.1:5000';
DEFINE fastapi = 'http://127.0.0.1:8000';

CREATE TABLE utenti (id INT PRIMARY KEY, nome STRING, citta STRING, attivo INT, saldo DECIMAL(12, 2))
  WITH (KAFKA_TOPIC='dbserver1.inventory.utenti', FORMAT='DEBEZIUM', FILE='${events}', FILE_LAYOUT='RECORD');

CREATE STREAM movimenti (id INT, email STRING, saldo DECIMAL(12, 2))
  WITH (KAFKA_TOPIC='dbserver1.inventory.utenti', FORMAT='DEBEZIUM', FILE='${events}', FILE_LAYOUT='RECORD');

-- The towns as they stand: a user who moves leaves one and joins another.
CREATE TABLE conteggi WITH (KAFKA_TOPIC='conteggi', KEY_FORMAT='JSON', VALUE_FORMAT='JSON') AS
  SELECT citta, COUNT(*) AS utenti, SUM(attivo) AS attivi, SUM(saldo) AS saldo
  FROM utenti
  GROUP BY citta;

CREATE SINK conteggi_http WITH (TYPE='http', URL='${flask}/update', BODY='ARRAY', BATCH_ROWS='50') AS
  SELECT * FROM conteggi;

-- Only the change that crosses the line, not every one that stays below it.
CREATE SINK avvisi_http WITH (TYPE='http', URL='${fastapi}/alert', BODY='OBJECT') AS
  SELECT id, email, saldo
  FROM movimenti
  WHERE op IN ('c', 'u') AND saldo < 0 AND (before->saldo IS NULL OR before->saldo >= 0);
