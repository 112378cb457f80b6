#!/usr/bin/env python3
"""Killed, and made to fail, at every named point of an epoch; afterwards nothing is lost and nothing doubled.

The program is one with fault points in it (build/asan, else build/debug). A first run tells which points there are
and how often they are passed; then some that a printed seed chooses (SEED=n; ALL=1: each) are tried, at their first, their second or a late
pass. tests/reliability/matrix.py tries every point with every sink by itself; here all are in one process.
"""
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
import http_sink

ROWS, TRIALS = 3000, 16
PROGRAM = next((p for p in (harness.ASAN, os.path.join(harness.ROOT, "build/debug/weir")) if os.path.exists(p)), None)


def pipeline(where, url):
    """One of each kind: appended CSV, CSV table, topic log and a query behind it, HTTP."""
    with open(where + "/in.ndjson", "w") as f:
        f.write("".join(json.dumps({"id": i, "k": f"k{i % 5}"}) + "\n" for i in range(ROWS)))
    sql = where + "/pipeline.sql"
    with open(sql, "w") as f:
        f.write(f"CREATE STREAM s (id INT, k STRING) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"
                "CREATE STREAM copied WITH (KAFKA_TOPIC='copied', FORMAT='JSON') AS SELECT id, k FROM s;\n"
                f"CREATE SINK every WITH (TYPE='csv', PATH='{where}/every.csv', MODE='APPEND') AS SELECT id FROM copied;\n"
                f"CREATE SINK counts WITH (TYPE='csv', PATH='{where}/counts.csv', MODE='TABLE') AS\n"
                "  SELECT k, COUNT(*) AS n, SUM(id) AS total FROM copied GROUP BY k;\n"
                f"CREATE SINK posted WITH (TYPE='http', URL='{url}', BODY='ARRAY', BATCH_ROWS='100', "
                "RETRY_BACKOFF_MS='10') AS SELECT id FROM s;\n")
    return sql


def run(where, sql, fault=None, reached=None):
    env = {**os.environ, **({"WEIR_FAULT": fault} if fault else {}), **({"WEIR_FAULT_REACHED": reached} if reached else {})}
    done = subprocess.run([PROGRAM, "run", sql, "--data", where + "/state", "--until-end", "--set", "commit.bytes=2048"],
                          env=env, text=True, capture_output=True, timeout=120, cwd=harness.ROOT)
    return done.returncode, done.stdout + done.stderr


def check(where, endpoint, what):
    got = [int(r["id"]) for r in harness.read_csv(where + "/every.csv")]
    assert got == list(range(ROWS)), f"{what}: {len(got)} rows appended, {len(set(got))} different"
    counts = {r["k"]: (int(r["n"]), int(r["total"])) for r in harness.read_csv(where + "/counts.csv")}
    want = {f"k{k}": (ROWS // 5, sum(range(k, ROWS, 5))) for k in range(5)}
    assert counts == want, f"{what}: {counts} instead of {want}"
    bodies = {}
    for key, body in zip(endpoint.keys, endpoint.bodies):
        assert bodies.setdefault(key, body) == body, f"{what}: another body under the key {key}"
    posted = [row.get("id", row.get("ID")) for body in bodies.values() for row in body]
    assert sorted(posted) == list(range(ROWS)), f"{what}: {len(posted)} rows posted, {len(set(posted))} different"


def points(where):
    """name -> how often a run passes it."""
    if PROGRAM is None:
        raise harness.Skip("neither build/asan/weir nor build/debug/weir is there")
    endpoint = http_sink.Endpoint()
    status, words = run(where, pipeline(where, endpoint.url), reached=where + "/reached")
    assert status == 0, words[-3000:]
    check(where, endpoint, "without a fault")
    endpoint.close()
    with open(where + "/reached") as f:
        found = {name: int(n) for name, n in (line.split() for line in f if line.strip())}
    assert found, "no fault point was passed"
    return {name: n for name, n in found.items() if not name.startswith("io.")}      # tests/reliability/nth.py


def trials(where):
    found = [(name, turn) for name, passed in sorted(points(where).items()) for turn in sorted({1, 2, max(1, passed * 2 // 3)}) if turn <= passed]
    if os.environ.get("ALL") != "1":
        seed = os.environ.get("SEED") or str(random.randrange(10**6))
        print(f"SEED={seed}", flush=True)
        found = random.Random(seed).sample(found, min(TRIALS, len(found)))
    for name, turn in found:
        folder = f"{where}/{name}-{turn}"
        os.makedirs(folder)
        yield name, turn, folder


def test_killed_at_every_point(where):
    for name, turn, folder in trials(where):
        endpoint = http_sink.Endpoint()
        sql = pipeline(folder, endpoint.url)
        status, words = run(folder, sql, f"{name}:{turn}:crash")
        assert status in (-9, 0), f"{name}:{turn}: exit {status}\n{words[-3000:]}"
        status, words = run(folder, sql)
        assert status == 0, f"started again after {name}:{turn}:crash: exit {status}\n{words[-3000:]}"
        check(folder, endpoint, f"{name}:{turn}:crash")
        endpoint.close()


def test_failed_at_every_point(where):
    """Rolled back in the process: it ends by itself, with everything right."""
    for name, turn, folder in trials(where):
        endpoint = http_sink.Endpoint()
        sql = pipeline(folder, endpoint.url)
        status, words = run(folder, sql, f"{name}:{turn}:fail")
        if status != 0:                         # it may stop with words; started again it must be right
            assert 0 < status < 128, f"{name}:{turn}:fail: exit {status}\n{words[-3000:]}"
            status, words = run(folder, sql)
        assert status == 0, f"{name}:{turn}:fail: exit {status}\n{words[-3000:]}"
        check(folder, endpoint, f"{name}:{turn}:fail")
        endpoint.close()


if __name__ == "__main__":
    harness.main()
