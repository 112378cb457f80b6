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
    """Takes POSTs; `plan` says how the first ones are treated: a status, or "hang", "drop"."""

    def __init__(self, plan=(), port=0, always=None):
        self.plan, self.bodies, self.keys, self.tries = collections.deque(plan), [], [], 0
        self.statuses, endpoint, self.gate = [], self, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                endpoint.tries += 1
                treatment = always or (endpoint.plan.popleft() if endpoint.plan else 200)
                if treatment == "hang":
                    endpoint.gate.wait(20)
                    self.close_connection = True
                    return
                if treatment == "drop":
                    self.close_connection = True
                    return
                if 200 <= treatment < 300:
                    endpoint.bodies.append(json.loads(body))
                    endpoint.keys.append(self.headers.get("Idempotency-Key"))
                self.send_response(treatment)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None      # a client that was killed
        self.url = f"http://127.0.0.1:{self.server.server_port}/rows"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def rows(self):
        return [row for body in self.bodies for row in (body if isinstance(body, list) else [body])]

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


def pipeline(where, url, count=20, more=""):
    name = os.path.join(where, "in.ndjson")
    with open(name, "w") as f:
        f.write("".join(json.dumps({"id": i, "k": i % 3}) + "\n" for i in range(count)))
    sql = os.path.join(where, "p.sql")
    with open(sql, "w") as f:
        f.write(f"CREATE STREAM s (id INT, k INT) WITH (FILE='{name}', FORMAT='JSON');\n"
                f"CREATE SINK out WITH (TYPE='http', URL='{url}', BODY='OBJECT', RETRY_BACKOFF_MS='20', "
                f"RETRY_BACKOFF_MAX_MS='200', TIMEOUT_MS='700'{more}) AS SELECT id, k FROM s;\n")
    return sql


def run(where, sql, *more, **options):
    return harness.weir("run", sql, "--data", where + "/state", "--until-end", *more, **options)


def ids(endpoint):
    return [row.get("id", row.get("ID")) for row in endpoint.rows()]


def test_every_row_once_in_order(where):
    e = Endpoint()
    run(where, pipeline(where, e.url))
    assert ids(e) == list(range(20)), ids(e)
    assert len(set(e.keys)) == len(e.keys) and None not in e.keys, e.keys
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
    run(where, pipeline(where, e.url))
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
        assert child.wait(30) == 0, open(where + "/log").read()
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
    harness.until("a first try", 10, lambda: e.tries > 0)
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


def test_a_refusing_endpoint_is_spoken_of(where):
    e = Endpoint(always=500)
    child = harness.start("run", pipeline(where, e.url), "--data", where + "/state", "--until-end", log=where + "/log")
    try:
        harness.until("a word about the status", 15, lambda: "500" in open(where + "/log").read())
    finally:
        child.kill()
        child.wait()
        e.close()


if __name__ == "__main__":
    harness.main()
