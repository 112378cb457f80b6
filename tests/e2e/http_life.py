#!/usr/bin/env python3
"""The life of an HTTP sink whose endpoint does not answer, in a server that goes on: looked at, paused, replaced, dropped; and TLS."""
import json
import os
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
import http_sink
import serve
from http_sink import Endpoint

SOURCE = "CREATE STREAM s (id INT KEY, v STRING) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1);"


def sink(url, more="", replace=""):
    return (f"CREATE {replace} SINK out WITH (TYPE='http', URL='{url}', RETRY_BACKOFF_MS=20, RETRY_BACKOFF_MAX_MS=100{more}) "
            "AS SELECT id, v FROM s;")


def insert(server, *numbers):
    server.ksql("".join(f"INSERT INTO s VALUES ({i}, 'v');" for i in numbers))


def texts(answer):
    return json.dumps(answer)


def test_what_show_and_describe_tell(where):
    e = Endpoint(always=503)
    with serve.Server(where) as server:
        server.ksql(SOURCE + sink(e.url))
        insert(server, 1, 2)
        harness.until("the circuit opens", 60, lambda: "circuit " in texts(server.ksql("SHOW SINKS;")))
        for statement in ("SHOW SINKS;", "DESCRIBE SINK out;"):
            words = texts(server.ksql(statement))
            for part in ("was answered 503", "2 with 2 rows waiting", "next try in", "circuit "):
                assert part in words, f"{statement} {words}"
    e.close()


def test_paused_and_dropped_while_held_back(where):
    e = Endpoint(always=503)
    with serve.Server(where) as server:
        server.ksql(SOURCE + sink(e.url, ", OUTBOX_MAX_BYTES=10"))
        insert(server, 1)
        harness.until("the query is held back", 60, lambda: "held back" in texts(server.ksql("SHOW SINKS;")))
        begun = time.monotonic()
        server.ksql("PAUSE SINK_OUT_2;")
        assert "PAUSED" in texts(server.ksql("SHOW QUERIES;"))
        server.ksql("RESUME SINK_OUT_2;")
        insert(server, 2)
        harness.until("it is held back again", 60, lambda: "held back" in texts(server.ksql("SHOW SINKS;")))
        server.ksql("DROP SINK out;")
        assert time.monotonic() - begun < 30, "that took long"
        assert "OUT" not in texts(server.ksql("SHOW SINKS;"))
    e.close()


def test_lanes_are_changed_when_nothing_waits(where):
    e = Endpoint(always=503)
    port = e.server.server_port
    with serve.Server(where) as server:
        server.ksql(SOURCE + sink(e.url, ", MAX_IN_FLIGHT=4"))
        insert(server, *range(20))
        harness.until("something waits", 60, lambda: "20 rows waiting" in texts(server.ksql("SHOW SINKS;")))
        refused = subprocess.run(["curl", "-s", server.url + "/ksql", "-d", json.dumps({"ksql": sink(e.url, ", MAX_IN_FLIGHT=2", "OR REPLACE")})],
                                 capture_output=True, text=True, check=True).stdout
        assert "MAX_IN_FLIGHT cannot change while" in refused, refused
        e.close()
        e = Endpoint(port=port)
        harness.until("all are delivered", 60, lambda: len(e.rows()) == 20)
        harness.until("that is noted", 60, lambda: "waiting" not in texts(server.ksql("SHOW SINKS;")))
        server.ksql(sink(e.url, ", MAX_IN_FLIGHT=2", "OR REPLACE"))     # the same query, so numbers go on
        insert(server, *range(20, 30))
        harness.until("the new ones come, each under an id of its own", 60, lambda: len(e.rows()) == 30)
    e.close()


# ------------------------------------------------------------------- TLS

def certificate(where, name):
    names = f"{where}/{name}.pem", f"{where}/{name}.key"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
                           "subjectAltName=IP:127.0.0.1", "-out", names[0], "-keyout", names[1]], capture_output=True, check=False)
    if made.returncode:
        raise harness.Skip("openssl cannot make a certificate")
    return names


def secured(where, client=None):
    """An endpoint with a certificate of its own making; client: the authority that its clients' certificates must come from."""
    names = certificate(where, "server")
    e = Endpoint()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*names)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client)
    e.server.socket = context.wrap_socket(e.server.socket, server_side=True)
    e.url = e.url.replace("http:", "https:")
    return e, names[0]


def spoken_of(where, url, what, more=""):
    child = harness.start("run", http_sink.pipeline(where, url, more=more), "--data", where + "/refused", "--until-end", log=where + "/log")
    try:
        harness.until(f"a word about {what}", 60, lambda: what in open(where + "/log").read())
    finally:
        child.kill()
        child.wait()


def test_a_certificate_of_nobody_is_not_trusted(where):
    e, authority = secured(where)
    spoken_of(where, e.url, "got no answer")    # of the certificate, or, on a slow machine, of the first try's time
    assert not e.bodies
    http_sink.run(where, http_sink.pipeline(where, e.url, more=f", TLS_CA_FILE='{authority}'"))
    assert http_sink.ids(e) == list(range(20))
    e.close()


def test_a_certificate_for_another_name_is_not_trusted(where):
    e, authority = secured(where)
    spoken_of(where, e.url.replace("127.0.0.1", "localhost"), "got no answer", f", TLS_CA_FILE='{authority}'")
    assert not e.bodies
    e.close()


def test_a_certificate_of_our_own(where):
    mine = certificate(where, "client")
    e, authority = secured(where, client=mine[0])
    spoken_of(where, e.url, "got no answer", f", TLS_CA_FILE='{authority}'")
    http_sink.run(where, http_sink.pipeline(where, e.url, more=f", TLS_CA_FILE='{authority}', TLS_CERT_FILE='{mine[0]}', "
                                            f"TLS_KEY_FILE='{mine[1]}'"))
    assert http_sink.ids(e) == list(range(20))
    e.close()


if __name__ == "__main__":
    harness.main()
