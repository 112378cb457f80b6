"""What a file of gen_cdc.py means, computed without Weir: tables, totals, windows; and the SQL that asks Weir the same.

Every record is read with Python's own JSON. A table is what its changes leave: c, r and u put a row, d takes it,
whatever stands in `before`; so repeats and missing images make no difference, which is what Weir has to reach.
"""
import json
import os
import subprocess
import sys
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

GENERATOR = os.path.join(harness.ROOT, "tests/lab/gen_cdc.py")
MINUTE = 60_000
TABLES = ("customers", "orders", "payments")

# column, type without a schema, type with one. Without a schema an int64 says nothing of its unit, so it stays a number.
COLUMNS = {
    "customers": (("id", "INT", "INT"), ("name", "STRING", "STRING"), ("email", "STRING", "STRING"),
                  ("city", "STRING", "STRING"), ("vip", "BOOLEAN", "BOOLEAN"), ("created_at", "BIGINT", "TIMESTAMP")),
    "orders": (("id", "BIGINT", "BIGINT"), ("customer_id", "INT", "INT"), ("status", "STRING", "STRING"),
               ("total", "DECIMAL(12, 2)", "DECIMAL(12, 2)"), ("ordered_at", "BIGINT", "TIMESTAMP"),
               ("note", "STRING", "STRING")),
    "payments": (("id", "STRING", "STRING"), ("order_id", "BIGINT", "BIGINT"),
                 ("amount", "DECIMAL(12, 2)", "DECIMAL(12, 2)"), ("currency", "STRING", "STRING"),
                 ("paid_at", "STRING", "TIMESTAMP")),
}


def generate(name, *options):
    """Writes a file of events once."""
    with open(name + ".part", "wb") as f:
        subprocess.run([sys.executable, GENERATOR, *options], stdout=f, check=True)
    os.rename(name + ".part", name)
    return name


# -------------------------------------------------------------- the answer

class World:
    """schemas: the values stand under "payload"; value_only: lines are bare values, timed by source.ts_ms."""

    def __init__(self, name, schemas=False, value_only=False, grace_ms=None):
        self.tables = {t: {} for t in TABLES}
        self.windows, self.late, self.events = {}, 0, 0
        now = {}
        with open(name, encoding="utf-8") as f:
            for line in f:
                record = json.loads(line)
                self.events += 1
                value = record if value_only else record["value"]
                if value is None:
                    continue
                event = value["payload"] if schemas else value
                table, after = event["source"]["table"], event["after"]
                key = (event["after"] or event["before"])["id"]
                if after is None:
                    self.tables[table].pop(key, None)
                else:
                    self.tables[table][key] = after
                if table != "orders":
                    continue
                at = event["source"]["ts_ms"] if value_only else record["timestamp"]
                partition = 0 if value_only else record["partition"]
                now[partition] = max(now.get(partition, 0), at)
                start = at - at % MINUTE
                if grace_ms is not None and start + MINUTE + grace_ms <= now[partition]:
                    self.late += 1
                    continue
                group = self.windows.setdefault((start, event["op"]), 0)
                self.windows[start, event["op"]] = group + 1

    def mirror(self, table, schemas):
        """The table's rows as the texts of a CSV file."""
        kinds = [(c, with_schema if schemas else without) for c, without, with_schema in COLUMNS[table]]
        return [{c: text(row[c], kind) for c, kind in kinds} for row in self.tables[table].values()]

    def totals(self):
        groups = {}
        for row in self.tables["orders"].values():
            groups.setdefault(row["status"], []).append(Decimal(row["total"]))
        return [{"status": s, "n": str(len(v)), "total": str(sum(v)), "least": str(min(v)), "most": str(max(v))}
                for s, v in groups.items()]

    def minutes(self):
        return [{"windowstart": str(start), "windowend": str(start + MINUTE), "kind": op, "n": str(n)}
                for (start, op), n in self.windows.items()]


def text(value, kind):
    if value is None:
        return None
    if kind == "BOOLEAN":
        return "true" if value else "false"
    if kind == "TIMESTAMP":
        return timestamp(value)
    return str(value)


def timestamp(value):
    """Microseconds since 1970, or a text such as 2024-03-01T00:00:00.123000Z, to milliseconds."""
    import datetime
    if isinstance(value, int):
        at = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value // 1000 * 1000)
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}"
    return value.rstrip("Z")[:23]


# ------------------------------------------------------------ the question

def sources(origin, prefix="shop", schemas=False, before="STATE", kinds=("customers", "orders", "payments", "changes")):
    """CREATE statements. origin: more properties of WITH, such as FILE='…', FILE_LAYOUT='RECORD'."""
    out = []
    for kind in kinds:
        table = "orders" if kind == "changes" else kind
        columns = [f"{c} {with_schema if schemas else without}{' PRIMARY KEY' if c == 'id' and kind != 'changes' else ''}"
                   for c, without, with_schema in COLUMNS[table]]
        more = "" if kind == "changes" else f", BEFORE='{before}'"
        out.append(f"CREATE {'STREAM' if kind == 'changes' else 'TABLE'} {kind} ({', '.join(columns)})\n"
                   f"  WITH (KAFKA_TOPIC='{prefix}.public.{table}', FORMAT='DEBEZIUM'{more}{origin});\n")
    return "".join(out)


def mirror_sinks(where, tables=TABLES):
    return "".join(f"CREATE SINK mirror_{t} WITH (TYPE='csv', PATH='{where}/{t}.csv', MODE='TABLE') AS\n"
                   f"  SELECT * FROM {t};\n" for t in tables)


def totals_sink(where):
    return (f"CREATE SINK totals WITH (TYPE='csv', PATH='{where}/totals.csv', MODE='TABLE') AS\n"
            "  SELECT status, COUNT(*) AS n, SUM(total) AS total, MIN(total) AS least, MAX(total) AS most\n"
            "  FROM orders GROUP BY status;\n")


def minutes_sink(where, grace="1 DAY", emit="CHANGES"):
    return (f"CREATE SINK per_minute WITH (TYPE='csv', PATH='{where}/minutes.csv', MODE='TABLE') AS\n"
            f"  SELECT op AS kind, COUNT(*) AS n FROM changes WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD {grace})\n"
            f"  GROUP BY op EMIT {emit};\n")


def all_sql(where, origin, prefix="shop", schemas=False, before="STATE", windows=True):
    sql = sources(origin, prefix, schemas, before) + mirror_sinks(where) + totals_sink(where)
    return sql + (minutes_sink(where) if windows else "")


def check(world, where, schemas=False, windows=True):
    """Every CSV file in where against the world."""
    for table in TABLES:
        harness.same_rows(harness.read_csv(f"{where}/{table}.csv"), world.mirror(table, schemas), ["id"], table)
    harness.same_rows(harness.read_csv(f"{where}/totals.csv"), world.totals(), ["status"], "totals")
    if windows:
        harness.same_rows(harness.read_csv(f"{where}/minutes.csv"), world.minutes(), ["kind", "windowstart"], "minutes")
