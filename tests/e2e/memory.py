#!/usr/bin/env python3
"""Memory does not grow with the number of keys: the setting `memory` bounds what state takes of it, however rarely there are
commits and however many tables a query has. Measured is the peak of resident memory, beside that of the same query
over a few keys."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

MIB = 1 << 20
FEW = 1000
NAMES = ("a", "b")


def write_table(where, name, keys):
    """Every key is made, and every third changed later."""
    event = '{"op":"%s","ts_ms":1,"after":{"id":%d,"town":"town %d %s","n":%d}}\n'
    with open(f"{where}/{name}.ndjson", "w", encoding="utf-8") as f:
        for i in range(keys):
            f.write(event % ("c", i * 2654435761 % 2**32, i % 7, "of old", i))
            if i % 3 == 0:
                f.write(event % ("u", i // 2 * 2654435761 % 2**32, i % 7, "of today", i))


def peak(where, sql, *settings):
    """The most memory that a run of sql had, in bytes."""
    with open(f"{where}/pipeline.sql", "w", encoding="utf-8") as f:
        f.write(sql)
    child = subprocess.Popen([harness.WEIR, "run", f"{where}/pipeline.sql", "--data", f"{where}/state", "--until-end",
                              "--set", "commit.interval.ms=1h", *settings],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=harness.ROOT)
    told = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, told
    return usage.ru_maxrss * 1024


def tables(where):
    return "".join(f"CREATE TABLE {name} (id BIGINT PRIMARY KEY, town STRING, n BIGINT)"
                   f" WITH (FILE='{where}/{name}.ndjson', FORMAT='DEBEZIUM');\n" for name in NAMES)


def growth(where, query, many, memory):
    """How much more memory many keys take than few."""
    found = []
    for keys in (FEW, many):
        here = f"{where}/{keys}-{memory}"
        os.mkdir(here)
        for name in NAMES:
            write_table(here, name, keys)
        sql = tables(here) + f"CREATE SINK out WITH (TYPE='csv', PATH='{here}/out.csv', MODE='APPEND') AS {query};\n"
        found.append(peak(here, sql, "--set", f"memory={memory}"))
    return found[1] - found[0]


def check(where, query, many):
    more = growth(where, query, many, "16m")
    print(f"    {many} keys take {more / MIB:.1f} MiB more than {FEW}")
    assert more < 40 * MIB, f"memory=16m, and {many} keys take {more / MIB:.1f} MiB more than {FEW}"


def test_rows_of_a_table(where):
    check(where, "SELECT town, COUNT(*) AS rows_, SUM(n) AS s FROM a GROUP BY town", 200000)


def test_groups(where):
    check(where, "SELECT id, COUNT(*) AS rows_, MAX(n) AS s FROM a GROUP BY id HAVING COUNT(*) > 1", 100000)


def test_a_join_of_two_tables(where):
    check(where, "SELECT a.id, a.town, b.town AS other FROM a JOIN b ON a.id = b.id WHERE a.n < 5 AND b.n < 5", 100000)


if __name__ == "__main__":
    harness.main()
