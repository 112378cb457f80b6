#!/usr/bin/env python3
"""The HTTP sink against endpoints that refuse, hang, vanish and come back: every row arrives, each key in its order."""
import collections
import http.server
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness


class Endpoint:
    """Takes POSTs; `plan` says how the first ones are treated: a status, (a status, seconds of Retry-After), "hang", "drop".
    `bodies` and `keys` are what was taken, repeats and all; rows() is without what came again under its key, as an endpoint should take it."""

    def __init__(self, plan=(), port=0, always=None):
        self.plan, self.bodies, self.keys, self.tries = collections.deque(plan), [], [], 0
        endpoint, self.gate, self.lock = self, threading.Event(), threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with endpoint.lock:
                    endpoint.tries += 1
                    treatment = always or (endpoint.plan.popleft() if endpoint.plan else 200)
                    if callable(treatment):
                        treatment = treatment(json.loads(body))
                if treatment == "hang":
                    endpoint.gate.wait(60)
                    self.close_connection = True
                    return
                if treatment == "drop":
                    self.close_connection = True
                    return
                treatment, after = treatment if isinstance(treatment, tuple) else (treatment, None)
                if 200 <= treatment < 300:
                    with endpoint.lock:         # the two belong together, and requests come side by side
                        endpoint.keys.append(self.headers.get("Idempotency-Key"))
                        endpoint.bodies.append(json.loads(body))
                self.send_response(treatment)
                self.send_header("Content-Length", "2")
                if after is not None:
                    self.send_header("Retry-After", str(after))
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port or harness.free_port()), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None      # a client that was killed
        self.url = f"http://127.0.0.1:{self.server.server_port}/rows"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def rows(self):
        first = {}
        with self.lock:
            for key, body in zip(self.keys, self.bodies):
                first.setdefault(key, body)
        return [row for body in first.values() for row in (body if isinstance(body, list) else [body])]

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


def pipeline(where, url, count=20, more="", timeout=60000):
    name = os.path.join(where, "in.ndjson")
    with open(name, "w") as f:
        f.write("".join(json.dumps({"id": i, "k": i % 3}) + "\n" for i in range(count)))
    sql = os.path.join(where, "p.sql")
    with open(sql, "w") as f:
        f.write(f"CREATE STREAM s (id INT, k INT) WITH (FILE='{name}', FORMAT='JSON');\n"
                f"CREATE SINK out WITH (TYPE='http', URL='{url}', BODY='OBJECT', RETRY_BACKOFF_MS='20', "
                f"RETRY_BACKOFF_MAX_MS='200', TIMEOUT_MS='{timeout}'{more}) AS SELECT id, k FROM s;\n")
    return sql


def run(where, sql, *more, **options):
    return harness.weir("run", sql, "--data", where + "/state", "--until-end", *more, **options)


def ids(endpoint):
    return [row.get("id", row.get("ID")) for row in endpoint.rows()]


def test_every_row_once_in_order(where):
    e = Endpoint()
    run(where, pipeline(where, e.url))
    assert ids(e) == list(range(20)), ids(e)
    assert len(e.bodies) == 20 and len(set(e.keys)) == 20 and None not in e.keys, e.keys
    e.close()


def test_batches_as_arrays(where):
    e = Endpoint()
    sql = pipeline(where, e.url, 25, ", BATCH_ROWS='10'")
    with open(sql) as f:
        text = f.read().replace("BODY='OBJECT'", "BODY='ARRAY'")
    with open(sql, "w") as f:
        f.write(text)
    run(where, sql)
    assert ids(e) == list(range(25)), ids(e)
    assert all(isinstance(b, list) and len(b) <= 10 for b in e.bodies) and len(e.bodies) < 25, e.bodies
    e.close()


def test_500_is_tried_again(where):
    e = Endpoint([500, 503, 500])
    run(where, pipeline(where, e.url))
    assert ids(e) == list(range(20)) and e.tries == 23, (ids(e), e.tries)
    e.close()


def test_a_redirect_is_no_success(where):
    e = Endpoint([302, 304])
    run(where, pipeline(where, e.url))
    assert ids(e) == list(range(20)), ids(e)
    e.close()


def test_an_endpoint_that_hangs_is_left_and_tried_again(where):
    e = Endpoint(["hang"])
    run(where, pipeline(where, e.url, timeout=700))
    assert ids(e) == list(range(20)), ids(e)
    e.close()


def test_a_connection_dropped_without_an_answer(where):
    e = Endpoint(["drop", 200, "drop"])
    run(where, pipeline(where, e.url))
    assert ids(e) == list(range(20)), ids(e)
    e.close()


def test_an_endpoint_that_comes_up_late(where):
    e = Endpoint()
    port, url = e.server.server_port, e.url
    e.close()
    sql = pipeline(where, url)
    child = harness.start("run", sql, "--data", where + "/state", "--until-end", log=where + "/log")
    try:
        time.sleep(1.0)
        assert child.poll() is None, "gave up although nothing was delivered\n" + open(where + "/log").read()
        e = Endpoint(port=port)
        assert child.wait(60) == 0, open(where + "/log").read()
        assert ids(e) == list(range(20)), ids(e)
        e.close()
    finally:
        child.kill()


def test_what_was_not_delivered_survives_a_kill(where):
    """Killed while the endpoint refuses; started again when it takes: every row, repeats under the same key only."""
    e = Endpoint(always=503)
    port = e.server.server_port
    sql = pipeline(where, e.url)
    child = harness.start("run", sql, "--data", where + "/state", "--until-end", log=where + "/log")
    harness.until("a first try", 60, lambda: e.tries > 0)
    time.sleep(0.3)
    child.kill()
    child.wait()
    e.close()
    e = Endpoint(port=port)
    run(where, sql)
    assert ids(e) == list(range(20)), ids(e)
    e.close()


def test_killed_again_and_again_loses_nothing(where):
    e = Endpoint([503, 200, 200, "drop"])
    sql = pipeline(where, e.url, 3000, ", BATCH_ROWS='20'")
    for i in range(6):
        child = harness.start("run", sql, "--data", where + "/state", "--until-end", "--set", "commit.interval.ms=20",
                              log=where + "/log")
        time.sleep(0.03 + 0.06 * i)
        child.kill()
        child.wait()
    run(where, sql)
    delivered = collections.OrderedDict()
    for key, body in zip(e.keys, e.bodies):
        rows = body if isinstance(body, list) else [body]
        assert delivered.setdefault(key, rows) == rows, f"another body under the key {key}"
    got = [row.get("id", row.get("ID")) for rows in delivered.values() for row in rows]
    assert sorted(got) == list(range(3000)), f"{len(got)} rows, {len(set(got))} different"
    e.close()


def shown(where, sql, statement):
    """What a statement says after the pipeline was taken up again."""
    return harness.weir("run", sql, "--data", where + "/state", "--until-end", "-e", statement)[0]


def test_many_tasks_and_lanes_keep_each_key_in_order(where):
    """Four tasks of four lanes each, an endpoint that refuses every tenth request, and kills: each key's rows come in their order."""
    tries = iter(range(10**9))
    e = Endpoint(always=lambda rows: 503 if next(tries) % 10 == 3 else 200)
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write("".join(json.dumps({"k": i % 37, "n": i}) + "\n" for i in range(20000)))
    sql = where + "/p.sql"
    with open(sql, "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (k INT, n INT) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"
                "CREATE STREAM spread WITH (KAFKA_TOPIC='spread', PARTITIONS=4, VALUE_FORMAT='JSON') AS SELECT k, n FROM s PARTITION BY k;\n"
                f"CREATE SINK out WITH (TYPE='http', URL='{e.url}', BODY='ARRAY', BATCH_ROWS=10, MAX_IN_FLIGHT=4, RETRY_BACKOFF_MS=5, "
                "RETRY_BACKOFF_MAX_MS=20) AS SELECT k, n FROM spread;\n")
    options = ["--set", "tasks=4", "--set", "commit.interval.ms=20"]
    for _ in range(4):
        child = harness.start("run", sql, "--data", where + "/state", "--until-end", *options, log=where + "/log")
        time.sleep(0.7)
        child.kill()
        child.wait()
    run(where, sql, *options)
    seen, last, lanes = {}, {}, set()
    for key, rows in zip(e.keys, e.bodies):
        if key in seen:
            assert seen[key] == rows, f"another body under the key {key}"
            continue
        seen[key] = rows
        lanes.add(key.rsplit("-", 2)[1])
        for row in rows:
            assert row["n"] == last.get(row["k"], row["k"] - 37) + 37, f"{row} behind {last.get(row['k'])}"
            last[row["k"]] = row["n"]
    assert sum(map(len, seen.values())) == 20000 and len(lanes) > 8, (len(seen), lanes)
    e.close()


def test_a_refused_row_is_a_dead_letter(where):
    e = Endpoint(always=lambda row: 404 if row.get("id", row.get("ID")) == 7 else 200)
    sql = pipeline(where, e.url)
    run(where, sql)
    assert ids(e) == [i for i in range(20) if i != 7], ids(e)
    words = shown(where, sql, "SHOW ERRORS;")
    assert "was answered 404" in words and words.count("-0-7") == 1, words
    e.close()


def test_a_batch_with_bad_rows_is_halved(where):
    """Three bad rows among 200 in batches of 50: all others arrive, in order, and no row twice."""
    bad = {13, 14, 150}
    e = Endpoint(always=lambda rows: 422 if any(r.get("id", r.get("ID")) in bad for r in rows) else 200)
    sql = pipeline(where, e.url, 200, ", BATCH_ROWS='50', DEAD_LETTER='letters'")
    with open(sql) as f:
        text = f.read().replace("BODY='OBJECT'", "BODY='ARRAY'")
    with open(sql, "w") as f:
        f.write(text)
    run(where, sql)
    assert ids(e) == [i for i in range(200) if i not in bad], ids(e)
    words = shown(where, sql, "SHOW ERRORS;")
    assert words.count("was answered 422") == 3, words
    with open(where + "/read.sql", "w") as f:
        f.write("CREATE STREAM letters (body STRING) WITH (KAFKA_TOPIC='letters', FORMAT='KAFKA');\n"
                "SELECT body FROM letters;\n")
    words = harness.weir("run", where + "/read.sql", "--data", where + "/state", "--until-end")[0]
    found = [json.loads(json.loads(line)["BODY" if "BODY" in line else "body"])[0] for line in words.splitlines() if line[0] == "{"]
    assert [r.get("id", r.get("ID")) for r in found] == sorted(bad), words
    e.close()


def test_dead_letters_are_sent_again_when_asked_for(where):
    """weir errors replay: the two that were refused go out, under ids of their own; one is refused again."""
    bad = {7, 8, 9}
    e = Endpoint(always=lambda row: 422 if row["id"] in bad else 200)
    sql = pipeline(where, e.url)
    run(where, sql)
    before = set(e.keys)
    bad.clear()
    bad.add(8)
    words = "".join(harness.weir("errors", "replay", "--data", where + "/state", status=None))
    assert sorted(ids(e)) == [i for i in range(20) if i != 8], (ids(e), words)
    assert len(set(e.keys) - before) == 2 and len(set(e.keys)) == len(e.keys)
    words = harness.weir("errors", "list", "--data", where + "/state")[0]
    assert words.count("was answered 422") == 1, words
    e.close()


def test_what_is_delivered_is_noted_without_new_rows(where):
    """A query that goes on, and gets nothing new: after a kill only what was on its way comes again. When that is noted nobody is told, so
    a second is given to it, on a slow machine several times."""
    again = []
    while not again or again[-1] and len(again) < 6:
        e, folder = Endpoint(), f"{where}/{len(again)}"
        os.mkdir(folder)
        sql = pipeline(folder, e.url, 500)
        child = harness.start("run", sql, "--data", folder + "/state", log=folder + "/log")
        harness.until("all rows", 60, lambda: len(e.bodies) == 500)
        time.sleep(1)
        child.kill()
        child.wait()
        run(folder, sql)
        again.append(len(e.bodies) - 500)
        e.close()
    assert again[-1] == 0, f"came again: {again}"


def test_the_query_waits_when_the_outbox_is_full(where):
    """And another query does not. Epochs are kept small: a single one may pass the bound."""
    e = Endpoint(always=503)
    port = e.server.server_port
    sql = pipeline(where, e.url, 30000, ", OUTBOX_MAX_BYTES='10k'")
    with open(sql, "a") as f:
        f.write(f"CREATE SINK other WITH (TYPE='csv', PATH='{where}/other.csv', MODE='APPEND') AS SELECT id FROM s;\n")
    child = harness.start("run", sql, "--data", where + "/state", "--until-end", "--set", "commit.interval.ms=10", "--set", "commit.bytes=8k",
                          log=where + "/log")
    try:
        harness.until("a word about the bound", 60, lambda: "OUTBOX_MAX_BYTES is reached" in open(where + "/log").read())
        harness.until("the other query", 60, lambda: os.path.exists(where + "/other.csv") and
                      len(open(where + "/other.csv").readlines()) == 30001)
        e.close()
        e = Endpoint(port=port)
        assert child.wait(300) == 0, open(where + "/log").read()
        assert ids(e) == list(range(30000)), len(ids(e))
    finally:
        child.kill()
        e.close()


def test_a_refusing_endpoint_is_spoken_of(where):
    e = Endpoint(always=500)
    child = harness.start("run", pipeline(where, e.url), "--data", where + "/state", "--until-end", log=where + "/log")
    try:
        harness.until("a word about the status", 60, lambda: "500" in open(where + "/log").read())
    finally:
        child.kill()
        child.wait()
        e.close()


if __name__ == "__main__":
    harness.main()
