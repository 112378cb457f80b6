"""Random changelogs and random queries on them, each query in Weir's SQL and in SQLite's.

A changelog is three tables (t, u, k: Debezium's events, or keyed JSON with tombstones) and two streams (e, f: JSON, with times and
late rows), all with the same columns, each topic a file. What is left of it at the end stands in SQLite; n_ is the place of a row's
last event, ptime_ the highest time that its partition had shown.

What SQLite has not is computed in Python beside it: which rows fall into which window (windows.py) and, as functions that SQLite calls
(lite.py), TOPK, TOPKDISTINCT, COLLECT_*, EARLIEST/LATEST_BY_OFFSET, HISTOGRAM, ATTR, STDDEV_*, CORRELATION. Projections, filters,
joins, grouping, HAVING, COUNT, SUM, AVG, MIN, MAX and COUNT(DISTINCT) are SQLite's own.

Differences of the languages that the texts spell out: a comparison with NULL is false, so NOT of it is true; a sum of nothing is 0;
a row without its group key is in no group; a group once filled stays with COUNT(*) 0 (the comparison leaves it out).
"""
import json
import sqlite3

import lite

COLUMNS = (("id", "BIGINT"), ("g", "STRING"), ("h", "BIGINT"), ("v", "BIGINT"), ("i", "INT"), ("d", "DECIMAL(10, 2)"),
           ("x", "DOUBLE"), ("s", "STRING"), ("r", "BIGINT"), ("dy", "DATE"))
LITE_TYPES = {"STRING": "TEXT", "DOUBLE": "REAL", "DATE": "TEXT"}
WORDS = ("", "a", "Roma", "Forlì", "ROMA", "a,b", 'say "x"', "  padded ", "東京", "line")
TABLES, STREAMS = "tukm", "ef"
BOTH = "m"        # tables with two key columns, id and h


def maybe(rng, share, value):
    return None if rng.random() < share else value


def random_row(rng, key, refs):
    return {"id": key, "g": maybe(rng, .05, rng.choice("abcd")), "h": rng.randrange(6), "v": maybe(rng, .1, rng.randrange(-100, 1000)),
            "i": maybe(rng, .1, rng.randrange(-9, 10)), "d": maybe(rng, .05, rng.randrange(-5000, 100000)),
            "x": maybe(rng, .1, rng.randrange(-400, 400) / 4), "s": maybe(rng, .1, rng.choice(WORDS)),
            "r": maybe(rng, .1, rng.randrange(refs)), "dy": maybe(rng, .1, rng.randrange(19000, 19400))}


def on_the_wire(row):
    """A row as JSON tells it: DECIMAL as a number with its cents, DATE as days."""
    return row and {**row, "d": row["d"] if row["d"] is None else row["d"] / 100}


def cents(d):
    return d if d is None else round(d * 100)


class Changelog:
    def __init__(self, rng, where, restart=False, truncates=False):
        self.rng, self.where = rng, where
        self.size = rng.choices((12, 60, 200, 2000), (25, 50, 25, 1))[0]
        self.keys = self.size // 4 + 2
        self.late = rng.choice((0, 0, 5000, 40000))     # how far behind its partition's time a row may be
        self.rows = {name: [] for name in TABLES + STREAMS}
        self.records = {name: [] for name in TABLES + STREAMS}
        self.changes = {name: [] for name in TABLES}
        self.parts = {name: rng.choice((1, 3)) for name in TABLES + STREAMS}
        self.formats = {name: rng.choice(("DEBEZIUM", "DEBEZIUM", "EVENT", "JSON")) for name in TABLES}
        self.truncates = truncates
        if truncates:       # one partition, and the table keeps its rows: else Weir refuses it
            self.parts = dict.fromkeys(self.parts, 1)
            self.formats = {name: kind.replace("EVENT", "DEBEZIUM") for name, kind in self.formats.items()}
        for name in TABLES:
            self.make_table(name)
        for name in STREAMS:
            self.make_stream(name)
        cuts = rng.randrange(1, 4) if restart else 0
        self.parts_left = {name: self.cut(name, cuts) for name in self.records}
        self.rest()

    def cut(self, name, cuts):
        """The records in cuts + 1 parts. Every partition is in the first."""
        all_of_it = self.records[name]
        at = sorted(self.rng.randrange(min(6, len(all_of_it)), len(all_of_it) + 1) for _ in range(cuts))
        return [all_of_it[i:k] for i, k in zip([0] + at, at + [len(all_of_it)])]

    def more(self):
        return any(self.parts_left.values())

    def rest(self):
        """Writes the next part of each topic."""
        for name, left in self.parts_left.items():
            with open(f"{self.where}/{name}.ndjson", "a", encoding="utf-8") as f:
                f.write("".join(left.pop(0)))

    def record(self, topic, part, time, key, value):
        self.records[topic].append(json.dumps(
            {"topic": topic, "partition": part, "offset": len(self.records[topic]), "timestamp": time, "headers": [], "key": key,
             "value": value}, ensure_ascii=False) + "\n")

    def make_table(self, name):
        """Creations, changes and deletions of a table's rows, some told twice."""
        rng, rows, kind = self.rng, {}, self.formats[name]
        full = kind == "EVENT" or rng.random() < .5
        for n in range(self.size):
            key = n if n < self.parts[name] else rng.randrange(self.keys)      # every partition is there from the beginning
            if self.truncates and kind == "DEBEZIUM" and rng.random() < 2 / self.size:
                self.truncate(name, n)
                rows.clear()
            before = rows.get(key)
            after = random_row(rng, key, self.keys) if before is None or rng.random() < .75 else None
            if after and name in BOTH:
                after["id"], after["h"] = key // 3, key % 3
            for _ in range(2 if kind != "EVENT" and rng.random() < .05 else 1):
                self.event(name, n, key, before, after, full)
            if after is None:
                del rows[key]
            else:
                after["n_"], after["ptime_"], after["ts_"] = n, n, n
                rows[key] = after
        self.rows[name] = list(rows.values())

    def event(self, name, n, key, before, after, full):
        """What a connector writes; `before` is whole, has the key alone, or is not there."""
        rng, part = self.rng, key % self.parts[name]
        named = [{c: row[c] for c, _ in COLUMNS} if row else None for row in (before, after)]
        before, after = (on_the_wire(row) for row in named)
        keys = {k: (after or before)[k] for k in (("id", "h") if name in BOTH else ("id",))}
        if self.formats[name] == "JSON":
            return self.record(name, part, 1000 + n, keys if name in BOTH else key, after)
        op = "d" if after is None else "u" if before else rng.choice("ccr")
        if before and not full:
            before = {c: before[c] if c in keys else None for c in before} if op == "d" or rng.random() < .5 else None
        value = {"before": before, "after": after, "source": {"connector": "mysql", "ts_ms": n, "table": name}, "op": op, "ts_ms": n}
        self.record(name, part, 1000 + n, keys, value)
        self.changes[name].append({**(after or dict.fromkeys(c for c, _ in COLUMNS)), "op": op, "was_v": before and before["v"],
                                   "was_s": before and before["s"], "n_": len(self.changes[name]), "ts_": 1000 + n})
        if op == "d":
            self.record(name, part, 1000 + n, keys, None)

    def truncate(self, name, n):
        """The table is emptied; a stream of its changes says nothing of it."""
        self.record(name, 0, 1000 + n, None, {"before": None, "after": None, "op": "t", "ts_ms": n,
                                              "source": {"connector": "postgresql", "ts_ms": n, "table": name}})

    def make_stream(self, name):
        rng, now, times = self.rng, 0, {}
        for n in range(self.size):
            now += rng.randrange(0, 3000)
            part = n if n < self.parts[name] else rng.randrange(self.parts[name])
            row = random_row(rng, n, self.keys)
            time = max(0, now - rng.randrange(self.late)) if self.late and rng.random() < .3 else now
            times[part] = max(time, times.get(part, 0))
            self.record(name, part, time, None, on_the_wire(row))
            self.rows[name].append({**row, "n_": n, "ts_": time, "ptime_": times[part]})

    def statements(self):
        sql = ""
        for name in TABLES + STREAMS:
            table = name in TABLES
            kind = self.formats[name] if table else "JSON"
            keys = ("id", "h") if name in BOTH else ("id",) if table else ()
            columns = ", ".join(f"{c} {k}" + (" PRIMARY KEY" if c in keys else "") for c, k in COLUMNS)
            form = "KEY_FORMAT='JSON', VALUE_FORMAT='JSON'" if kind == "JSON" and table else "VALUE_FORMAT='JSON'"
            if kind != "JSON":
                form = "FORMAT='DEBEZIUM'" + (", BEFORE='EVENT'" if kind == "EVENT" else "")
            sql += (f"CREATE {'TABLE' if table else 'STREAM'} {name} ({columns})\n"
                    f"  WITH (KAFKA_TOPIC='{name}', {form}, FILE='{self.where}/{name}.ndjson', FILE_LAYOUT='RECORD');\n")
            if table and kind != "JSON":
                columns = columns.replace(" PRIMARY KEY", "")
                sql += (f"CREATE STREAM {name}_changes ({columns})\n"
                        f"  WITH (KAFKA_TOPIC='{name}', FORMAT='DEBEZIUM', FILE='{self.where}/{name}.ndjson', FILE_LAYOUT='RECORD');\n")
        return sql

    def database(self):
        db = sqlite3.connect(":memory:")
        lite.functions(db)
        db.execute("PRAGMA case_sensitive_like = 1")
        db.execute("CREATE TABLE w_ (m_ INTEGER, windowstart INTEGER, windowend INTEGER)")   # of one query, Query.rows
        names = [c for c, _ in COLUMNS] + ["n_", "ts_", "ptime_"]
        kinds = [LITE_TYPES.get(k, "INTEGER") for _, k in COLUMNS] + ["INTEGER"] * 3
        for name, rows in self.rows.items():
            db.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {k}' for c, k in zip(names, kinds))})")
            db.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(names))})",
                           [[lite.date(r[c]) if c == "dy" else r[c] for c in names] for r in rows])
        names, kinds = names[:-3] + ["op", "was_v", "was_s", "n_", "ts_"], kinds[:-3] + ["TEXT", "INTEGER", "TEXT", "INTEGER", "INTEGER"]
        for name, rows in self.changes.items():
            db.execute(f"CREATE TABLE {name}_changes ({', '.join(f'{c} {k}' for c, k in zip(names, kinds))})")
            db.executemany(f"INSERT INTO {name}_changes VALUES ({', '.join('?' * len(names))})",
                           [[lite.date(r[c]) if c == "dy" else cents(r[c]) if c == "d" else r[c] for c in names] for r in rows])
        return db


# ------------------------------------------------- expressions, in both languages: (Weir's text, SQLite's text)

class Expressions:
    """Over the columns of one source ("" as its name) or of the joined ones."""

    def __init__(self, rng, names=("",)):
        self.rng, self.names = rng, names

    def column(self, c):
        name = self.rng.choice(self.names)
        return (f"{name}.{c}" if name else c,) * 2

    def combine(self, form, *parts, lite_form=None):
        return (form.format(*(p[0] for p in parts)), (lite_form or form).format(*(p[1] for p in parts)))

    def number(self, deep=2):
        rng, pick = self.rng, self.rng.randrange(20) if deep else self.rng.randrange(3)
        if pick < 2:
            return self.column("hv"[pick])
        if pick > 12:
            return self.whole(deep - 1)
        if pick > 7:
            pick = pick - 5
        if pick == 2:
            return (str(rng.randrange(-20, 50)),) * 2
        a = self.number(deep - 1)
        if pick == 3:
            return self.combine(f"({{0}} {rng.choice('+-*')} {{1}})", a, self.number(deep - 1))
        if pick == 4:
            return self.combine("COALESCE({0}, {1})", a, self.number(deep - 1))
        if pick == 5:
            return self.combine("(CASE WHEN {0} THEN {1} ELSE {2} END)", self.condition(deep - 1), a, self.number(deep - 1))
        if pick == 6:
            return self.combine("LEN({0})", self.words(deep - 1), lite_form="LENGTH({0})")
        return self.combine("ABS({0})", a)

    def whole(self, deep):
        """Numbers by functions that SQLite names otherwise, or not at all."""
        rng, a, n = self.rng, self.number(deep), self.rng.choice((-7, -2, 3, 5))
        pick = rng.randrange(10)
        if pick == 0:
            return self.combine(f"({{0}} {rng.choice('/%')} {n})", a)
        if pick == 1:
            return self.combine("(-({0}))", a)
        if pick == 2:
            return self.combine("NULLIF({0}, {1})", a, self.number(deep))
        if pick == 3:
            return self.combine("SIGN({0})", a)
        if pick == 4:
            return self.combine("INSTR({0}, 'a')", self.words(deep), lite_form="COALESCE(INSTR({0}, 'a'), 0)")
        if pick == 5:
            most = rng.choice((("GREATEST", "MAX"), ("LEAST", "MIN")))
            return self.combine(f"{most[0]}(CAST({{0}} AS BIGINT), CAST({{1}} AS BIGINT))", a, self.number(deep),
                                lite_form=f"COALESCE({most[1]}({{0}}, {{1}}), {{0}}, {{1}})")
        if pick == 6:
            return self.combine("(CASE {0} WHEN 1 THEN {1} WHEN {2} THEN -1 END)", self.column("h"), a, self.number(0))
        if pick == 7:
            return self.combine("CAST(CAST({0} AS STRING) AS BIGINT)", a, lite_form="({0})")
        if pick == 8:
            return self.combine("UNIX_DATE({0})", self.date(0), lite_form="CAST(JULIANDAY({0}) - 2440587.5 AS INTEGER)")
        return self.combine("CAST({0} AS BIGINT)", self.real(deep), lite_form="CAST({0} AS INTEGER)")

    def date(self, deep=1):
        d = self.column("dy")
        if deep and self.rng.random() < .5:
            n = self.rng.randrange(-400, 400)
            return self.combine(f"DATEADD(DAYS, {n}, {{0}})", d, lite_form=f"DATE({{0}}, '{n} days')")
        return d

    def real(self, deep=1):
        rng, pick = self.rng, self.rng.randrange(7) if deep else 0
        if pick == 0:
            return self.column("x")
        a = self.real(deep - 1)
        if pick == 1:
            return self.combine(f"({{0}} {rng.choice('+-*')} {{1}})", a, self.real(deep - 1))
        if pick == 2:
            return self.combine(f"({{0}} {rng.choice('*/')} 2e0)", a)
        if pick == 3:
            return self.combine(f"{rng.choice(('FLOOR', 'CEIL', 'ABS'))}({{0}})", a)
        if pick == 4:
            return self.combine("({0} + {1})", a, self.column("v"))
        if pick == 5:
            return self.combine("(CAST({0} AS DOUBLE) / 4e0)", self.number(deep - 1), lite_form="(CAST({0} AS REAL) / 4e0)")
        return self.combine("COALESCE({0}, 0.5e0)", a)

    def cents(self, deep=1):
        """DECIMAL of scale 2; whole cents in SQLite."""
        rng, pick = self.rng, self.rng.randrange(7) if deep else 0
        if pick == 0:
            return self.column("d")
        a = self.cents(deep - 1)
        if pick == 1:
            return self.combine(f"({{0}} {rng.choice('+-')} {{1}})", a, self.cents(deep - 1))
        if pick == 2:
            return self.combine(f"({{0}} * {rng.randrange(-3, 9)})", a)
        if pick == 3:
            return self.combine("ABS({0})", a)
        if pick == 4:
            return self.combine("({0} + {1})", a, self.column("v"), lite_form="({0} + {1} * 100)")
        if pick == 5:
            return self.combine("(CASE WHEN {0} THEN {1} END)", self.condition(deep - 1), a)
        return self.combine("(-({0}))", a)

    def words(self, deep=2):
        if deep and self.rng.random() < .4:
            return self.more_words(deep - 1)
        rng, pick = self.rng, self.rng.randrange(7) if deep else self.rng.randrange(2)
        if pick < 2:
            return self.column("gs"[pick])
        t = self.words(deep - 1)
        if pick == 2:
            return self.combine("TRIM({0})", t)
        if pick == 3:
            return self.combine("(COALESCE({0}, '') + COALESCE({1}, ''))", t, self.words(deep - 1),
                                lite_form="(COALESCE({0}, '') || COALESCE({1}, ''))")
        if pick == 4:
            cut = f"({{0}}, {rng.randrange(1, 4)}, {rng.randrange(1, 4)})"
            return self.combine("SUBSTRING" + cut, t, lite_form="SUBSTR" + cut)
        if pick == 5:
            return self.combine("REPLACE({0}, 'a', 'xy')", t)
        return self.combine("COALESCE({0}, 'none')", t)

    def more_words(self, deep):
        rng, t = self.rng, self.words(deep)
        pick = rng.randrange(9)
        if pick == 0:
            return self.combine(f"{rng.choice(('UCASE', 'LCASE', 'INITCAP'))}({{0}})", t)
        if pick == 1:
            return self.combine(f"{rng.choice(('LPAD', 'RPAD'))}({{0}}, {rng.randrange(1, 8)}, '{rng.choice(('x', 'ab'))}')", t)
        if pick == 2:
            return self.combine("CONCAT({0}, {1})", t, self.words(deep), lite_form="(COALESCE({0}, '') || COALESCE({1}, ''))")
        if pick == 3:
            return self.combine("CAST({0} AS STRING)", self.number(deep), lite_form="CAST({0} AS TEXT)")
        if pick == 4:
            return self.combine("(CASE WHEN {0} THEN {1} WHEN {2} THEN 'so' END)", self.condition(deep), t, self.condition(deep))
        if pick == 5:
            return self.combine("NULLIF({0}, {1})", t, self.words(deep))
        if pick == 6:
            return self.combine("CAST({0} AS STRING)", self.date(), lite_form="{0}")
        if pick == 7:
            return self.combine("SPLIT({0}, ',')[1]", t, lite_form="FIRST_PART({0})")
        return self.combine("IFNULL({0}, {1})", t, self.words(deep))

    def more_conditions(self, deep):
        rng, pick = self.rng, self.rng.randrange(8)
        if pick == 0:
            op = rng.choice(("=", "<", ">=", "<>"))
            return self.dated(op)
        if pick == 1:
            no = rng.choice(("", "NOT "))
            return self.combine(f"{{0}} IS {no}DISTINCT FROM {{1}}", self.number(deep), self.number(deep),
                                lite_form=f"({{0}} IS {'' if no else 'NOT '}{{1}})")
        if pick == 2:
            no = rng.choice(("", "NOT "))
            return self.combine(f"{{0}} {no}IN ('a', 'Roma', '')", self.words(deep),
                                lite_form=f"{no}COALESCE({{0}} IN ('a', 'Roma', ''), 0)")
        if pick == 3:
            return self.combine("({0} NOT BETWEEN {1} AND {2})", self.number(deep), self.number(0), self.number(0),
                                lite_form="(NOT COALESCE({0} BETWEEN {1} AND {2}, 0))")
        if pick == 4:
            op = rng.choice(("=", "<", ">=", "<>"))
            return self.combine(f"{{0}} {op} {{1}}", self.words(deep), self.words(deep), lite_form=f"COALESCE({{0}} {op} {{1}}, 0)")
        if pick == 5:
            op = rng.choice(("<", ">=", "<>"))
            return self.combine(f"{{0}} {op} {{1}}", self.real(), self.number(deep), lite_form=f"COALESCE({{0}} {op} {{1}}, 0)")
        if pick == 6:
            op = rng.choice(("<", ">=", "<>"))
            return self.combine(f"{{0}} {op} {{1}}", self.cents(), self.number(0), lite_form=f"COALESCE({{0}} {op} {{1}} * 100, 0)")
        return self.combine("{0} LIKE '%!%%' ESCAPE '!'", self.words(deep), lite_form="COALESCE({0} LIKE '%!%%' ESCAPE '!', 0)")

    def dated(self, op):
        day = f"'2022-0{self.rng.randrange(1, 10)}-1{self.rng.randrange(10)}'"
        return self.combine(f"{{0}} {op} {day}", self.date(), lite_form=f"COALESCE({{0}} {op} {day}, 0)")

    def condition(self, deep=2):
        if deep and self.rng.random() < .4:
            return self.more_conditions(deep - 1)
        rng, pick = self.rng, self.rng.randrange(10) if deep else self.rng.randrange(5)
        if pick < 2:
            op = rng.choice(("=", "<>", "<", "<=", ">", ">="))
            return self.combine(f"{{0}} {op} {{1}}", self.number(1 if deep else 0), self.number(0),
                                lite_form=f"COALESCE({{0}} {op} {{1}}, 0)")
        if pick == 2:
            return self.combine(f"{{0}} IS {rng.choice(('', 'NOT '))}NULL", self.column(rng.choice("gvsdx")))
        if pick == 3:
            return self.combine("{0} IN (1, 3, 4)", self.column("h"), lite_form="COALESCE({0} IN (1, 3, 4), 0)")
        if pick == 4:
            n, op = rng.randrange(0, 500), rng.choice("<>")
            return self.combine(f"{{0}} {op} {n}.50", self.column("d"), lite_form=f"COALESCE({{0}} {op} {n}50, 0)")
        if pick == 5:
            return self.combine(f"({{0}} {rng.choice(('AND', 'OR'))} {{1}})", self.condition(deep - 1), self.condition(deep - 1))
        if pick == 6:
            return self.combine("(NOT ({0}))", self.condition(deep - 1))
        if pick == 7:
            return self.combine("({0} BETWEEN 0 AND 40)", self.number(1), lite_form="COALESCE({0} BETWEEN 0 AND 40, 0)")
        if pick == 8:
            n = rng.randrange(-100, 100)
            return self.combine(f"{{0}} >= {n}e0", self.column("x"), lite_form=f"COALESCE({{0}} >= {n}, 0)")
        like = f"LIKE '{rng.choice(('R%', '%a%', '_', '%o'))}'"
        return self.combine(f"{{0}} {like}", self.column("s"), lite_form=f"COALESCE({{0}} {like}, 0)")

    def where(self, share=.6):
        return self.condition() if self.rng.random() < share else ("1 = 1", "1 = 1")


# ----------------------------------------------------------------- aggregates

def aggregates(x, order, tie):
    """All of them over x: [(Weir's text, SQLite's text, how to compare)]. order: SQLite's column of arrival, None: it is not known;
    tie: what parts equal values of TOPK's structs, None: nothing does."""
    rng, number = x.rng, x.number(1)
    out = [x.combine(f"{a}", (c, c), lite_form=b) + (kind,) for a, b, kind in (
        ("COUNT(*)", "COUNT(*)", "text"),) for c in ("",)]

    def add(c, weir, sql, kind):
        out.append(x.combine(weir, x.column(c) if isinstance(c, str) else c, lite_form=sql) + (kind,))
    for c in "vhixsd":
        add(c, "COUNT({0})", "COUNT({0})", "text")
    add(number, "SUM({0})", "COALESCE(SUM({0}), 0)", "text")
    add(x.cents(), "SUM({0})", "COALESCE(SUM({0}), 0)", "cents")
    add(x.real(), "SUM({0})", "COALESCE(SUM({0}), 0.0)", "near")
    for value, kind in ((x.number(1), "text"), (x.cents(), "cents"), (x.real(), "real"), (x.words(1), "text"), (x.date(), "text")):
        f = rng.choice(("MIN", "MAX", "COUNT"))
        add(value, f + "({0})", f + "({0})", "text" if f == "COUNT" else kind)
    out.append(x.combine("(SUM({0}) * 2 + COUNT(*))", x.column("i"), lite_form="(COALESCE(SUM({0}), 0) * 2 + COUNT(*))") + ("text",))
    out.append(x.combine("(CASE WHEN MAX({0}) > 5 THEN 'many' WHEN COUNT({0}) = 0 THEN 'none' ELSE 'few' END)", x.column("h"),
                         lite_form="(CASE WHEN COALESCE(MAX({0}) > 5, 0) THEN 'many' WHEN COUNT({0}) = 0 THEN 'none' ELSE 'few' END)")
               + ("text",))
    add("i", "SUM({0})", "COALESCE(SUM({0}), 0)", "text")
    add("d", "SUM({0})", "COALESCE(SUM({0}), 0)", "cents")
    add("x", "SUM({0})", "COALESCE(SUM({0}), 0.0)", "real")
    for c in "vix":
        add(c, "AVG({0})", "COALESCE(AVG({0}), 0.0)", "real")
    for c, kind in (("v", "text"), ("i", "text"), ("d", "cents"), ("x", "real"), ("s", "text"), ("dy", "text")):
        f = rng.choice(("MIN", "MAX"))
        add(c, f + "({0})", f + "({0})", kind)
    k = rng.randrange(1, 5)
    for c in "vixs":
        add(c, f"TOPK({{0}}, {k})", f"TOPK({k}, {{0}})", "json")
    for c in "vixsd":
        add(c, f"TOPKDISTINCT({{0}}, {k})", f"TOPKDISTINCT({k}, {{0}})", "json/cents" if c == "d" else "json")
    if tie:
        name = x.names[0] + "." if x.names[0] else ""
        out.append((f"TOPK({name}v, {name}s, {name}h, {k})", f"TOPK_STRUCT({k}, {tie}, {name}v, {name}s, {name}h)", "json"))
    for c in "vsxd":
        add(c, "COLLECT_LIST({0})", f"COLLECT_LIST({order or 0}, {{0}})", ("json" if order else "bag") + ("/cents" if c == "d" else ""))
        add(c, "COLLECT_SET({0})", f"COLLECT_SET({order or 0}, {{0}})", "bag" + ("/cents" if c == "d" else ""))
    if order:
        for f in ("EARLIEST", "LATEST"):
            c, n = rng.choice("vs"), rng.randrange(1, 4)
            for more in ("", ", TRUE", ", FALSE", f", {n}", f", {n}, TRUE", f", {n}, FALSE"):
                nulls = int(more.endswith("FALSE"))
                count = n if str(n) in more else 0
                add(c, f"{f}_BY_OFFSET({{0}}{more})", f"{f}({count}, {nulls}, {order}, {{0}})", "json" if count else "text")
    add("s", "HISTOGRAM({0})", "HISTOGRAM({0})", "json")
    add(x.words(1), "HISTOGRAM({0})", "HISTOGRAM({0})", "json")
    for c in "vsx":
        add(c, "COUNT_DISTINCT({0})", "COUNT(DISTINCT {0})", "text")
    add("h", "ATTR({0})", "ATTR({0})", "text")
    add("s", "ATTR({0})", "ATTR({0})", "text")
    for c in "vix":
        add(c, "STDDEV_SAMP({0})", "VARIANCE({0})", "near")
        add(c, "STDDEV_SAMPLE({0})", "DEVIATION({0})", "near")
    out.append(x.combine("CORRELATION({0}, {1})", x.column("v"), x.column("h")) + ("near",))
    out.append(x.combine("SUM_LIST(ARRAY[{0}, {1}])", x.column("v"), x.column("h"),
                         lite_form="COALESCE(SUM(COALESCE({0}, 0) + COALESCE({1}, 0)), 0)") + ("text",))
    return out
