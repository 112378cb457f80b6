#!/usr/bin/env python3
"""PostgreSQL and MariaDB through Debezium and Kafka into CSV mirrors, live: snapshot, changes, and what the databases
say at the end. The recorded fixtures show more layouts; this shows that today's parts still write what was recorded."""
import importlib.util
import json
import os
import subprocess

import labkit
from labkit import harness

import check_fixtures as fixtures

SCENARIO = os.path.join(harness.ROOT, "tests/lab/scenario")


def sql(client, name):
    with open(os.path.join(SCENARIO, name), encoding="utf-8") as f:
        labkit.lab(client, stdin=f)


def recorder():
    spec = importlib.util.spec_from_file_location("record", os.path.join(SCENARIO, "record.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def put(where, record, name):
    config = os.path.join(where, name + ".json")
    with open(config, "w", encoding="utf-8") as f:
        json.dump(record.CONNECTORS[name], f)
    labkit.lab("connector", "put", name, config)


def test_databases_to_csv(where):
    broker = labkit.up("kafka", "connect", "postgres", "mariadb")
    record = recorder()
    layouts = ("pg_plain", "maria_mysql")
    sql("psql", "pg_seed.sql")
    sql("mysql", "maria_seed.sql")
    for name in layouts:
        put(where, record, name)
        harness.until(f"{name}: the snapshot", 60, lambda: name + ".inventory.utenti" in record.topics(name))
    children = []
    try:
        for name in layouts:
            os.makedirs(f"{where}/{name}")
            pipeline = f"{where}/{name}/pipeline.sql"
            with open(pipeline, "w", encoding="utf-8") as f:
                f.write(fixtures.statements(name, f"{where}/{name}", ""))
            # payments of PostgreSQL has no row yet, and so no topic
            for table in fixtures.TABLES[name.split("_")[0]]:
                topic = f"{name}.inventory.{table}"
                if topic not in record.topics(name):
                    labkit.create(topic, 3 if name == "pg_plain" else 1)
            children.append(harness.start("run", pipeline, "--data", f"{where}/{name}/state", "--broker", broker,
                                          log=f"{where}/{name}/log"))
        sql("psql", "pg_changes.sql")
        sql("mysql", "maria_changes.sql")

        def mirrored(name):
            try:
                fixtures.check(name, f"{where}/{name}")
                return True
            except (AssertionError, OSError) as error:
                print(str(error)[:200], file=open(f"{where}/{name}/last", "w"))
                return False
        for name in layouts:
            try:
                harness.until(f"{name} mirrored", 60, lambda: mirrored(name))
            except AssertionError as error:
                words = [open(f"{where}/{name}/{f}").read()[-3000:] for f in ("last", "log")]
                raise AssertionError(f"{error}\n{words[0]}\n{words[1]}")
        for child in children:
            child.terminate()
            assert child.wait(60) == 0
    finally:
        for child in children:
            child.kill()


if __name__ == "__main__":
    harness.main()
