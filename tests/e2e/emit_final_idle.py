#!/usr/bin/env python3
"""EMIT FINAL with a silent partition: after IDLE_TIMEOUT it holds no window back, and every row is counted once."""
import json
import os
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

KEYS = [f"k{i}" for i in range(8)]


def tell(port, sql):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/ksql", data=json.dumps({"ksql": sql}).encode(),
                                     headers={"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=120))


def insert(port, rows):
    tell(port, "".join(f"INSERT INTO s (ROWTIME, id, k) VALUES ({t}, '{k}', '{k}');" for k, t in rows))


def counts(where):
    """Key and window's start -> the counts that were given for it."""
    out = {}
    if os.path.exists(where + "/o.csv"):
        for r in harness.read_csv(where + "/o.csv"):
            out.setdefault((r["k"], int(r["begin"])), []).append(int(r["n"]))
    return out


def serve(where):
    """The server with the query on it, and its port."""
    port = harness.free_port()
    server = harness.start("serve", "--listen", f"127.0.0.1:{port}", "--data", where + "/state", log=where + "/log")
    harness.until("the server", 60, lambda: b"listening" in open(where + "/log", "rb").read())
    tell(port, "CREATE STREAM s (id STRING KEY, k STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2, "
               "IDLE_TIMEOUT='1 SECONDS');"
               f"CREATE SINK o WITH (TYPE='csv', PATH='{where}/o.csv', MODE='APPEND') AS SELECT k, WINDOWSTART AS begin, "
               "COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL;")
    return server, port


def test_all_fall_silent(where):
    """No row comes any more: what time alone has closed is delivered all the same."""
    server, port = serve(where)
    try:
        insert(port, [(k, 1000) for k in KEYS] + [("k0", 200000)])
        harness.until("the windows before the last row", 60, lambda: counts(where) == {(k, 0): [1] for k in KEYS})
    finally:
        server.terminate()
        server.wait(60)


def test_silence_loses_nothing(where):
    server, port = serve(where)
    try:
        insert(port, [(k, 1000) for k in KEYS] + [(k, 2000) for k in KEYS])
        wanted = {(k, 0): [2] for k in KEYS}
        alive = []

        def silence_is_over():     # one partition goes on, the other one is silent
            insert(port, [("k0", 200000)])
            alive.append(1)
            return counts(where) == wanted

        harness.until("the windows of the silent partition", 60, silence_is_over)
        insert(port, [(k, 205000) for k in KEYS[1:]])      # it speaks again: no row of it is late
        wanted.update({(k, 200000): [1] for k in KEYS})
        wanted["k0", 200000] = [len(alive)]

        def all_there():
            insert(port, [(k, 300000) for k in KEYS])
            return counts(where) == wanted

        harness.until("the windows after it spoke again", 60, all_there)
    finally:
        server.terminate()
        server.wait(60)


if __name__ == "__main__":
    harness.main()
