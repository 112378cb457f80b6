#!/usr/bin/env python3
"""A file of statements run again on its data directory continues; killed at any moment, it ends as if it had not been."""
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness


def write(name, rows, mode="w"):
    with open(name, mode) as f:
        f.write("".join(json.dumps(r) + "\n" for r in rows))


def numbers(count, start=0):
    return [{"id": i, "k": f"k{i % 7}", "v": i} for i in range(start, start + count)]


def sql(where, more=""):
    return (f"CREATE STREAM s (id INT, k STRING, v BIGINT) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"
            f"CREATE SINK every WITH (TYPE='csv', PATH='{where}/every.csv', MODE='APPEND') AS SELECT id, k, v FROM s;\n"
            f"CREATE SINK sums WITH (TYPE='csv', PATH='{where}/sums.csv', MODE='TABLE') AS\n"
            f"  SELECT k, COUNT(*) AS n, SUM(v) AS total, MIN(v) AS least FROM s GROUP BY k;\n" + more)


def expected(rows):
    groups = {}
    for r in rows:
        groups.setdefault(r["k"], []).append(r["v"])
    return [{"k": k, "n": str(len(v)), "total": str(sum(v)), "least": str(min(v))} for k, v in groups.items()]


def check(where, rows):
    got = [int(r["id"]) for r in harness.read_csv(where + "/every.csv")]
    assert got == [r["id"] for r in rows], f"{len(got)} rows of {len(rows)}, {len(set(got))} different"
    harness.same_rows(harness.read_csv(where + "/sums.csv"), expected(rows), ["k"], "sums")


def test_a_second_run_adds_nothing(where):
    write(where + "/in.ndjson", numbers(100))
    harness.weir_sql(where, sql(where), "--until-end")
    harness.weir_sql(where, sql(where), "--until-end")
    check(where, numbers(100))


def test_columns_found_out_and_altered_stay(where):
    write(where + "/in.ndjson", [{"before": None, "after": {"id": 1, "name": "Ann"}, "op": "c", "ts_ms": 1}])
    text = (f"CREATE STREAM u WITH (FILE='{where}/in.ndjson', FORMAT='DEBEZIUM');\n"
            f"CREATE STREAM s (id INT KEY) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1);\n"
            f"ALTER STREAM s ADD COLUMN v INT;\nDESCRIBE u;\nDESCRIBE s;\n")
    first = harness.weir_sql(where, text, "--until-end")
    write(where + "/in.ndjson", [{"before": None, "after": {"id": 2, "other": "x"}, "op": "c", "ts_ms": 2}])
    second = harness.weir_sql(where, text, "--until-end")
    assert first[0] == second[0] and "NAME" in first[0] and "V" in first[0], (first, second)


def test_new_lines_are_added(where):
    write(where + "/in.ndjson", numbers(100))
    harness.weir_sql(where, sql(where), "--until-end")
    write(where + "/in.ndjson", numbers(50, 100), "a")
    harness.weir_sql(where, sql(where), "--until-end")
    check(where, numbers(150))


def test_new_lines_name_a_new_partition(where):
    """Lines of FILE_LAYOUT='RECORD' say which partition they are of; several tasks keep the state of a partition each."""
    def records(keys):
        return [{"topic": "t", "partition": k, "offset": v, "timestamp": 1000 * v, "key": k, "value": {"v": v}} for v in range(5) for k in keys]
    text = (f"CREATE TABLE t (k INT PRIMARY KEY, v INT) WITH (FILE='{where}/in.ndjson', FILE_LAYOUT='RECORD', KAFKA_TOPIC='t', FORMAT='JSON');\n"
            f"CREATE SINK rows WITH (TYPE='csv', PATH='{where}/rows.csv', MODE='TABLE') AS SELECT k, v FROM t;\n")
    for keys in ([0, 1], [2], [0, 3]):
        write(where + "/in.ndjson", records(keys), "a")
        harness.weir_sql(where, text, "--until-end", "--set", "tasks=4")
    harness.same_rows(harness.read_csv(where + "/rows.csv"), [{"k": str(k), "v": "4"} for k in range(4)], ["k"], "rows")


def test_insert_values_is_not_repeated(where):
    more = ("CREATE STREAM typed (a INT) WITH (KAFKA_TOPIC='typed', FORMAT='JSON', PARTITIONS=1);\n"
            "INSERT INTO typed (a) VALUES (1);\nINSERT INTO typed (a) VALUES (2);\n"
            f"CREATE SINK t WITH (TYPE='csv', PATH='{where}/typed.csv', MODE='APPEND') AS SELECT a FROM typed;\n")
    write(where + "/in.ndjson", numbers(10))
    for _ in range(3):
        harness.weir_sql(where, sql(where, more), "--until-end")
    assert [r["a"] for r in harness.read_csv(where + "/typed.csv")] == ["1", "2"]


def test_a_new_statement_begins_at_the_start(where):
    write(where + "/in.ndjson", numbers(100))
    harness.weir_sql(where, sql(where), "--until-end")
    more = f"CREATE SINK late WITH (TYPE='csv', PATH='{where}/late.csv', MODE='APPEND') AS SELECT id FROM s;\n"
    harness.weir_sql(where, sql(where, more), "--until-end")
    check(where, numbers(100))
    assert len(harness.read_csv(where + "/late.csv")) == 100


def killed(where, seed, rows, kills, longest):
    rng = random.Random(seed)
    write(where + "/in.ndjson", rows)
    with open(where + "/pipeline.sql", "w") as f:
        f.write(sql(where))
    for _ in range(kills):
        child = harness.start("run", where + "/pipeline.sql", "--data", where + "/state", "--until-end", "--set",
                              "commit.interval.ms=10", log=where + "/log")
        time.sleep(rng.uniform(0.005, longest))
        child.kill()
        child.wait()
    harness.weir_sql(where, sql(where), "--until-end")
    check(where, rows)


def test_killed_twenty_times(where):
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}", flush=True)
    killed(where, seed, numbers(200_000), 20, 0.25)


def test_a_chain_through_a_topic_of_ours(where):
    """CREATE … AS writes the embedded log, the next query reads it; kills do not tear the two apart."""
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}", flush=True)
    rng = random.Random(seed)
    rows = numbers(100_000)
    write(where + "/in.ndjson", rows)
    text = (f"CREATE STREAM s (id INT, k STRING, v BIGINT) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"
            "CREATE STREAM doubled WITH (KAFKA_TOPIC='doubled', FORMAT='JSON') AS SELECT id, k, v * 2 AS v FROM s PARTITION BY k;\n"
            f"CREATE SINK sums WITH (TYPE='csv', PATH='{where}/sums.csv', MODE='TABLE') AS\n"
            "  SELECT k, COUNT(*) AS n, SUM(v) AS total, MIN(v) AS least FROM doubled GROUP BY k;\n")
    with open(where + "/pipeline.sql", "w") as f:
        f.write(text)
    for _ in range(8):
        child = harness.start("run", where + "/pipeline.sql", "--data", where + "/state", "--until-end", "--set",
                              "commit.interval.ms=10", log=where + "/log")
        time.sleep(rng.uniform(0.01, 0.3))
        child.kill()
        child.wait()
    harness.weir("run", where + "/pipeline.sql", "--data", where + "/state", "--until-end")
    twice = [{**r, "v": 2 * r["v"]} for r in rows]
    harness.same_rows(harness.read_csv(where + "/sums.csv"), expected(twice), ["k"], "sums")


if __name__ == "__main__":
    harness.main()
