#!/usr/bin/env python3
"""On a real broker with four partitions: the tables of 200,000 change events, ten kills, the sample, Kafka output.
EVENTS=n for another number, SEED=n for the kills of a run that failed."""
import json
import os
import random
import subprocess
import sys
import tempfile
import time

import labkit
import oracle
from labkit import harness

EVENTS = os.environ.get("EVENTS", "200000")
FILES = tempfile.mkdtemp(prefix="weir-kafka-")
made = {}


def broker():
    if "broker" not in made:
        made["broker"] = labkit.up("kafka")
    return made["broker"]


def events(prefix):
    """Makes the events, and topics PREFIX.public.* with partitions for them; (file, world)."""
    name = os.path.join(FILES, prefix + ".ndjson")
    oracle.generate(name, "--events", EVENTS, "--seed", "21", "--late", "0.02", "--partitions", "4", "--prefix", prefix)
    for table in oracle.TABLES:
        labkit.create(f"{prefix}.public.{table}", 4)
    return name, oracle.World(name)


def shop(where):
    """Topics store.public.* loaded once; the statements that read them, writing to where."""
    if "shop" not in made:
        name, made["shop"] = events("store")
        labkit.replay(name)
    return oracle.all_sql(where, "", prefix="store")


def test_four_partitions(where):
    at = broker()
    harness.weir_sql(where, shop(where), "--broker", at, "--until-end", timeout=600)
    oracle.check(made["shop"], where)


def test_before_from_the_event(where):
    at = broker()
    shop(where)
    harness.weir_sql(where, oracle.all_sql(where, "", "store", before="EVENT"), "--broker", at, "--until-end", timeout=600)
    oracle.check(made["shop"], where)


def test_ten_kills_while_events_arrive(where):
    at = broker()
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}", flush=True)
    rng = random.Random(seed)
    name, world = events("killed")
    sql = os.path.join(where, "pipeline.sql")
    with open(sql, "w", encoding="utf-8") as f:
        f.write(oracle.all_sql(where, "", prefix="killed"))
    loader = subprocess.Popen([sys.executable, os.path.realpath(__file__), "--drip", name])
    common = ("run", sql, "--data", where + "/state", "--broker", at, "--set", "commit.interval.ms=50")
    for _ in range(10):
        child = harness.start(*common, log=where + "/log")
        time.sleep(rng.uniform(0.1, 1.2))
        assert child.poll() is None, open(where + "/log").read()[-3000:]
        child.kill()
        child.wait()
    assert loader.wait() == 0
    harness.weir(*common, "--until-end", timeout=600)
    oracle.check(world, where)


def drip(name):
    """Loads a file over about eight seconds."""
    with open(name, "rb") as f:
        lines = f.readlines()
    step = len(lines) // 40 + 1
    for i in range(0, len(lines), step):
        subprocess.run([labkit.KIT, "replay"], input=b"".join(lines[i:i + step]), stdout=subprocess.DEVNULL, check=True)
        time.sleep(0.1)


def test_results_in_kafka(where):
    """A table written to a topic: the last record of each key is the answer, keyed and placed like a Java client's."""
    at = broker()
    shop(where)
    sql = oracle.sources("", "store", kinds=("orders",)) + (
        "CREATE TABLE totals WITH (KAFKA_TOPIC='totals', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4) AS\n"
        "  SELECT status, AS_VALUE(status) AS state, COUNT(*) AS n, SUM(total) AS total FROM orders GROUP BY status;\n")
    harness.weir_sql(where, sql, "--broker", at, "--until-end", timeout=600)
    last = {}
    labkit.settle("totals")
    for _, value in labkit.dump("totals"):
        row = {k.lower(): v for k, v in json.loads(value, parse_float=str).items()}
        last[row["state"]] = row
    found = [{"status": s, "n": str(r["n"]), "total": str(r["total"])} for s, r in last.items()]
    harness.same_rows(found, harness.columns(made["shop"].totals(), "status", "n", "total"), ["status"], "totals")


def test_units_that_need_a_broker(where):
    broker()
    for flavour in ("release", "asan"):
        unit = os.path.join(harness.ROOT, "build", flavour, "unit/io_kafka")
        if os.path.exists(unit):
            done = subprocess.run([unit], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            assert done.returncode == 0 and "[       OK ] transactions_leave_gaps" in done.stdout, f"{flavour}:\n{done.stdout[-3000:]}"


def values(where, topic, start):
    out, _ = harness.weir("run", "-e", f"CREATE STREAM b (k STRING KEY, v INT) WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON',"
                          f" START_AT='{start}'); SELECT v FROM b EMIT CHANGES;", "--broker", broker(), "--until-end")
    return [json.loads(line)["v"] for line in out.splitlines()]


def sums(where, topic, aggregate, *more):
    """A table of one aggregate in TOPIC-out, by a file that is run again on one data directory."""
    out = harness.weir_sql(where, f"CREATE STREAM i (k STRING KEY, v INT) WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON', PARTITIONS=1);\n" +
                            "".join(f"INSERT INTO i (ROWTIME, k, v) VALUES ({1777593600000 + v * 60000}, 'k{v % 2}', {v});\n" for v in range(4)) +
                            f"CREATE TABLE t WITH (KAFKA_TOPIC='{topic}-out', VALUE_FORMAT='JSON', PARTITIONS=1) AS"
                            f" SELECT k, {aggregate} AS n FROM i GROUP BY k;\n", "--broker", broker(), "--until-end", *more)
    for name in (topic, topic + "-out"):
        labkit.settle(name)
    return out


def rows_out(topic):
    out = subprocess.run(["kcat", "-C", "-b", broker(), "-t", topic + "-out", "-e", "-q", "-K", " "], capture_output=True,
                         text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in out.splitlines())


def test_start_at(where):
    topic = f"start-{time.time_ns()}"
    sums(where, topic, "SUM(v)")
    assert values(where, topic, "EARLIEST") == [0, 1, 2, 3]
    assert values(where, topic, "LATEST") == []
    offsets = subprocess.run(["kcat", "-C", "-b", broker(), "-t", topic, "-e", "-q", "-f", "%o\n"], capture_output=True,
                             text=True, check=True).stdout.split()      # transactions take offsets, too
    assert values(where, topic, f"OFFSET {offsets[3]}") == [3]
    assert values(where, topic, "OFFSET 99") == []
    # The ends of transactions have the broker's own time, and count when it looks for one: it begins too early, we do not.
    assert values(where, topic, "2026-05-01T00:00:00Z") == [0, 1, 2, 3]
    assert values(where, topic, "2026-05-01T00:02:00Z") == [2, 3]
    assert values(where, topic, "2026-05-01T00:02:30Z") == [3]
    assert values(where, topic, "2026-05-02T00:00:00Z") == []
    assert values(where, topic, "2035-01-01T00:00:00Z") == []
    # At the end of a transaction, which is no record: what comes behind it.
    assert int(offsets[1]) == int(offsets[0]) + 2, offsets
    assert values(where, topic, f"OFFSET {int(offsets[0]) + 1}") == [1, 2, 3]
    assert values(where, topic, f"OFFSET {int(offsets[3]) + 1}") == []


def test_start_at_and_what_comes_then(where):
    """Behind the end, or at a time that nothing has come to yet: all that comes later, whatever its time. And what a crash finds half way."""
    topic = f"start-later-{time.time_ns()}"
    sums(where, topic, "SUM(v)")
    sql, sinks = "", {"far": ("OFFSET 99", [4]), "mark": ("OFFSET 7", [4]), "late": ("2026-05-02T00:00:00Z", [4]),
                      "time": ("2026-05-01T00:02:00Z", [2, 3, 4])}
    for name, (start, _) in sinks.items():
        sql += (f"CREATE STREAM {name}_in (k STRING KEY, v INT) WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON', START_AT='{start}');\n"
                f"CREATE SINK {name} WITH (TYPE='csv', PATH='{where}/{name}.csv', MODE='APPEND') AS SELECT v FROM {name}_in;\n")
    name = where + "/later.sql"
    with open(name, "w", encoding="utf-8") as f:
        f.write(sql)
    arguments = ("run", name, "--data", where + "/later", "--broker", broker(), "--until-end")
    program = next((p for p in (os.path.join(harness.ROOT, f"build/{x}/weir") for x in ("debug", "asan")) if os.path.exists(p)), None)
    if program:                                 # dies when it has found where to begin, and not committed it
        done = subprocess.run([program, *arguments], env={**os.environ, "WEIR_FAULT": "reader.batch:1:crash"}, capture_output=True, timeout=120)
        assert done.returncode == -9, done
    harness.weir(*arguments)
    harness.weir("run", "-e", f"CREATE STREAM i (k STRING KEY, v INT) WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON');"
                 "INSERT INTO i (ROWTIME, k, v) VALUES (1000, 'k', 4);", "--broker", broker())
    labkit.settle(topic)
    harness.weir(*arguments)
    for name, (start, wanted) in sinks.items():
        found = [int(r["v"]) for r in harness.read_csv(f"{where}/{name}.csv")]
        assert found == wanted, f"{start}: {found}"


def test_an_aggregate_that_changed(where):
    """Its state is built anew from the topic; the last record of each key is right, and running on adds nothing."""
    topic = f"rebuilt-{time.time_ns()}"
    sums(where, topic, "SUM(v)")
    assert rows_out(topic) == {"k0": '{"N":2}', "k1": '{"N":4}'}
    for _ in range(2):
        sums(where, topic, "MIN(v)")
        assert rows_out(topic) == {"k0": '{"N":0}', "k1": '{"N":1}'}


def test_a_restored_copy_is_another(where):
    """The original and what was restored of its backup write to one topic, and the broker takes neither for the other."""
    topic, data = f"restored-{time.time_ns()}", where + "/state"
    sums(where, topic, "SUM(v)")
    harness.weir("run", "-e", f"BACKUP TO '{where}/b';", "--data", data, "--broker", broker())
    harness.weir("restore", where + "/b", "--data", where + "/r")
    for dir in (where + "/r", data, where + "/r"):
        harness.weir("run", where + "/pipeline.sql", "--data", dir, "--broker", broker(), "--until-end")
    labkit.settle(topic + "-out")
    assert rows_out(topic) == {"k0": '{"N":2}', "k1": '{"N":4}'}


def test_sample_orders_on_the_broker(where):
    """samples/orders/pipeline.sql, the same file, reading topics."""
    at = broker()
    subprocess.run([os.path.join(harness.ROOT, "samples/orders/load"), at], check=True, stdout=subprocess.DEVNULL)
    harness.weir("run", "samples/orders/pipeline.sql", "--data", where + "/state", "--broker", at, "--define", "events=",
                 "--define", f"out={where}/out", "--until-end")
    sys.path.insert(0, os.path.join(harness.ROOT, "samples/orders"))
    import importlib.util
    spec = importlib.util.spec_from_file_location("sample", os.path.join(harness.ROOT, "samples/orders/test.py"))
    sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    sample.check(where + "/out")


def test_new_events_reach_a_running_query(where):
    """A service that has caught up sees what comes next."""
    at = broker()
    labkit.create("live.public.orders", 2)
    sql = os.path.join(where, "pipeline.sql")
    with open(sql, "w", encoding="utf-8") as f:
        f.write(oracle.sources("", "live", kinds=("orders",)) + oracle.totals_sink(where))
    child = harness.start("run", sql, "--data", where + "/state", "--broker", at, log=where + "/log")
    try:
        time.sleep(1.0)
        name = os.path.join(where, "events.ndjson")
        for count in ("500", "1000"):
            oracle.generate(name, "--events", count, "--seed", "3", "--topic", "orders", "--partitions", "2",
                            "--prefix", "live")
            labkit.replay(name)
            world = oracle.World(name)

            def arrived():
                try:
                    harness.same_rows(harness.read_csv(where + "/totals.csv"), world.totals(), ["status"])
                    return True
                except (AssertionError, OSError):
                    return False
            harness.until(f"{count} events are counted", 60, arrived)
        child.terminate()
        assert child.wait(60) == 0, open(where + "/log").read()[-3000:]
    finally:
        child.kill()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--drip"]:
        drip(sys.argv[2])
    else:
        harness.main()
