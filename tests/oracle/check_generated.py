#!/usr/bin/env python3
"""200,000 generated change events through weir, against oracle.py. EVENTS=n for another number."""
import os
import shutil
import tempfile

import oracle
from oracle import harness

EVENTS = os.environ.get("EVENTS", "200000")
FILES = tempfile.mkdtemp(prefix="weir-oracle-")
kept = {}


def events(*options, **reading):
    """The file of these options and its World, made once."""
    if options not in kept:
        name = os.path.join(FILES, f"{len(kept)}.ndjson")
        oracle.generate(name, "--events", EVENTS, "--seed", "7", "--late", "0.02", *options)
        kept[options] = name, oracle.World(name, **reading)
    return kept[options]


def record(name):
    return f", FILE='{name}', FILE_LAYOUT='RECORD'"


def run(where, sql, *more, **options):
    harness.weir_sql(where, sql, "--until-end", *more, timeout=900, **options)


def full(where, before, *more, **options):
    name, world = events("--before", "full")
    run(where, oracle.all_sql(where, record(name), before=before), *more, **options)
    oracle.check(world, where)


def test_full_images_from_state(where):
    full(where, "STATE")


def test_full_images_from_the_event(where):
    full(where, "EVENT")


def test_keys_only_with_repeats_in_three_partitions(where):
    name, world = events("--before", "key", "--dups", "0.05", "--partitions", "3")
    run(where, oracle.all_sql(where, record(name), windows=False))
    oracle.check(world, where, windows=False)


def test_with_schemas(where):
    name, world = events("--schemas", "on", schemas=True)
    run(where, oracle.all_sql(where, record(name), schemas=True))
    oracle.check(world, where, schemas=True)
    del kept[("--schemas", "on")]
    os.unlink(name)


def bare_values(where, emit):
    """Timed by source.ts_ms, 2 % up to ten minutes late: what a grace of two minutes drops is exactly known."""
    name, world = events("--format", "value", "--topic", "orders", value_only=True, grace_ms=2 * oracle.MINUTE)
    assert world.late > 100
    run(where, oracle.sources(f", FILE='{name}'", kinds=("changes",)) + oracle.minutes_sink(where, "2 MINUTES", emit))
    harness.same_rows(harness.read_csv(where + "/minutes.csv"), world.minutes(), ["kind", "windowstart"], "minutes")


def test_late_events_with_every_change(where):
    bare_values(where, "CHANGES")


def test_late_events_with_final_windows(where):
    bare_values(where, "FINAL")


def test_one_task(where):
    full(where, "STATE", "--set", "tasks=1")


def test_three_partitions_on_four_tasks(where):
    name, world = events("--before", "full", "--partitions", "3")
    run(where, oracle.all_sql(where, record(name)), "--set", "tasks=4")
    oracle.check(world, where)


def test_many_commits(where):
    full(where, "STATE", "--set", "commit.interval.ms=20")


def test_killed_and_continued(where):
    """Ten kills at moments that the seed fixes; what is on disk is enough to end as if nothing had been."""
    import random
    import time
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}", flush=True)
    rng = random.Random(seed)
    name, world = events("--before", "full")
    sql = os.path.join(where, "pipeline.sql")
    with open(sql, "w", encoding="utf-8") as f:
        f.write(oracle.all_sql(where, record(name)))
    ended = 0
    for _ in range(10):
        child = harness.start("run", sql, "--data", where + "/state", "--until-end", "--set", "commit.interval.ms=50",
                              log=where + "/log")
        time.sleep(rng.uniform(0.02, 0.5))
        child.kill()
        ended += child.wait() == 0
    harness.weir("run", sql, "--data", where + "/state", "--until-end", timeout=900)
    oracle.check(world, where)


def test_sanitized(where):
    if not os.path.exists(harness.ASAN):
        raise harness.Skip("build/asan/weir is not there")
    name = os.path.join(where, "events.ndjson")
    oracle.generate(name, "--events", "20000", "--seed", "11", "--before", "full", "--partitions", "3")
    run(where, oracle.all_sql(where, record(name)), program=harness.ASAN)
    oracle.check(oracle.World(name), where)


if __name__ == "__main__":
    try:
        harness.main()
    finally:
        shutil.rmtree(FILES, ignore_errors=True)
