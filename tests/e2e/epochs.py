#!/usr/bin/env python3
"""When an epoch ends: by its time, and before that by its size (commit.bytes). A CSV table is written after a commit, so its
rows tell that there was one."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from serve import Server


HOURLY = ("--set", "commit.interval.ms=1h")


def written(where, rows):
    """The statements of a query over a file that it goes on following."""
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.writelines(json.dumps({"id": i, "text": "x" * 50}) + "\n" for i in range(rows))
    with open(where + "/pipeline.sql", "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (id INT, text STRING) WITH (FILE='{where}/in.ndjson', FORMAT='JSON', FILE_FOLLOW='true');\n"
                f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv', MODE='TABLE') AS\n"
                "  SELECT id, COUNT(*) AS n, LATEST_BY_OFFSET(text) AS text FROM s GROUP BY id;\n")
    return where + "/pipeline.sql"


def rows(where):
    try:
        return len(harness.read_csv(where + "/out.csv"))
    except (FileNotFoundError, AssertionError):
        return 0


def test_a_large_epoch_ends_before_its_time(where):
    child = harness.start("run", written(where, 20000), "--data", where + "/state", *HOURLY, "--set", "commit.bytes=64k", log=where + "/log")
    try:
        harness.until("most of it is committed", 60, lambda: rows(where) > 15000)
    finally:
        child.kill()


def test_a_small_one_waits(where):
    with Server(where, written(where, 500), *HOURLY, "--set", "commit.bytes=64m") as s:
        harness.until("all rows are read", 60, lambda: "rows in: 500" in json.dumps(s.ksql("EXPLAIN ANALYZE SINK_OUT_2;")))
        time.sleep(1)
        assert rows(where) == 0, f"{rows(where)} rows were committed"
    assert s.child.returncode == 0 and rows(where) == 500, open(s.log, encoding="utf-8").read()         # SIGTERM commits


if __name__ == "__main__":
    harness.main()
