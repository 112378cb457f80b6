#!/usr/bin/env python3
"""The n-th allocation of ours, the n-th write and the n-th sync of the process fail, for every n of a run that defines, inserts, queries,
replaces and drops, with a sink of each kind that writes files. RocksDB's and SQLite's writes count too.

What may come of it: nothing (tried again), a clean error (exit 1 to 4, with words), or exit 70 on purpose where there is no memory or the state's
log cannot be written. Then the statements are given once more, and the results must be those of a run that nothing disturbed: never a wrong commit. No signal, no hang.

WAYS=io.sync:fail,… tries only these; WEIR_FAULT=io.write:17:fail with the printed statements repeats one."""
import concurrent.futures
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile

import kit
from kit import harness

ROWS = 400
WORKERS = int(os.environ.get("WORKERS", 6))
WAYS = ("io.sync:fail", "io.write:fail", "io.write:enospc", "io.write:short", "io.write:eintr", "io.alloc:fail")
STATEMENTS = """
CREATE STREAM s (id INT, k STRING) WITH (FILE='in.ndjson', FORMAT='JSON');
CREATE STREAM copied WITH (KAFKA_TOPIC='copied', FORMAT='JSON') AS SELECT id, k FROM s;
CREATE SINK every WITH (TYPE='csv', PATH='every.csv', MODE='APPEND', ROTATE_BYTES='1000') AS SELECT id FROM copied;
CREATE SINK counts WITH (TYPE='csv', PATH='counts.csv', MODE='TABLE') AS SELECT k, COUNT(*) AS n, SUM(id) AS total FROM copied GROUP BY k;
CREATE SINK kept WITH (TYPE='sqlite', DATABASE='out.db', TABLE='kept') AS SELECT id, k FROM copied;
CREATE STREAM notes (k STRING KEY, v INT) WITH (KAFKA_TOPIC='notes', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=2);
INSERT INTO notes VALUES ('a', 1);
CREATE SINK noted WITH (TYPE='csv', PATH='notes.csv', MODE='APPEND') AS SELECT k, v FROM notes;
CREATE OR REPLACE STREAM copied WITH (KAFKA_TOPIC='copied', FORMAT='JSON') AS SELECT id, k FROM s;
CREATE STREAM away WITH (KAFKA_TOPIC='away', FORMAT='JSON') AS SELECT k FROM s;
DROP STREAM away DELETE TOPIC;
"""


def run(where, fault="", reached=None):
    env = {**os.environ, "WEIR_FAULT": fault, "ASAN_OPTIONS": "detect_leaks=0", **({"WEIR_FAULT_REACHED": reached} if reached else {})}
    done = subprocess.run([kit.faulty(), "run", "pipeline.sql", "--data", "state", "--until-end", "--set", "commit.bytes=4096"], env=env, cwd=where,
                          text=True, capture_output=True, timeout=90)
    return done.returncode, done.stdout[-1000:] + done.stderr[-3000:]


def prepare(root):
    where = tempfile.mkdtemp(prefix="nth-", dir=root)
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write("".join(json.dumps({"id": i, "k": f"k{i % 5}"}) + "\n" for i in range(ROWS)))
    with open(where + "/pipeline.sql", "w", encoding="utf-8") as f:
        f.write(STATEMENTS)
    return where


def check(where, what):
    got = []
    for number in range(1, 1000):
        if not os.path.exists(f"{where}/every-{number:06}.csv"):
            break
        got += [int(r["id"]) for r in harness.read_csv(f"{where}/every-{number:06}.csv")]
    assert got == list(range(ROWS)), f"{what}: {len(got)} rows appended, {len(set(got))} different"
    counts = {r["k"]: (int(r["n"]), int(r["total"])) for r in harness.read_csv(where + "/counts.csv")}
    assert counts == {f"k{k}": (ROWS // 5, sum(range(k, ROWS, 5))) for k in range(5)}, f"{what}: {counts}"
    with sqlite3.connect(where + "/out.db") as db:
        kept = [r[0] for r in db.execute("SELECT id FROM kept ORDER BY id")]
    db.close()
    assert kept == list(range(ROWS)), f"{what}: {len(kept)} rows in the database, {len(set(kept))} different"
    notes = [(r["k"], r["v"]) for r in harness.read_csv(where + "/notes.csv")]
    assert notes == [("a", "1")], f"{what}: inserted rows are {notes}"


def one(root, point, n, way):
    """None, or what went wrong."""
    where, what = prepare(root), f"{point}:{n}:{way}"
    try:
        status, words = run(where, what)
        assert 0 <= status < 5 or (status == 70 and way == "fail"), f"{what}: exit {status}\n{words}"
        assert status == 0 or "error" in words or "weir:" in words, f"{what}: exit {status} without words\n{words}"
        again, words = run(where)
        assert again == 0, f"{what}: exit {status}, then {again}\n{words}"
        check(where, f"{what} (exit {status})")
    except (AssertionError, subprocess.TimeoutExpired, OSError, sqlite3.Error) as error:
        return f"{what}: {error}"
    finally:
        shutil.rmtree(where, ignore_errors=True)
    return None


def passes(root):
    where = prepare(root)
    status, words = run(where, reached=where + "/reached")
    assert status == 0, words
    check(where, "without a fault")
    with open(where + "/reached", encoding="utf-8") as f:
        return {p: int(n) for p, n in (line.split() for line in f) if p.startswith("io.")}


def test_every_n(where):
    root = kit.scratch(where)
    try:
        found, faults = passes(root), []
        for way in os.environ.get("WAYS", ",".join(WAYS)).split(","):
            point, how = way.split(":")
            every = range(1, found[point] + 1)
            if kit.SAMPLE:
                every = sorted(kit.rng(way).sample(every, 4))
            with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
                wrong = [w for w in pool.map(lambda n: one(root, point, n, how), every) if w]
            for words in wrong:
                print("WRONG " + words, flush=True)
            faults += wrong
            print(f"  {way}: {len(every)} of {found[point]}, {len(wrong)} wrong", flush=True)
        assert not faults, f"{len(faults)} wrong; the first: {faults[0]}"
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    kit.main()
