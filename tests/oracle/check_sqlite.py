#!/usr/bin/env python3
"""Random changelogs and random queries: the table that Weir ends with against SQLite's answer over the rows that are left.

ROUNDS=n rounds (60) of ten queries each, from SEED=n (printed). A round that fails prints what it asked.
"""
import json
import os
import random
import sqlite3
from decimal import Decimal

import oracle
from oracle import harness

ROUNDS = int(os.environ.get("ROUNDS", "60"))
SEED = int(os.environ.get("SEED", random.randrange(10**6)))
COLUMNS = (("id", "BIGINT"), ("g", "STRING"), ("h", "BIGINT"), ("v", "BIGINT"), ("d", "DECIMAL(10, 2)"), ("s", "STRING"))
WORDS = ("", "a", "Roma", "Forlì", "ROMA", "a,b", 'say "x"', "  padded ", "東京", "line")


def maybe(rng, share, value):
    return None if rng.random() < share else value


def random_row(rng, key):
    cents = rng.randrange(-5000, 100000)
    return {"id": key, "g": maybe(rng, .05, rng.choice("abcdefg")), "h": rng.randrange(6),
            "v": maybe(rng, .1, rng.randrange(-100, 1000)), "d": f"{Decimal(cents) / 100:.2f}",
            "s": maybe(rng, .1, rng.choice(WORDS))}


def changelog(rng, name, events):
    """A file of Debezium events on one topic of three partitions; the rows at the end."""
    rows, offsets = {}, {}
    full = rng.random() < .5
    with open(name, "w", encoding="utf-8") as f:
        for n in range(events):
            key = rng.randrange(events // 4 + 1)
            before = rows.get(key)
            if before is None:
                op, after = "c", random_row(rng, key)
            elif rng.random() < .75:
                op, after = "u", random_row(rng, key)
            else:
                op, after = "d", None
            shown = before if full or op == "d" else None
            value = {"before": shown, "after": after, "source": {"connector": "mysql", "ts_ms": n, "table": "t"}, "op": op,
                     "ts_ms": n}
            texts = [value] * (2 if rng.random() < .05 else 1) + ([None] if op == "d" else [])
            for v in texts:
                p = key % 3
                offsets[p] = offsets.get(p, -1) + 1
                f.write(json.dumps({"topic": "t", "partition": p, "offset": offsets[p], "timestamp": 1000 + n,
                                    "headers": [], "key": {"id": key}, "value": v}, ensure_ascii=False) + "\n")
            if after is None:
                del rows[key]
            else:
                rows[key] = after
    return list(rows.values())


# ------------------------------------------------- expressions, in both languages

def number(rng, deep=2):
    """(Weir's text, SQLite's text) of an integer expression."""
    pick = rng.randrange(8) if deep else rng.randrange(3)
    if pick == 0:
        return ("h", "h")
    if pick == 1:
        return ("v", "v")
    if pick == 2:
        n = str(rng.randrange(-20, 50))
        return (n, n)
    if pick == 3:
        a, b = number(rng, deep - 1), number(rng, deep - 1)
        op = rng.choice("+-*")
        return (f"({a[0]} {op} {b[0]})", f"({a[1]} {op} {b[1]})")
    if pick == 4:
        a, b = number(rng, deep - 1), number(rng, deep - 1)
        return (f"COALESCE({a[0]}, {b[0]})", f"COALESCE({a[1]}, {b[1]})")
    if pick == 5:
        c, a, b = condition(rng, deep - 1), number(rng, deep - 1), number(rng, deep - 1)
        return (f"(CASE WHEN {c[0]} THEN {a[0]} ELSE {b[0]} END)", f"(CASE WHEN {c[1]} THEN {a[1]} ELSE {b[1]} END)")
    if pick == 6:
        t = words(rng, deep - 1)
        return (f"LEN({t[0]})", f"LENGTH({t[1]})")
    a = number(rng, deep - 1)
    return (f"ABS({a[0]})", f"ABS({a[1]})")


def words(rng, deep=2):
    pick = rng.randrange(7) if deep else rng.randrange(2)
    if pick == 0:
        return ("g", "g")
    if pick == 1:
        return ("s", "s")
    if pick == 2:
        t = words(rng, deep - 1)
        return (f"TRIM({t[0]})", f"TRIM({t[1]})")
    if pick == 3:
        a, b = words(rng, deep - 1), words(rng, deep - 1)
        return (f"(COALESCE({a[0]}, '') + COALESCE({b[0]}, ''))", f"(COALESCE({a[1]}, '') || COALESCE({b[1]}, ''))")
    if pick == 4:
        t, at, n = words(rng, deep - 1), rng.randrange(1, 4), rng.randrange(1, 4)
        return (f"SUBSTRING({t[0]}, {at}, {n})", f"SUBSTR({t[1]}, {at}, {n})")
    if pick == 5:
        t = words(rng, deep - 1)
        return (f"REPLACE({t[0]}, 'a', 'xy')", f"REPLACE({t[1]}, 'a', 'xy')")
    t = words(rng, deep - 1)
    return (f"COALESCE({t[0]}, 'none')", f"COALESCE({t[1]}, 'none')")


def condition(rng, deep=2):
    """Of values that are not NULL: a comparison with NULL is false in the dialect, so NOT of it is true."""
    pick = rng.randrange(9) if deep else rng.randrange(4)
    if pick < 2:
        a, b, op = number(rng, 1 if deep else 0), number(rng, 0), rng.choice(("=", "<>", "<", "<=", ">", ">="))
        return (f"COALESCE({a[0]}, 0) {op} COALESCE({b[0]}, 0)", f"COALESCE({a[1]}, 0) {op} COALESCE({b[1]}, 0)")
    if pick == 2:
        column, no = rng.choice("gvs"), rng.choice(("", "NOT "))
        return (f"{column} IS {no}NULL",) * 2
    if pick == 3:
        return ("h IN (1, 3, 4)",) * 2
    if pick == 4:
        a, b, op = condition(rng, deep - 1), condition(rng, deep - 1), rng.choice(("AND", "OR"))
        return (f"({a[0]} {op} {b[0]})", f"({a[1]} {op} {b[1]})")
    if pick == 5:
        a = condition(rng, deep - 1)
        return (f"(NOT ({a[0]}))", f"(NOT ({a[1]}))")
    if pick == 6:
        a = number(rng, 1)
        return (f"(COALESCE({a[0]}, 0) BETWEEN 0 AND 40)", f"(COALESCE({a[1]}, 0) BETWEEN 0 AND 40)")
    if pick == 7:
        return (f"d > {rng.randrange(0, 500)}.50",) * 2
    return (f"COALESCE(s, '') LIKE '{rng.choice(('R%', '%a%', '_', '%o'))}'",) * 2


# ------------------------------------------------------------------ queries

def projection(rng):
    columns = [(f"c{i}", *rng.choice((number, words))(rng)) for i in range(rng.randrange(1, 4))]
    where = condition(rng) if rng.random() < .7 else None
    weir = "SELECT id, " + ", ".join(f"{w} AS {c}" for c, w, _ in columns) + " FROM t"
    lite = "SELECT id, " + ", ".join(f"{q} AS {c}" for c, _, q in columns) + " FROM t"
    if where:
        weir, lite = weir + f" WHERE {where[0]}", lite + f" WHERE {where[1]}"
    return weir, lite, ["id"]


def aggregation(rng):
    keys = rng.choice((["g"], ["h"], ["g", "h"]))
    value = number(rng, 1)
    value = (f"COALESCE({value[0]}, 0)", f"COALESCE({value[1]}, 0)")
    aggregates = [("n", "COUNT(*)", "COUNT(*)"), ("total", f"SUM({value[0]})", f"SUM({value[1]})"),
                  ("least", f"MIN({value[0]})", f"MIN({value[1]})"), ("most", f"MAX({value[0]})", f"MAX({value[1]})"),
                  ("some", "COUNT(v)", "COUNT(v)"), ("money", "SUM(d)", "SUM(CENTS(d))"), ("top", "MAX(d)", "MAX(CENTS(d))")]
    chosen = aggregates[:1] + rng.sample(aggregates[1:], rng.randrange(1, len(aggregates) - 1))
    where = condition(rng) if rng.random() < .6 else ("1 = 1", "1 = 1")
    having = rng.choice(("", " HAVING COUNT(*) > 2", f" HAVING SUM({{}}) > {rng.randrange(0, 2000)}"))
    no_null = " AND ".join(f"{k} IS NOT NULL" for k in keys)      # a row without its group key is in no group
    weir = (f"SELECT {', '.join(keys)}, " + ", ".join(f"{w} AS {c}" for c, w, _ in chosen)
            + f" FROM t WHERE {where[0]} GROUP BY {', '.join(keys)}" + having.format(value[0]))
    lite = (f"SELECT {', '.join(keys)}, " + ", ".join(f"{q} AS {c}" for c, _, q in chosen)
            + f" FROM t WHERE ({where[1]}) AND {no_null} GROUP BY {', '.join(keys)}" + having.format(value[1]))
    return weir, lite, keys


def sqlite_rows(rows):
    db = sqlite3.connect(":memory:")
    db.create_function("CENTS", 1, lambda d: round(Decimal(str(d)) * 100), deterministic=True)
    db.execute("PRAGMA case_sensitive_like = 1")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, g TEXT, h INTEGER, v INTEGER, d NUMERIC, s TEXT)")
    db.executemany("INSERT INTO t VALUES (:id, :g, :h, :v, :d, :s)", rows)
    return db


def answer(db, query):
    cursor = db.execute(query)
    names = [c[0] for c in cursor.description]
    out = []
    for row in cursor:
        cells = dict(zip(names, row))
        for name in ("money", "top"):
            if name in cells:
                cells[name] = f"{Decimal(cells[name]) / 100:.2f}"
        out.append({n: None if v is None else str(v) for n, v in cells.items()})
    return out


def round_of(where, number_of_round):
    rng = random.Random(SEED * 1000 + number_of_round)
    rows = changelog(rng, where + "/t.ndjson", rng.choice((50, 400, 3000)))
    queries = [rng.choice((projection, aggregation))(rng) for _ in range(10)]
    sql = (f"CREATE TABLE t ({', '.join(f'{c} {k}' + (' PRIMARY KEY' if c == 'id' else '') for c, k in COLUMNS)})\n"
           f"  WITH (KAFKA_TOPIC='t', FORMAT='DEBEZIUM', FILE='{where}/t.ndjson', FILE_LAYOUT='RECORD');\n")
    for i, (weir, _, _) in enumerate(queries):
        sql += f"CREATE SINK q{i} WITH (TYPE='csv', PATH='{where}/q{i}.csv', MODE='TABLE') AS\n  {weir};\n"
    settings = [f"batch.rows={rng.choice((1, 2, 7, 1024))}", f"tasks={rng.choice((1, 4))}",
                f"state.store={rng.choice(('memory', 'rocksdb'))}"]
    harness.weir_sql(where, sql, "--until-end", *(a for s in settings for a in ("--set", s)))
    db = sqlite_rows(rows)
    for i, (weir, lite, keys) in enumerate(queries):
        found = [r for r in harness.read_csv(f"{where}/q{i}.csv") if r.get("n") != "0"]     # a group once filled stays
        harness.same_rows(found, answer(db, lite), keys, f"SEED={SEED} round {number_of_round} {settings}\n{weir}\n{lite}")


def each(number_of_round):
    return lambda where: round_of(where, number_of_round)


print(f"SEED={SEED}")
for the_round in range(ROUNDS):
    globals()[f"test_round_{the_round}"] = each(the_round)

if __name__ == "__main__":
    harness.main()
