#!/usr/bin/env python3
"""Killed, and made to fail, at every point of an outbox while an endpoint refuses rows: nothing is lost, repeats have the id that they had.

Rows are posted in batches; some of them are bad, so batches are halved and dead letters kept, also in a topic. The program is one with fault
points in it, as in crash.py.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import crash
import harness
import http_sink

ROWS, BAD = 120, {7, 50, 51, 119}


def endpoint():
    plan = [503, "drop"]                        # some trouble of the other kind too
    bad = lambda rows: 422 if any(r["id"] in BAD for r in rows) else 200
    return http_sink.Endpoint(always=lambda rows: plan.pop() if plan else bad(rows))


def pipeline(where, url):
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write("".join(json.dumps({"id": i}) + "\n" for i in range(ROWS)))
    sql = where + "/p.sql"
    with open(sql, "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (id INT) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"
                f"CREATE SINK posted WITH (TYPE='http', URL='{url}', BODY='ARRAY', BATCH_ROWS='16', RETRY_BACKOFF_MS='5', "
                "RETRY_BACKOFF_MAX_MS='20', DEAD_LETTER='letters') AS SELECT id FROM s;\n"
                "CREATE STREAM letters (body STRING) WITH (KAFKA_TOPIC='letters', FORMAT='KAFKA', PARTITIONS=1);\n"
                f"CREATE SINK seen WITH (TYPE='csv', PATH='{where}/letters.csv', MODE='APPEND') AS SELECT body FROM letters;\n")
    return sql


def check(where, sql, e, what):
    bodies = {}
    for key, body in zip(e.keys, e.bodies):
        assert bodies.setdefault(key, body) == body, f"{what}: another body under the key {key}"
    got = [row["id"] for body in bodies.values() for row in body]
    assert got == [i for i in range(ROWS) if i not in BAD], f"{what}: {len(got)} rows, {len(set(got))} different"
    kept = harness.weir("run", sql, "--data", where + "/state", "--until-end", "-e", "SHOW ERRORS;", program=crash.PROGRAM)[0]
    assert kept.count("was answered 422") == len(BAD), f"{what}: kept are\n{kept}"
    letters = {json.loads(r["body"])[0]["id"] for r in harness.read_csv(where + "/letters.csv")}
    assert letters == BAD, f"{what}: dead letters in the topic are {letters}"


def points(where):
    if crash.PROGRAM is None:
        raise harness.Skip("neither build/asan/weir nor build/debug/weir is there")
    e = endpoint()
    sql = pipeline(where, e.url)
    status, words = crash.run(where, sql, reached=where + "/reached")
    assert status == 0, words[-3000:]
    check(where, sql, e, "without a fault")
    e.close()
    with open(where + "/reached") as f:
        found = {name: int(n) for name, n in (line.split() for line in f) if name.startswith("outbox.")}
    missing = {"outbox." + p for p in ("load", "send", "answered", "refused", "mark", "committed", "settle", "settled",
                                       "dead_letter")} - set(found)
    assert not missing, f"never passed: {missing}"
    return found


def trials(where, how):
    for name, passed in sorted(points(where).items()):
        turn = max(1, passed // 2)
        folder = f"{where}/{name}"
        os.makedirs(folder)
        e = endpoint()
        sql = pipeline(folder, e.url)
        yield f"{name}:{turn}:{how}", folder, sql, e
        e.close()


def test_killed_at_every_point(where):
    for what, folder, sql, e in trials(where, "crash"):
        status, words = crash.run(folder, sql, what)
        assert status in (-9, 0), f"{what}: exit {status}\n{words[-3000:]}"
        status, words = crash.run(folder, sql)
        assert status == 0, f"started again after {what}: exit {status}\n{words[-3000:]}"
        check(folder, sql, e, what)


def test_failed_at_every_point(where):
    for what, folder, sql, e in trials(where, "fail"):
        status, words = crash.run(folder, sql, what)
        if status != 0:
            assert 0 < status < 128, f"{what}: exit {status}\n{words[-3000:]}"
            status, words = crash.run(folder, sql)
        assert status == 0, f"{what}: exit {status}\n{words[-3000:]}"
        check(folder, sql, e, what)


if __name__ == "__main__":
    harness.main()
