#!/usr/bin/env python3
"""A file of statements that was changed between two runs on its data directory: what is new is carried out, what has changed takes the
place of what it was, or says why it cannot; the rest goes on. START_AT."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from harness import weir, weir_sql

SOURCE = "CREATE STREAM s (id INT, k STRING, v INT) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"
COPY = "CREATE STREAM c WITH (KAFKA_TOPIC='c', VALUE_FORMAT='JSON') AS SELECT k, id, v FROM s PARTITION BY k;\n"
TABLE = "CREATE TABLE n WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON') AS SELECT k, COUNT(*) AS n FROM c GROUP BY k;\n"
OUT = "CREATE SINK o WITH (TYPE='csv', PATH='{where}/o.csv') AS SELECT k, n FROM n;\n"


def rows(where, start, end, mode="a"):
    with open(where + "/in.ndjson", mode, encoding="utf-8") as f:
        f.write("".join(json.dumps({"id": i, "k": f"k{i % 2}", "v": i}) + "\n" for i in range(start, end)))


def run(where, *parts, **more):
    return weir_sql(where, "".join(parts).replace("{where}", where), "--until-end", **more)


def result(where):
    return {r["k"]: int(r["n"]) for r in harness.read_csv(where + "/o.csv")}


def test_an_aggregate_that_changed(where):
    """Its state is built anew from the start of its topic; the sink behind it has the new values."""
    rows(where, 0, 10)
    run(where, SOURCE, COPY, TABLE, OUT)
    assert result(where) == {"k0": 5, "k1": 5}
    rows(where, 10, 14)
    changed = TABLE.replace("COUNT(*)", "SUM(v)")
    _, err = run(where, SOURCE, COPY, changed, OUT, status=1)
    assert "column N of the old N is changed" in err, err           # SUM of INT is INT, COUNT is BIGINT
    changed = TABLE.replace("COUNT(*)", "SUM(CAST(v AS BIGINT))")
    _, err = run(where, SOURCE, COPY, changed, OUT)
    assert "rebuilt: AGGREGATE SUM" in err, err
    assert result(where) == {"k0": sum(range(0, 14, 2)), "k1": sum(range(1, 14, 2))}
    _, err = run(where, SOURCE, COPY, changed, OUT)
    assert "Created" not in err, err                    # it is what was carried out, now
    rows(where, 14, 16)
    run(where, SOURCE, COPY, changed, OUT)
    assert result(where) == {"k0": sum(range(0, 16, 2)), "k1": sum(range(1, 16, 2))}


def test_a_filter_that_came(where):
    """State is kept: what was counted stays counted."""
    rows(where, 0, 10)
    run(where, SOURCE, COPY, TABLE, OUT)
    rows(where, 10, 20)
    _, err = run(where, SOURCE, COPY, TABLE.replace("GROUP BY", "WHERE v >= 18 GROUP BY"), OUT)
    assert "kept: AGGREGATE COUNT(*)" in err, err
    assert result(where) == {"k0": 6, "k1": 6}


def test_what_cannot_be(where):
    rows(where, 0, 10)
    run(where, SOURCE, COPY, TABLE, OUT)
    _, err = run(where, SOURCE, COPY.replace("id, v", "id, v, v * 2 AS w"), TABLE.replace("GROUP BY k", "GROUP BY k HAVING COUNT(*) > 2"),
                 OUT.replace("o.csv", "p.csv"), status=1)
    assert "no state: PROJECT" in err and "sink O cannot be replaced" in err, err


def test_statements_that_moved(where):
    """A statement in front, in between or left out changes nothing for the others."""
    rows(where, 0, 10)
    insert = ("CREATE STREAM i (a INT) WITH (KAFKA_TOPIC='i', FORMAT='JSON', PARTITIONS=1);\n"
              "INSERT INTO i (a) VALUES (1);\nINSERT INTO i (a) VALUES (1);\n")
    run(where, SOURCE, insert, COPY, TABLE, OUT)
    more = f"CREATE SINK e WITH (TYPE='csv', PATH='{where}/e.csv', MODE='APPEND') AS SELECT a FROM i;\n"
    new = "INSERT INTO i (a) VALUES (2);\n"
    _, err = run(where, "CREATE TYPE t AS STRUCT<x INT>;\n", SOURCE, insert, new, COPY, more, TABLE, OUT)
    assert err.count("Created query") == 1, err
    assert [r["a"] for r in harness.read_csv(where + "/e.csv")] == ["1", "1", "2"]
    _, err = run(where, SOURCE, insert, new, COPY, more, TABLE, OUT)
    assert "no longer has this statement" in err and "CREATE TYPE t" in err, err
    assert result(where) == {"k0": 5, "k1": 5}


def test_rows_that_were_edited(where):
    """What was inserted cannot be taken back."""
    made = "CREATE STREAM i (a INT) WITH (KAFKA_TOPIC='i', FORMAT='JSON', PARTITIONS=1);\n"
    run(where, made, "INSERT INTO i (a) VALUES (1);\n")
    _, err = run(where, made, "INSERT INTO i (a) VALUES (3);\n", status=1)
    assert "cannot take its place" in err and "VALUES (1)" in err, err


def begun(where, start, topic, status=0):
    """The ids that a query on the source reads with that START_AT."""
    out, err = weir("run", "-e", f"CREATE STREAM b (id INT) WITH ({topic}, VALUE_FORMAT='JSON', START_AT='{start}');"
                    "SELECT id FROM b EMIT CHANGES;", "--data", where + "/state", "--until-end", status=status)
    if status:
        return err
    weir("run", "-e", "DROP STREAM b;", "--data", where + "/state")
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_start_at_of_a_topic_of_ours(where):
    run(where, "CREATE STREAM w (id INT, ts BIGINT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);\n",
        *(f"INSERT INTO w (ROWTIME, id) VALUES ({1777593600000 + i * 60000}, {i});\n" for i in range(6)))
    topic = "KAFKA_TOPIC='t'"
    assert begun(where, "EARLIEST", topic) == list(range(6))
    assert begun(where, "latest", topic) == []
    assert begun(where, "OFFSET 4", topic) == [4, 5]
    assert begun(where, "OFFSET 0", topic) == list(range(6))
    assert begun(where, "OFFSET 99", topic) == []
    assert begun(where, "2026-05-01T00:02:00Z", topic) == [2, 3, 4, 5]
    assert begun(where, "2026-05-01T00:02:30Z", topic) == [3, 4, 5]
    assert begun(where, "2026-05-01T02:03:00+02:00", topic) == [3, 4, 5]
    assert begun(where, "2030-01-01", topic) == []
    for wrong in ("yesterday", "OFFSET", "OFFSET -1", "OFFSET x", "", "2026-13-01T00:00:00Z"):
        err = begun(where, wrong, topic, status=1)
        assert "START_AT" in err, (wrong, err)


def test_start_at_is_for_the_first_time_only(where):
    """A query that goes on does not begin again."""
    run(where, "CREATE STREAM w (id INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);\n",
        *(f"INSERT INTO w (id) VALUES ({i});\n" for i in range(4)))
    sql = (where + "/b.sql", "CREATE STREAM b (id INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', START_AT='LATEST');\n"
           f"CREATE SINK o WITH (TYPE='csv', PATH='{where}/o.csv', MODE='APPEND') AS SELECT id FROM b;\n")
    with open(sql[0], "w", encoding="utf-8") as f:
        f.write(sql[1])
    weir("run", sql[0], "--data", where + "/state", "--until-end")
    weir("run", "-e", "INSERT INTO w (id) VALUES (4);", "--data", where + "/state")
    for _ in range(2):
        weir("run", sql[0], "--data", where + "/state", "--until-end")
    assert [r["id"] for r in harness.read_csv(where + "/o.csv")] == ["4"]


def test_start_at_of_a_file(where):
    rows(where, 0, 6)
    file = f"FILE='{where}/in.ndjson'"
    assert begun(where, "EARLIEST", file) == list(range(6))
    assert begun(where, "LATEST", file) == []
    assert begun(where, "OFFSET 99999", file) == []
    size = os.path.getsize(where + "/in.ndjson")
    assert begun(where, f"OFFSET {size // 6}", file) == list(range(1, 6))       # a place in a file is a byte
    assert begun(where, f"OFFSET {size // 6 + 1}", file) == list(range(2, 6))   # in the midst of a line: the next one
    assert "lines of bare values have none" in begun(where, "2026-05-01T00:00:00Z", file, status=1)


def test_start_at_of_records_in_a_file(where):
    with open(where + "/r.ndjson", "w", encoding="utf-8") as f:
        for i, minute in enumerate((0, 1, 2, 1, 3)):
            f.write(json.dumps({"topic": "t", "partition": i % 2, "offset": i, "timestamp": 1777593600000 + minute * 60000, "headers": [],
                                "key": None, "value": {"id": i}}) + "\n")
    file = f"FILE='{where}/r.ndjson', FILE_LAYOUT='RECORD', KAFKA_TOPIC='t'"
    assert sorted(begun(where, "2026-05-01T00:00:00Z", file)) == [0, 1, 2, 3, 4]
    assert sorted(begun(where, "2026-05-01T00:01:00Z", file)) == [1, 2, 3, 4]
    assert sorted(begun(where, "2026-05-01T00:02:00Z", file)) == [2, 4]         # partition 1 has nothing that young
    assert begun(where, "2026-05-02T00:00:00Z", file) == []


def test_start_at_behind_the_end(where):
    """What comes later is read, not only what comes behind the place named."""
    run(where, "CREATE STREAM w (id INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);\n",
        *(f"INSERT INTO w (id) VALUES ({i});\n" for i in range(3)))
    sql = where + "/b.sql"
    with open(sql, "w", encoding="utf-8") as f:
        f.write("CREATE STREAM b (id INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', START_AT='OFFSET 99');\n"
                f"CREATE SINK o WITH (TYPE='csv', PATH='{where}/o.csv', MODE='APPEND') AS SELECT id FROM b;\n")
    weir("run", sql, "--data", where + "/state", "--until-end")
    weir("run", "-e", "INSERT INTO w (id) VALUES (3);", "--data", where + "/state")
    weir("run", sql, "--data", where + "/state", "--until-end")
    assert [r["id"] for r in harness.read_csv(where + "/o.csv")] == ["3"]


if __name__ == "__main__":
    harness.main()
