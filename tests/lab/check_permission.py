#!/usr/bin/env python3
"""A broker with ACLs: permissions to read and write topics, on transactional ids and groups, are missing or are withdrawn while
queries run. Each says what is not allowed to whom; the query waits, and goes on when it is allowed again: nothing lost, nothing doubled."""
import json
import os
import subprocess
import sys
import time
import urllib.error

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../e2e"))
import labkit
import serve
from labkit import allow, disallow, harness

RUN = f"{os.getpid()}-{int(time.time())}"
LOGIN = ("--set", "security.protocol=SASL_PLAINTEXT", "--set", "sasl.mechanism=PLAIN", "--set", "sasl.username=guest",
         "--set", "sasl.password=guest-secret", "--set", "metadata.max.age.ms=500")


def topic(name):
    labkit.broker()
    labkit.create(f"{name}-{RUN}", 1)
    return f"{name}-{RUN}"


def write(name, values):
    lines = "".join(json.dumps({"topic": name, "partition": 0, "offset": 0, "timestamp": 1700000000000 + v, "headers": [],
                                "key": f"k{v}", "value": {"v": v}}, separators=(",", ":")) + "\n" for v in values)
    subprocess.run([labkit.KIT, "replay"], input=lines.encode(), stdout=subprocess.DEVNULL, check=True)


def read(name):
    return [json.loads(value)["V"] for _, value in labkit.dump(name)]


def copy(source, out):
    return (f"CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='{source}', VALUE_FORMAT='JSON');\n"
            f"CREATE STREAM o WITH (KAFKA_TOPIC='{out}', VALUE_FORMAT='JSON') AS SELECT v FROM s;\n")


def server(where, *more):
    return serve.Server(where, "--broker", os.environ["LAB_KAFKA_SASL"], *LOGIN, *more)


def one(s):
    """The only query's state, and why."""
    found = s.ksql("SHOW QUERIES;")[0]["queries"]
    assert len(found) == 1, found
    return found[0]["state"], found[0].get("trouble", "")


def words(s):
    with open(s.log, encoding="utf-8", errors="replace") as f:
        return f.read()


def ours(source, out):
    """What a query from one topic to another needs. Its ids and groups begin with weir-; * is all."""
    return [("read", "topic", source), ("write", "topic", out), ("read", "topic", out), ("write", "txn", "*"), ("read", "group", "*")]


class Allowed:
    """Permissions of the guest, until it is left."""
    def __init__(self, permissions):
        self.permissions = permissions

    def __enter__(self):
        for permission in self.permissions:
            allow("guest", *permission)

    def __exit__(self, *_):
        for permission in self.permissions:
            disallow("guest", *permission)


def test_each_permission_is_withdrawn(where):
    """While the query runs: it says what is not allowed to whom, and waits. Given again, it goes on; each record is there once."""
    source, out = topic("acl-in"), topic("acl-out")
    lines = {("read", "topic", source): f"cannot read topic {source}: the broker gives user guest no permission Read on topic {source}",
             ("write", "topic", out): f"cannot write to topic {out}: the broker gives user guest no permission Write on topic {out}",
             ("read", "topic", out): f"no permission Read on topic {out}",
             ("write", "txn", "*"): "no permission Write on transactional id weir-",
             ("read", "group", "*"): "no permission Read on group weir-"}
    there = 10
    with Allowed(ours(source, out)), server(where) as s:
        write(source, range(there))
        s.ksql(copy(source, out))
        harness.until("ten records", 20, lambda: read(out) == list(range(there)))
        for permission, line in lines.items():
            disallow("guest", *permission)
            write(source, range(there, there + 10))
            harness.until(line, 20, lambda: line in words(s))
            harness.until("it tries again", 10, lambda: "guest" in one(s)[1])
            assert read(out) == list(range(there)), read(out)
            allow("guest", *permission)
            there += 10
            harness.until(f"it goes on: {permission}", 20, lambda: read(out) == list(range(there)))
        harness.until("all is well", 20, lambda: one(s) == ("RUNNING", ""))


def test_none_at_a_start(where):
    """Neither keeps the program from starting nor ends the query for good. A query that is made says it at once."""
    source, out = topic("acl-start-in"), topic("acl-start-out")
    with server(where) as s:
        for sql, line in ((copy(source, out), f"cannot look at topic {source}: the broker gives user guest no permission Describe"),
                          (copy(source, out).replace(source + "'", f"acl-new-{RUN}', PARTITIONS=1"), f"cannot look at topic acl-new-{RUN}")):
            try:
                s.ksql(sql)
                raise AssertionError("it was made")
            except urllib.error.HTTPError as e:
                answer = e.read().decode()
                assert line in answer, answer
        with Allowed(ours(source, out)):
            s.ksql(copy(source, out))
            write(source, range(10))
            harness.until("ten records", 20, lambda: read(out) == list(range(10)))
    write(source, range(10, 20))
    with server(where) as s:
        harness.until("it says why it waits", 20, lambda: "no permission" in one(s)[1])
        with Allowed(ours(source, out)):
            harness.until("the rest", 20, lambda: read(out) == list(range(20)))


def test_what_needs_less(where):
    """A source alone needs no group and nothing else; at least once needs no transactional id."""
    source, out = topic("acl-less-in"), topic("acl-less-out")
    write(source, range(10))
    with Allowed([("read", "topic", source)]), server(where, "--set", "processing.guarantee=at_least_once") as s:
        s.ksql(copy(source, out).split("\n", 1)[0])
        s.ksql(f"CREATE SINK c WITH (TYPE='csv', PATH='{where}/out.csv', MODE='APPEND') AS SELECT v FROM s;")
        harness.until("ten rows", 20, lambda: [int(r["v"]) for r in harness.read_csv(where + "/out.csv")] == list(range(10)))
        s.ksql("DROP SINK c;")
        with Allowed([("describe", "topic", out)]):
            s.ksql(copy(source, out).split("\n", 1)[1])
            harness.until("not even idempotent writing", 20, lambda: "no permission IdempotentWrite on the cluster, or Write" in words(s))
            with Allowed([("idempotent_write", "cluster", "kafka-cluster")]):
                harness.until("writing this topic", 20, lambda: f"no permission Write on topic {out}" in words(s))
            with Allowed([("write", "topic", out)]):
                harness.until("ten records", 20, lambda: read(out) == list(range(10)))


if __name__ == "__main__":
    harness.main()
