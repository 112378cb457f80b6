#!/usr/bin/env python3
"""State that an earlier build of the same format number wrote is read, and gone on with, to the right results.

tests/fixtures/state.tar.gz is a data directory with all that keeps state, stopped in the middle of its input. Where a change of layout
was made without raising WR_DATA_FORMAT (core/format.h), it is misread and this test fails. Where the number was raised, make it anew:

    tests/e2e/format.py --make
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from harness import weir

FIXTURE = os.path.join(harness.ROOT, "tests/fixtures/state.tar.gz")
MIDDLE, END = 150, 300

# Names of files are relative, so that the directory can be unpacked anywhere.
SQL = """
CREATE STREAM s (id INT KEY, g STRING, v INT, d DECIMAL(10, 2), t BIGINT) WITH (FILE='s.ndjson', FORMAT='JSON', TIMESTAMP='t');
CREATE TABLE u (id INT PRIMARY KEY, g STRING, v INT) WITH (FILE='u.ndjson', FILE_LAYOUT='RECORD', KAFKA_TOPIC='u', FORMAT='JSON');
CREATE TABLE names (g STRING PRIMARY KEY, name STRING) WITH (FILE='names.ndjson', FILE_LAYOUT='RECORD', KAFKA_TOPIC='names', FORMAT='JSON');
CREATE STREAM kept WITH (KAFKA_TOPIC='kept', FORMAT='JSON', PARTITIONS=1) AS SELECT id, g, v FROM s;
CREATE SINK over_stream WITH (TYPE='csv', PATH='over_stream.csv') AS SELECT g, COUNT(*) AS n, SUM(v) AS sv, SUM(d) AS sd, AVG(v) AS a,
  MIN(v) AS mi, MAX(d) AS ma, COLLECT_LIST(v) AS cl, COLLECT_SET(v) AS cs, TOPK(v, 3) AS tk, TOPKDISTINCT(v, 3) AS td,
  LATEST_BY_OFFSET(v) AS la, EARLIEST_BY_OFFSET(v, 2) AS ea, HISTOGRAM(CAST(v AS STRING)) AS hi, COUNT_DISTINCT(v) AS cd FROM s GROUP BY g;
CREATE SINK over_table WITH (TYPE='csv', PATH='over_table.csv') AS SELECT g, COUNT(*) AS n, SUM(v) AS sv, AVG(v) AS a, MIN(v) AS mi,
  MAX(v) AS ma, COLLECT_LIST(v) AS cl, COLLECT_SET(v) AS cs, TOPK(v, 3) AS tk, COUNT_DISTINCT(v) AS cd FROM u GROUP BY g;
CREATE SINK tumbled WITH (TYPE='csv', PATH='tumbling.csv', MODE='APPEND') AS SELECT g, COUNT(*) AS n, SUM(v) AS sv FROM s
  WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY g EMIT FINAL;
CREATE SINK sessions WITH (TYPE='csv', PATH='sessions.csv', MODE='APPEND') AS SELECT g, COUNT(*) AS n, LATEST_BY_OFFSET(v) AS la FROM s
  WINDOW SESSION (3 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY g EMIT FINAL;
CREATE SINK pairs WITH (TYPE='csv', PATH='pairs.csv', MODE='APPEND') AS SELECT a.id, a.v, b.v AS w FROM s a LEFT JOIN s b
  WITHIN 4 SECONDS GRACE PERIOD 5 SECONDS ON a.v = b.id;
CREATE SINK named WITH (TYPE='csv', PATH='named.csv') AS SELECT u.id, u.v, names.name FROM u LEFT JOIN names ON u.g = names.g;
CREATE SINK latest WITH (TYPE='sqlite', DATABASE='latest.db', TABLE='latest') AS SELECT id, g, v FROM u;
"""
OUTPUTS = ("over_stream.csv", "over_table.csv", "tumbling.csv", "sessions.csv", "pairs.csv", "named.csv")


def record(topic, i, key, value):
    return json.dumps({"topic": topic, "partition": 0, "offset": i, "timestamp": 1700000000000 + i * 500, "headers": [],
                       "key": key, "value": value}) + "\n"


def write_input(where, begin, end):
    """Inputs of events begin to end - 1, the same for ever."""
    with open(where + "/s.ndjson", "a", encoding="utf-8") as s, open(where + "/u.ndjson", "a", encoding="utf-8") as u, \
            open(where + "/names.ndjson", "a", encoding="utf-8") as names:
        for i in range(begin, end):
            g, v, late = f"g{i * 7 % 5}", i * 13 % 17, 4000 * (i % 11 == 0)
            s.write("{no json\n" if i % 50 == 49 else
                    json.dumps({"id": i % 23, "g": g, "v": v, "d": v / 4, "t": 1700000000000 + i * 500 - late}) + "\n")
            u.write(record("u", i, i % 29, None if i % 9 == 8 else {"g": g, "v": v}))
            if i % 10 == 0:
                names.write(record("names", i // 10, f"g{i // 10 % 5}", {"name": f"name {i}"}))


def write_sql(where):
    with open(where + "/all.sql", "w", encoding="utf-8") as f:
        f.write(SQL)


def run(where, **more):
    """To the end of what is there, not of time: windows stay open."""
    return weir("run", "all.sql", "--data", "data", "--until-caught-up", "--set", "tasks=1", cwd=where, timeout=120, **more)


def results(where):
    return {name: sorted(open(f"{where}/{name}", encoding="utf-8")) for name in OUTPUTS}


def make():
    """The fixture: half of the input, a run, and all that it left."""
    where = tempfile.mkdtemp(prefix="weir-format-")
    write_sql(where)
    write_input(where, 0, MIDDLE)
    run(where)
    shutil.rmtree(where + "/data/log", ignore_errors=True)
    with tarfile.open(FIXTURE, "w:gz", compresslevel=9) as tar:
        tar.add(where, arcname=".")
    shutil.rmtree(where)
    print(f"{FIXTURE}: {os.path.getsize(FIXTURE)} bytes")


def number():
    with open(harness.ROOT + "/core/format.h", encoding="utf-8") as f:
        return re.search(r'WR_DATA_FORMAT "(\d+)"', f.read()).group(1)


def test_state_of_an_earlier_build(where):
    whole, old = where + "/whole", where + "/old"
    os.makedirs(whole)
    write_sql(whole)
    write_input(whole, 0, MIDDLE)
    run(whole)
    write_input(whole, MIDDLE, END)
    run(whole)
    with tarfile.open(FIXTURE) as tar:
        tar.extractall(old)
    done = subprocess.run([harness.WEIR, "check", "data"], cwd=old, text=True, capture_output=True, timeout=120)
    assert "has format" not in done.stderr, f"the number is {number()} now: tests/e2e/format.py --make\n{done.stderr}"
    assert done.returncode == 0, done.stderr
    write_sql(old)
    write_input(old, MIDDLE, END)
    run(old)
    found, wanted = results(old), results(whole)
    for name in OUTPUTS:
        assert wanted[name] and found[name] == wanted[name], (
            f"{name}: state is misread; was its layout changed without a new number in core/format.h?\n"
            f"{[r for r in found[name] if r not in wanted[name]][:3]} instead of {[r for r in wanted[name] if r not in found[name]][:3]}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--make"]:
        make()
    else:
        harness.main()
