#!/usr/bin/env python3
"""Debezium's recorded events in every layout, mirrored to CSV: the rows that the database had at the end.

FIXTURES names another folder in the form of tests/fixtures (rows from this one's pg_rows and maria_rows serve).
"""
import base64
import csv
import os

import oracle
from oracle import harness

RECORDED = os.path.join(harness.ROOT, "tests/fixtures")
FIXTURES = os.environ.get("FIXTURES", RECORDED)

TABLES = {
    "pg": {
        "customers": "id INT PRIMARY KEY, first_name STRING, last_name STRING, email STRING",
        "utenti": "id INT PRIMARY KEY, nome STRING, cognome STRING, email STRING, attivo BOOLEAN, "
                  "saldo DECIMAL(12,2), creato_il TIMESTAMP",
        "orders": "id BIGINT PRIMARY KEY, customer_id INT, status STRING, total DECIMAL(14,4), ordered_at {local}, "
                  "shipped_at TIMESTAMP, note STRING",
        "order_lines": "order_id BIGINT PRIMARY KEY, line_no INT PRIMARY KEY, product_id INT, qty INT, "
                       "unit_price DECIMAL(10,2)",
        "payments": "id STRING PRIMARY KEY, order_id BIGINT, amount DECIMAL(12,2), currency STRING, "
                    "paid_at TIMESTAMP, raw {bytes}",
    },
    "maria": {
        "customers": "id INT PRIMARY KEY, first_name STRING, last_name STRING, email STRING",
        "utenti": "id INT PRIMARY KEY, nome STRING, cognome STRING, email STRING, attivo INT, saldo DECIMAL(12,2), "
                  "creato_il TIMESTAMP",
        "orders": "order_number INT PRIMARY KEY, order_date DATE, purchaser INT, total DECIMAL(12,3), status STRING",
        "order_lines": "order_number INT PRIMARY KEY, line_no INT PRIMARY KEY, sku STRING, qty BIGINT",
        "payments": "id STRING PRIMARY KEY, order_number INT, amount DECIMAL(12,2), currency STRING, "
                    "paid_at TIMESTAMP, raw {bytes}",
    },
}

# A TIMESTAMP without zone is a bare number of microseconds where no schema says so; BYTES written as hex are text.
LOCAL = {"pg_plain": "BIGINT", "pg_flat": "BIGINT"}
BYTES = {"pg_double": "STRING"}


def declared(layout, table):
    return TABLES[layout.split("_")[0]][table].format(local=LOCAL.get(layout, "TIMESTAMP"),
                                                      bytes=BYTES.get(layout, "BYTES"))


def columns_of(declaration):
    """(name, type) pairs of a column list."""
    parts = declaration.replace("(12,", "(12;").replace("(14,", "(14;").replace("(10,", "(10;").split(", ")
    return [tuple(p.replace(" PRIMARY KEY", "").replace(";", ",").split(" ", 1)) for p in parts]


def expected_text(value, kind):
    """A database's own text as a CSV sink writes the column."""
    if value == "":
        return None                             # no column of these tables holds an empty text
    if kind == "BOOLEAN":
        return {"t": "true", "f": "false"}[value]
    if kind == "BYTES":
        return base64.b64encode(bytes.fromhex(value.removeprefix("\\x"))).decode()
    if kind == "STRING" and value.startswith("\\x"):
        return value[2:]
    if kind == "TIMESTAMP":
        date, clock = value.removesuffix("+00").split(" ")
        return f"{date}T{(clock + '.000' if '.' not in clock else clock + '000')[:12]}"
    if kind == "BIGINT" and " " in value:
        return str(micros(value))
    return value


def micros(value):
    import datetime
    at = datetime.datetime.fromisoformat(value)
    return (at - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


def database_rows(layout, table):
    with open(os.path.join(RECORDED, layout.split("_")[0] + "_rows", table + ".csv"), encoding="utf-8", newline="") as f:
        kinds = columns_of(declared(layout, table))
        return [{c: expected_text(row[c], kind) for c, kind in kinds} for row in csv.DictReader(f)]


def statements(layout, where, origin):
    sql = ""
    for table in TABLES[layout.split("_")[0]]:
        sql += (f"CREATE TABLE {table} ({declared(layout, table)})\n"
                f"  WITH (KAFKA_TOPIC='{layout}.inventory.{table}', FORMAT='DEBEZIUM'{origin});\n"
                f"CREATE SINK {table}_csv WITH (TYPE='csv', PATH='{where}/{table}.csv', MODE='TABLE') AS\n"
                f"  SELECT * FROM {table};\n")
    return sql


def check(layout, where):
    for table in TABLES[layout.split("_")[0]]:
        keys = [p.split(" ")[0] for p in declared(layout, table).split(", ") if "PRIMARY KEY" in p]
        found = harness.read_csv(f"{where}/{table}.csv")
        harness.same_rows(found, database_rows(layout, table), keys, table)


def mirror(layout, where):
    name = os.path.join(FIXTURES, layout + ".ndjson")
    harness.weir_sql(where, statements(layout, where, f", FILE='{name}', FILE_LAYOUT='RECORD'"), "--until-end")
    check(layout, where)


def each(layout):
    def test(where):
        mirror(layout, where)
    return test


for name in ("pg_schemas", "pg_plain", "pg_string", "pg_double", "pg_flat", "pg_flat_schemas",
             "maria_schemas", "maria_plain", "maria_mysql", "maria_flat"):
    globals()["test_" + name] = each(name)

if __name__ == "__main__":
    harness.main()
