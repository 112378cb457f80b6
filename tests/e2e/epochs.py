#!/usr/bin/env python3
"""When an epoch ends: by its time, and before that by its size (commit.bytes). A CSV table is written after a commit, so its
rows tell that there was one."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness


def started(where, rows, *settings):
    """A query over a file that it goes on following, with a commit an hour."""
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.writelines(json.dumps({"id": i, "text": "x" * 50}) + "\n" for i in range(rows))
    with open(where + "/pipeline.sql", "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (id INT, text STRING) WITH (FILE='{where}/in.ndjson', FORMAT='JSON', FILE_FOLLOW='true');\n"
                f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv', MODE='TABLE') AS\n"
                "  SELECT id, COUNT(*) AS n, LATEST_BY_OFFSET(text) AS text FROM s GROUP BY id;\n")
    return harness.start("run", where + "/pipeline.sql", "--data", where + "/state", "--set", "commit.interval.ms=1h",
                         *settings, log=where + "/log")


def rows(where):
    try:
        return len(harness.read_csv(where + "/out.csv"))
    except (FileNotFoundError, AssertionError):
        return 0


def test_a_large_epoch_ends_before_its_time(where):
    child = started(where, 20000, "--set", "commit.bytes=64k")
    try:
        harness.until("most of it is committed", 20, lambda: rows(where) > 15000)
    finally:
        child.kill()


def test_a_small_one_waits(where):
    child = started(where, 500, "--set", "commit.bytes=64m")
    try:
        time.sleep(2)
        assert child.poll() is None, open(where + "/log").read()
        assert rows(where) == 0, f"{rows(where)} rows were committed"
        child.terminate()                       # SIGTERM commits
        assert child.wait(20) == 0, open(where + "/log").read()
    finally:
        child.kill()
    assert rows(where) == 500


if __name__ == "__main__":
    harness.main()
