#!/usr/bin/env python3
"""Exactly once on a real broker: what a read_committed reader sees is the uninterrupted run's output, record for record.

Kafka to windowed aggregation to Kafka, four partitions each, every change written (no cache). Killed at random moments while events
arrive; killed, and made to fail, at every named point of the commit protocol (needs build/asan/weir or build/debug/weir).
SEED=n for the kills of a run that failed; BROKER=host:port to use a broker that is there already."""
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

import labkit
from labkit import harness

KEYS, KILLS, SEED = 300, 25, int(os.environ.get("SEED", random.randrange(10**6)))
RUN = f"{os.getpid()}-{int(time.time())}"
FAULTY = next((p for p in (harness.ASAN, os.path.join(harness.ROOT, "build/debug/weir")) if os.path.exists(p)), None)
made = {}


def events(n, topic):
    """Lines for kit replay; a key stays in its partition, so the order of its changes is given."""
    rng = random.Random(7)
    for i in range(n):
        k = rng.randrange(KEYS)
        yield json.dumps({"topic": topic, "partition": k % 4, "offset": i, "timestamp": 1700000000000 + i * 10, "headers": [],
                          "key": f"k{k}", "value": {"v": i}}, separators=(",", ":")) + "\n"


def load(lines):
    subprocess.run([labkit.KIT, "replay"], input="".join(lines).encode(), stdout=subprocess.DEVNULL, check=True)


def loaded(n):
    """A topic with n events, made once."""
    labkit.broker()
    name = f"eos-in-{n}-{RUN}"
    if name not in made:
        labkit.create(name, 4)
        load(list(events(n, name)))
        made[name] = True
    return name


def pipeline(where, source, out):
    sql = os.path.join(where, "pipeline.sql")
    with open(sql, "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (k STRING KEY, v BIGINT) WITH (KAFKA_TOPIC='{source}', VALUE_FORMAT='JSON', KEY_FORMAT='JSON');\n"
                f"CREATE TABLE t WITH (KAFKA_TOPIC='{out}', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4) AS\n"
                "  SELECT k, COUNT(*) AS n, SUM(v) AS total FROM s WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY k;\n")
    return sql


def arguments(where, sql, interval=50):
    return ("run", sql, "--data", where + "/state", "--broker", labkit.broker(), "--set", "cache.max.bytes.buffering=0",
            "--set", f"commit.interval.ms={interval}")


def output(topic):
    """key -> its records in order. What is not committed is not seen."""
    found = {}
    for key, value in labkit.dump(topic):
        found.setdefault(key, []).append(value)
    return found


def wanted(where, source):
    """The output of a run that nobody disturbs."""
    if ("wanted", source) not in made:
        folder = where + "/calm"
        os.makedirs(folder)
        out = source.replace("-in-", "-calm-")
        harness.weir(*arguments(folder, pipeline(folder, source, out)), "--until-end", timeout=300)
        labkit.settle(out)
        made["wanted", source] = output(out)
    return made["wanted", source]


def check(where, source, out, what, n):
    labkit.settle(out)
    want, found = wanted(where, source), output(out)
    assert sum(map(len, want.values())) == n, f"{sum(map(len, want.values()))} records of {n} events"
    wrong = [k for k in set(want) | set(found) if want.get(k) != found.get(k)]
    assert not wrong, (f"{what}: {sum(map(len, found.values()))} records instead of {n}; {len(wrong)} keys differ, as "
                       f"{wrong[0]}: {found.get(wrong[0], [])[-3:]} instead of {want.get(wrong[0], [])[-3:]}")


def test_killed_at_random_moments(where):
    print(f"SEED={SEED}", flush=True)
    labkit.broker()
    rng, n = random.Random(SEED), 60000
    source, out = f"eos-in-drip-{RUN}", f"eos-out-drip-{RUN}"
    labkit.create(source, 4)
    lines = list(events(n, source))

    def drip():
        for i in range(0, n, n // 100):
            load(lines[i:i + n // 100])
            time.sleep(0.15)
    loader = threading.Thread(target=drip)
    loader.start()
    sql = pipeline(where, source, out)

    def run_for(seconds):
        child = harness.start(*arguments(where, sql, rng.choice((5, 20, 50, 200))), log=where + "/log")
        time.sleep(seconds)
        assert child.poll() is None, open(where + "/log").read()[-3000:]
        child.kill()
        child.wait()

    for _ in range(KILLS):
        run_for(rng.uniform(0.15, 1.2))
    seen, longer = sum(map(len, output(out).values())), 2
    while seen == 0 and longer < 60:        # a machine on which the start alone takes longer than that
        run_for(longer)
        seen, longer = sum(map(len, output(out).values())), longer * 2
    loader.join()
    harness.weir(*arguments(where, sql), "--until-end", timeout=300)
    print(f"{KILLS} kills, {seen} of {n} records committed by the last of them", flush=True)
    assert seen > 0
    check(where, source, out, f"{KILLS} kills", n)


def test_fenced(where):
    """Another producer takes the transactional id, again and again: the query rolls back, takes it back, and loses and
    doubles nothing. The query may take the id back before the other one has committed; then kcat is the one fenced."""
    if not shutil.which("kcat"):
        raise harness.Skip("kcat is not there")
    n, source, out = 20000, f"eos-in-fence-{RUN}", f"eos-out-fence-{RUN}"
    labkit.broker()
    labkit.create(source, 4)
    labkit.create(f"eos-other-{RUN}", 1)
    lines = list(events(n, source))
    sql = pipeline(where, source, out)
    child = harness.start(*arguments(where, sql), log=where + "/log")
    harness.until("the query stands", 60, lambda: "query" in open(where + "/log").read())
    with sqlite3.connect(where + "/state/weir.db") as db:
        query = [r[0] for r in db.execute("SELECT incarnation FROM statement") if r[0]][0]
    try:
        for i in range(10):
            load(lines[i * n // 10:(i + 1) * n // 10])
            other = subprocess.run(["kcat", "-P", "-b", labkit.broker(), "-t", f"eos-other-{RUN}", "-X", f"transactional.id=weir-{query}"],
                                   input="x\n", timeout=120, text=True, capture_output=True)
            assert other.returncode == 0 or "fenced" in other.stderr.lower(), other.stderr
        harness.until("all is counted", 60, lambda: sum(map(len, output(out).values())) >= n)
        child.terminate()
        assert child.wait(60) == 0, open(where + "/log").read()[-3000:]
    finally:
        child.kill()
    assert "rolled back" in open(where + "/log").read()
    check(where, source, out, "fenced", n)


# ---------------------------------------------------------------- at every point of the protocol

N = 8000


def faulty_run(folder, sql, fault=None, reached=None):
    env = {**os.environ, **({"WEIR_FAULT": fault} if fault else {}), **({"WEIR_FAULT_REACHED": reached} if reached else {})}
    done = subprocess.run([FAULTY, *arguments(folder, sql, 1), "--until-end", "--set", "batch.rows=64"], env=env, text=True,
                          capture_output=True, timeout=120, cwd=harness.ROOT)
    return done.returncode, done.stdout + done.stderr


def trials(where, how):
    if FAULTY is None:
        raise harness.Skip("neither build/asan/weir nor build/debug/weir is there")
    source = loaded(N)
    folder = f"{where}/first"
    os.makedirs(folder)
    status, words = faulty_run(folder, pipeline(folder, source, f"eos-out-{RUN}-first-{how}"), reached=where + "/reached")
    assert status == 0, words[-3000:]
    check(where, source, f"eos-out-{RUN}-first-{how}", "without a fault", N)
    with open(where + "/reached") as f:
        points = {name: int(n) for name, n in (line.split() for line in f if line.strip())}
    for name in ("epoch.sink_ready", "epoch.pending", "epoch.decided", "epoch.at_start", "kafka.before_witness", "kafka.after_commit"):
        assert name in points, f"{name} was not passed: {points}"
    for name, passed in sorted(points.items()):
        if not name.startswith(("epoch.", "kafka.")):
            continue
        for turn in sorted({1, 2, max(1, passed * 2 // 3)}):
            if turn <= passed:
                folder, out = f"{where}/{name}-{turn}", f"eos-out-{RUN}-{how}-{name}-{turn}"
                os.makedirs(folder)
                yield f"{name}:{turn}:{how}", folder, source, out, pipeline(folder, source, out)


def test_killed_at_every_point(where):
    for fault, folder, source, out, sql in trials(where, "crash"):
        status, words = faulty_run(folder, sql, fault)
        assert status in (-9, 0), f"{fault}: exit {status}\n{words[-3000:]}"
        faulty_run(folder, sql, "epoch.at_start:1:crash")       # and again while it finds out what became of it
        status, words = faulty_run(folder, sql)
        assert status == 0, f"started again after {fault}: exit {status}\n{words[-3000:]}"
        check(where, source, out, fault, N)


def test_failed_at_every_point(where):
    """Rolled back in the process."""
    for fault, folder, source, out, sql in trials(where, "fail"):
        status, words = faulty_run(folder, sql, fault)
        if status != 0:                         # CREATE may fail with words; said again it must be right
            assert 0 < status < 128, f"{fault}: exit {status}\n{words[-3000:]}"
            status, words = faulty_run(folder, sql)
        assert status == 0, f"{fault}: exit {status}\n{words[-3000:]}"
        check(where, source, out, fault, N)


def test_an_old_data_directory_is_refused(where):
    """A copy of the data directory from before later commits would write them again: it stops, and says so."""
    source, out = f"eos-in-old-{RUN}", f"eos-out-old-{RUN}"
    labkit.broker()
    labkit.create(source, 4)
    lines = list(events(2000, source))
    load(lines[:1000])
    sql = pipeline(where, source, out)
    harness.weir(*arguments(where, sql), "--until-end")
    shutil.copytree(where + "/state", where + "/kept")
    load(lines[1000:])
    harness.weir(*arguments(where, sql), "--until-end")
    check(where, source, out, "before the copy is used", 2000)
    shutil.rmtree(where + "/state")
    os.rename(where + "/kept", where + "/state")
    done = subprocess.run([harness.WEIR, *arguments(where, sql), "--until-end"], text=True, capture_output=True, timeout=120)
    assert done.returncode != 0 and "was the last one committed" in done.stderr, done.stderr
    check(where, source, out, "the copy was used", 2000)
    query = re.search(r"recover ([0-9a-f-]{36}) ", done.stderr).group(1)
    harness.weir("recover", query, "--data", where + "/state", "--assume", "committed")
    harness.weir(*arguments(where, sql), "--until-end")         # somebody said so: on from the copy
    labkit.settle(out)
    assert sum(map(len, output(out).values())) == 3000
    harness.weir(*arguments(where, sql), "--until-end")
    labkit.settle(out)
    assert sum(map(len, output(out).values())) == 3000


if __name__ == "__main__":
    harness.main()
