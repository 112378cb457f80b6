#!/usr/bin/env python3
"""TYPE='sqlite': tables made and filled, rows upserted and deleted by key, and each row there once whatever happens."""
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

FAULTY = next((p for p in (os.path.join(harness.ROOT, "build/debug/weir"), harness.ASAN) if os.path.exists(p)), None)


def source(where, rows, name="in"):
    with open(f"{where}/{name}.ndjson", "w", encoding="utf-8") as f:
        f.write("".join(json.dumps(row) + "\n" for row in rows))
    return f"{where}/{name}.ndjson"


def query(where, sql, *values):
    with sqlite3.connect(f"{where}/out.db") as db:
        return db.execute(sql, values).fetchall()


def execute(where, *statements):
    with sqlite3.connect(f"{where}/out.db") as db:
        for sql in statements:
            db.execute(sql)
    db.close()


def sink(where, select, more="", table="t"):
    return f"CREATE SINK out WITH (TYPE='sqlite', DATABASE='{where}/out.db', TABLE='{table}'{more}) AS {select};\n"


def numbers(where, n=1000):
    return f"CREATE STREAM s (id INT, k STRING) WITH (FILE='{source(where, ({'id': i, 'k': f'k{i % 5}'} for i in range(n)))}', FORMAT='JSON');\n"


COUNTS = "SELECT k, COUNT(*) AS n, SUM(id) AS total FROM s GROUP BY k"


def run(where, sql, *more, **options):
    return harness.weir_sql(where, sql, "--until-end", *more, **options)


def refused(where, sql):
    return harness.weir_sql(where, sql, "--until-end", status=1)[1]


# ------------------------------------------------------------ what is written

def test_types(where):
    name = source(where, [{"b": True, "i": 7, "l": 2**53 + 1, "x": 1.5, "d": 12.5, "s": "007", "y": "AAEC", "t": "2026-05-01",
                           "h": "08:09:10", "ts": "2026-05-01T08:09:10.011", "a": [1, 2], "r": {"u": 1}}, {"i": 8}])
    run(where, f"CREATE STREAM s (b BOOLEAN, i INT, l BIGINT, x DOUBLE, d DECIMAL(10, 2), s STRING, y BYTES, t DATE, h TIME, ts TIMESTAMP,"
               f" a ARRAY<INT>, r STRUCT<u INT>) WITH (FILE='{name}', FORMAT='JSON');\n" + sink(where, "SELECT * FROM s"))
    first, second = query(where, "SELECT * FROM t")
    assert first == (1, 7, 2**53 + 1, 1.5, "12.50", "007", b"\0\1\2", "2026-05-01", "08:09:10", "2026-05-01T08:09:10.011",
                     "[1,2]", '{"U":1}'), first
    assert second == (None, 8) + (None,) * 10, second
    declared = [r[2] for r in query(where, "SELECT * FROM pragma_table_info('t')")]
    assert declared == ["BOOLEAN", "INT", "BIGINT", "DOUBLE", "TEXT", "TEXT", "BLOB", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT"], declared


def test_rows_of_a_table_change_and_go(where):
    events = [{"before": None, "after": {"id": 1, "name": "Ann", "town": "Bari"}, "op": "c"},
              {"before": None, "after": {"id": 2, "name": "Bo", "town": "Lodi"}, "op": "c"},
              {"before": {"id": 2, "name": "Bo", "town": "Lodi"}, "after": {"id": 2, "name": "Bo", "town": "Bari"}, "op": "u"},
              {"before": {"id": 1, "name": "Ann", "town": "Bari"}, "after": None, "op": "d"}]
    sql = (f"CREATE TABLE users (id INT PRIMARY KEY, name STRING, town STRING) WITH (FILE='{where}/in.ndjson', FORMAT='DEBEZIUM');\n"
           + sink(where, "SELECT id, name, town FROM users"))
    source(where, events[:2])
    run(where, sql)
    assert sorted(query(where, "SELECT * FROM t")) == [(1, "Ann", "Bari"), (2, "Bo", "Lodi")]
    source(where, events)
    run(where, sql)
    assert query(where, "SELECT * FROM t") == [(2, "Bo", "Bari")]
    assert [r[1] for r in query(where, "SELECT * FROM pragma_table_info('t') WHERE pk > 0")] == ["id"]


def test_windows_are_part_of_the_key(where):
    name = source(where, [{"k": "a", "ts": ts} for ts in (1000, 2000, 11000, 12000, 21000)])
    run(where, f"CREATE STREAM s (k STRING, ts BIGINT) WITH (FILE='{name}', FORMAT='JSON', TIMESTAMP='ts');\n"
        + sink(where, "SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k"))
    assert sorted(query(where, "SELECT k, windowstart, windowend, n FROM t")) == [
        ("a", 0, 10000, 2), ("a", 10000, 20000, 2), ("a", 20000, 30000, 1)]


def test_null_in_the_key_is_one_row(where):
    name = source(where, [{"a": 1, "b": None}, {"a": 1, "b": None}, {"a": 1, "b": 2}])
    run(where, f"CREATE STREAM s (a INT, b INT) WITH (FILE='{name}', FORMAT='JSON');\n"
        + sink(where, "SELECT a, b, COUNT(*) AS n FROM s GROUP BY a, b"), "--set", "cache.max.bytes.buffering=0")
    found = query(where, "SELECT a, b, n FROM t")
    assert len(found) == len(set(found)) and (1, 2, 1) in found, found


def test_a_large_epoch_is_spilled(where):
    run(where, numbers(where, 200000) + sink(where, "SELECT id, k FROM s"), "--set", "commit.interval.ms=60000")
    assert query(where, "SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [(200000, 200000)]


def test_at_least_once(where):
    run(where, numbers(where) + sink(where, COUNTS), "--set", "processing.guarantee=at_least_once")
    assert sorted(query(where, "SELECT k, n FROM t")) == [(f"k{i}", 200) for i in range(5)]
    assert query(where, "SELECT name FROM sqlite_master WHERE name = 'weir_epochs'") == []


def test_a_dropped_sink_leaves_no_number(where):
    """Its rows stay. Nor does one that has lost its database keep DROP from its end."""
    sql = numbers(where) + sink(where, COUNTS) + sink(where, COUNTS, table="other").replace("SINK out", "SINK other")
    run(where, sql)
    assert query(where, "SELECT COUNT(*) FROM weir_epochs") == [(2,)]
    harness.weir("run", "-e", "DROP SINK out;", "--data", where + "/state")
    assert query(where, "SELECT sink FROM weir_epochs") == [("OTHER",)]
    assert query(where, "SELECT COUNT(*) FROM t") == [(5,)]
    os.rename(where + "/out.db", where + "/kept.db")
    harness.weir("run", "-e", "DROP SINK other;", "--data", where + "/state", status=None)
    assert not os.path.exists(where + "/out.db")


# --------------------------------------------------------- tables that do not fit

def test_a_table_that_is_there_is_used(where):
    execute(where, "CREATE TABLE t (note TEXT DEFAULT 'x', k TEXT UNIQUE, n INTEGER, total NUMERIC)", "INSERT INTO t VALUES ('mine', 'k1', 0, 0)")
    run(where, numbers(where) + sink(where, COUNTS))
    assert sorted(query(where, "SELECT k, n, note FROM t"))[:2] == [("k0", 200, "x"), ("k1", 200, "mine")]


def test_tables_that_do_not_fit(where):
    for made, words in (("(k TEXT PRIMARY KEY, n INTEGER)", "has no column total"),
                        ("(k INTEGER PRIMARY KEY, n INTEGER, total INTEGER)", "declared INTEGER, which would change values of type STRING"),
                        ("(k TEXT, n INTEGER, total INTEGER)", "is not unique by the key"),
                        ("(k TEXT PRIMARY KEY, n INTEGER, total INTEGER, must TEXT NOT NULL)", "needs a value for its column must")):
        execute(where, "DROP TABLE IF EXISTS t", "CREATE TABLE t " + made)
        err = refused(where, numbers(where) + sink(where, COUNTS))
        assert words in err and "hint:" in err, err


def test_statements_that_cannot_be(where):
    for select, more, words in ((COUNTS, ", MOD='x'", "MODE"), ("SELECT id FROM s", ", MODE='TABLE'", "have no key"),
                                ("SELECT COUNT(*) AS n FROM s GROUP BY k", "", "leaves out a part")):
        err = refused(where, numbers(where) + sink(where, select, more))
        assert words in err, err
    assert "taken by SQLite" in refused(where, numbers(where) + sink(where, COUNTS, table="weir_epochs"))
    with open(where + "/out.db", "w", encoding="utf-8") as f:
        f.write("this is no database, whatever its name says\n" * 100)
    assert "not a database" in refused(where, numbers(where) + sink(where, COUNTS))


# ------------------------------------------------------------------ trouble

def test_a_locked_database_is_waited_for(where):
    execute(where, "CREATE TABLE other (x)")
    db = sqlite3.connect(where + "/out.db", check_same_thread=False, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    threading.Timer(1.5, lambda: db.execute("ROLLBACK")).start()
    run(where, numbers(where) + sink(where, "SELECT id FROM s"))
    assert time.monotonic() - begun > 1
    assert query(where, "SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [(1000, 1000)]


def test_a_reader_that_holds_up_the_commit(where):
    """Without WAL a reader blocks the COMMIT: the epoch is rolled back and comes again, once."""
    sql = numbers(where) + sink(where, "SELECT id FROM s")
    execute(where, "CREATE TABLE t (id INTEGER)", "INSERT INTO t VALUES (-1)")
    log, name = where + "/log", where + "/p.sql"
    with open(name, "w", encoding="utf-8") as f:
        f.write(sql.replace("FORMAT='JSON'", "FORMAT='JSON', FILE_FOLLOW='true'"))
    weir = harness.start("run", name, "--data", where + "/state", log=log)
    harness.until("rows", 60, lambda: query(where, "SELECT COUNT(*) FROM t")[0][0] == 1001)
    db = sqlite3.connect(where + "/out.db", isolation_level=None)
    db.execute("BEGIN")
    db.execute("SELECT COUNT(*) FROM t").fetchall()
    with open(where + "/in.ndjson", "a", encoding="utf-8") as f:
        f.write("".join(json.dumps({"id": i}) + "\n" for i in range(1000, 1100)))
    harness.until("the rollback told", 60, lambda: "rolled back to its last commit" in open(log, encoding="utf-8").read())
    assert "locked" in open(log, encoding="utf-8").read()
    db.execute("COMMIT")
    harness.until("the other rows", 60, lambda: query(where, "SELECT COUNT(*) FROM t")[0][0] >= 1101)
    weir.terminate()
    assert weir.wait(60) == 0
    assert query(where, "SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [(1101, 1101)]


def test_a_database_that_is_gone(where):
    sql = numbers(where) + sink(where, "SELECT id FROM s")
    run(where, sql)
    os.rename(where + "/out.db", where + "/kept.db")
    numbers(where, 1010)
    err = run(where, sql, status=None)[1]
    assert "is not there, but epoch" in err, err
    os.rename(where + "/kept.db", where + "/out.db")
    run(where, sql)
    assert query(where, "SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [(1010, 1010)]


def test_an_old_copy_is_noticed(where):
    sql = numbers(where) + sink(where, "SELECT id FROM s")
    run(where, sql)
    with open(where + "/out.db", "rb") as f:
        old = f.read()
    numbers(where, 1010)
    run(where, sql)
    with open(where + "/out.db", "wb") as f:
        f.write(old)
    numbers(where, 1020)
    err = run(where, sql, status=None)[1]
    assert "was the last one committed to table t" in err and "weir recover" in err, err
    incarnation = err.split("weir recover ")[1].split()[0]
    harness.weir("recover", incarnation, "--data", where + "/state", "--assume", "committed")
    run(where, sql)
    found = {row[0] for row in query(where, "SELECT id FROM t")}
    assert found == set(range(1000)) | set(range(1010, 1020)), len(found)


# ------------------------------------------------------------------ crashes

def points(where, sql):
    done = subprocess.run([FAULTY, "run", sql, "--data", where + "/reached-state", "--until-end", "--set", "commit.bytes=2048"],
                          env={**os.environ, "WEIR_FAULT_REACHED": where + "/reached"}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    os.remove(where + "/out.db")
    with open(where + "/reached", encoding="utf-8") as f:
        return sorted((line.split()[0], int(line.split()[1])) for line in f if line.startswith(("sqlite.", "epoch.")))


def test_killed_and_failed_at_every_point(where):
    if not FAULTY:
        raise harness.Skip("neither build/debug/weir nor build/asan/weir is there")
    with open(where + "/p.sql", "w", encoding="utf-8") as f:
        f.write(numbers(where) + sink(where, COUNTS) + sink(where, "SELECT id FROM s", table="every").replace("SINK out", "SINK every"))
    found = points(where, where + "/p.sql")
    assert {"sqlite.before_begin", "sqlite.begun", "sqlite.row", "sqlite.before_witness", "sqlite.ready", "sqlite.before_commit",
            "sqlite.committed", "epoch.pending", "epoch.decided"} <= {p for p, _ in found}, found
    for point, passed in found:
        for how in ("crash", "fail"):
            for turn in sorted({1, max(1, passed * 2 // 3)}):
                what = f"{point}:{turn}:{how}"
                folder = f"{where}/{what}"
                done = subprocess.run([FAULTY, "run", where + "/p.sql", "--data", folder, "--until-end"], capture_output=True, text=True,
                                      env={**os.environ, "WEIR_FAULT": what}, timeout=120)
                assert how == "fail" or done.returncode in (-9, 0), f"{what}: {done.returncode} {done.stderr}"
                harness.weir("run", where + "/p.sql", "--data", folder, "--until-end", program=FAULTY)
                assert sorted(query(where, "SELECT k, n FROM t")) == [(f"k{i}", 200) for i in range(5)], what
                assert query(where, "SELECT COUNT(*), COUNT(DISTINCT id) FROM every") == [(1000, 1000)], what
                os.remove(where + "/out.db")


if __name__ == "__main__":
    harness.main()
