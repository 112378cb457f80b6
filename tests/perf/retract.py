#!/usr/bin/env python3
"""What an update of one row costs an aggregate over one group of a million rows, in CPU time of the whole program: reading the event,
the table's old row, the aggregate, commits, and RocksDB with its compactions.

  tests/perf/retract.py [ROWS [UPDATES]]

The rows are loaded and committed first; a second run reads the updates. What the start of the program costs with nothing to read is
measured too and taken off. `any`: rows at random get new values. `first`: the row with the least value gets the greatest, again and again,
so that each update takes away what the result was made of.
"""
import os
import random
import resource
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
UPDATES = int(sys.argv[2]) if len(sys.argv) > 2 else 200000
CASES = ("MIN(v)", "MAX(v)", "TOPK(v, 10)", "TOPKDISTINCT(v, 10)", "COUNT_DISTINCT(v)", "EARLIEST_BY_OFFSET(v)",
         "LATEST_BY_OFFSET(v, 10)", "ATTR(v)", "COUNT(*)")


def event(key, before, after):
    def image(v):
        return "null" if v is None else f'{{"id":{key},"g":"all","v":{v}}}'
    return f'{{"before":{image(before)},"after":{image(after)},"op":"{"c" if before is None else "u"}","ts_ms":1}}\n'


def write(name, mode, events):
    with open(name, mode, encoding="utf-8") as f:
        f.writelines(events)


def cpu(where):
    """Seconds of CPU of a run to the end of what is there."""
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    harness.weir("run", where + "/q.sql", "--data", where + "/state", "--until-end", timeout=3600)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begun.ru_utime - begun.ru_stime


def updates(rng, values, first):
    """Events, and values afterwards."""
    for n in range(UPDATES):
        key = n % ROWS if first else rng.randrange(ROWS)
        new = ROWS + n if first else rng.randrange(ROWS)
        yield event(key, values[key], new)
        values[key] = new


def case(what, first, before):
    where = tempfile.mkdtemp(prefix="weir-retract-")
    try:
        rng, values = random.Random(7), list(range(ROWS))
        write(where + "/t.ndjson", "w", (event(k, None, v) for k, v in enumerate(values)))
        with open(where + "/q.sql", "w", encoding="utf-8") as f:
            f.write(f"CREATE TABLE t (id BIGINT PRIMARY KEY, g STRING, v BIGINT)\n"
                    f"  WITH (KAFKA_TOPIC='t', FORMAT='DEBEZIUM', BEFORE='{before}', FILE='{where}/t.ndjson');\n"
                    f"CREATE SINK s WITH (TYPE='csv', PATH='{where}/s.csv') AS SELECT g, {what} AS r FROM t GROUP BY g;\n")
        load = cpu(where)
        start = cpu(where)
        write(where + "/t.ndjson", "a", updates(rng, values, first))
        each = (cpu(where) - start) / UPDATES * 1e6
        if what == "MIN(v)":
            found = harness.read_csv(where + "/s.csv")[0]["r"]
            assert found == str(min(values)), (found, min(values))
        print(f"{what:24} {'first' if first else 'any':6} BEFORE='{before}'  {each:6.2f} µs an update   (load {load / ROWS * 1e6:.2f} µs a row)",
              flush=True)
        return each
    finally:
        shutil.rmtree(where, ignore_errors=True)


if __name__ == "__main__":
    for the_what in CASES:
        for the_first in (False, True):
            case(the_what, the_first, "EVENT")
    for the_first in (False, True):
        case("MIN(v)", the_first, "STATE")
