#!/usr/bin/env python3
"""The generated events again, in other worlds: batches of 1, 2 and 7 rows, state in memory, four tasks, queues that
hold one batch, a commit after every few rows. Same answers. EVENTS=n for another number."""
import shutil

import check_generated as generated
import oracle
from oracle import harness

WORLDS = {
    "batch_1": "batch.rows=1",
    "batch_2_memory": "batch.rows=2 state.store=memory",
    "batch_7_four_tasks": "batch.rows=7 tasks=4",
    "one_batch_queues": "tasks=4 queue.bytes=1",
    "batch_7_one_batch_queues_memory": "batch.rows=7 tasks=4 queue.bytes=1 state.store=memory",
    "many_commits": "commit.bytes=1024 commit.interval.ms=1",
    "many_commits_four_tasks": "commit.bytes=4096 commit.interval.ms=1 tasks=4 batch.rows=7",
    "every_change": "cache.max.bytes.buffering=0",
}

# the three kinds of runs: (options of the generator, how to read them, what is asked)
RUNS = {
    "full": (("--before", "full", "--partitions", "3"), {}, {}),
    "event": (("--before", "full", "--partitions", "3"), {}, {"before": "EVENT"}),
    "key": (("--before", "key", "--dups", "0.05", "--partitions", "3"), {}, {"windows": False}),
    "schemas": (("--schemas", "on"), {"schemas": True}, {"schemas": True}),
}


def each(run, world):
    options, reading, asking = RUNS[run]

    def test(where):
        name, expected = generated.events(*options, **reading)
        settings = [a for s in WORLDS[world].split() for a in ("--set", s)]
        generated.run(where, oracle.all_sql(where, generated.record(name), **asking), *settings)
        oracle.check(expected, where, schemas=asking.get("schemas", False), windows=asking.get("windows", True))
    return test


for the_run in RUNS:
    for the_world in WORLDS:
        globals()[f"test_{the_run}_{the_world}"] = each(the_run, the_world)

if __name__ == "__main__":
    try:
        harness.main()
    finally:
        shutil.rmtree(generated.FILES, ignore_errors=True)
