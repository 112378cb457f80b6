#!/usr/bin/env python3
"""CSV files: what they hold to the byte, and that a reader never sees half of one."""
import csv
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from harness import weir_sql

ODD = ["plain", "with, comma", 'say "x"', "line\nbreak", "", None, "  blanks ", "Forlì 東京 😀", "'", ";", "\t", "=1+1"]


def source(where, rows, columns="id INT, t STRING"):
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
    return f"CREATE STREAM s ({columns}) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"


def sink(where, more="", select="SELECT id, t FROM s"):
    return f"CREATE SINK o WITH (TYPE='csv', PATH='{where}/o.csv'{more}) AS {select};\n"


def run(where, sql, *more):
    weir_sql(where, sql, "--until-end", *more)
    with open(where + "/o.csv", encoding="utf-8", newline="") as f:
        return f.read()


def test_odd_texts_come_back(where):
    rows = [{"id": i, "t": t} for i, t in enumerate(ODD)]
    text = run(where, source(where, rows) + sink(where, ", MODE='APPEND'"))
    with open(where + "/o.csv", encoding="utf-8", newline="") as f:
        read = [r[1] for r in csv.reader(f)][1:]
    assert read == [t or "" for t in ODD], read
    assert [r["t"] for r in harness.read_csv(where + "/o.csv")] == ODD, text


def test_names_are_spelled_as_in_the_statement(where):
    text = run(where, source(where, [{"id": 1, "t": "x"}])
               + sink(where, ", MODE='APPEND'", "SELECT id AS Number, t, UCASE(t) AS `Up per` FROM s"))
    assert text == "Number,t,Up per\n1,x,X\n", text


def test_types(where):
    row = {"id": 1, "b": True, "n": 12345678901234567890 // 10, "x": 0.1, "d": 5, "seen": "2026-05-01T08:09:10.011",
           "day": "2026-05-01", "a": [1, 2]}
    columns = ("id INT, b BOOLEAN, n BIGINT, x DOUBLE, d DECIMAL(8, 3), seen TIMESTAMP, day DATE, a ARRAY<INT>")
    text = run(where, source(where, [row], columns) + sink(where, ", MODE='APPEND'", "SELECT * FROM s"))
    assert text.splitlines()[1] == '1,true,1234567890123456789,0.1,5.000,2026-05-01T08:09:10.011,2026-05-01,"[1,2]"', text


def test_delimiter_header_and_null_text(where):
    rows = [{"id": 1, "t": "a;b"}, {"id": 2, "t": None}]
    text = run(where, source(where, rows) + sink(where, ", MODE='APPEND', DELIMITER=';', HEADER='false', NULL_TEXT='NULL'"))
    assert text == '1;"a;b"\n2;NULL\n', text


def test_table_has_its_key_first_and_no_old_rows(where):
    rows = [{"id": i % 3, "t": f"t{i}"} for i in range(10)]
    text = run(where, source(where, rows)
               + sink(where, ", MODE='TABLE'", "SELECT COUNT(*) AS n, id, LATEST_BY_OFFSET(t) AS t FROM s GROUP BY id"))
    lines = text.splitlines()
    assert lines[0] == "id,n,t" and sorted(lines[1:]) == ["0,4,t9", "1,3,t7", "2,3,t8"], text


def test_having_takes_a_row_out_again(where):
    rows = [{"id": 1, "t": "x"}, {"id": 2, "t": "x"}, {"id": 2, "t": "x"}]
    text = run(where, source(where, rows)
               + sink(where, ", MODE='TABLE'", "SELECT id, COUNT(*) AS n FROM s GROUP BY id HAVING COUNT(*) < 2"))
    assert text == "id,n\n1,1\n", text


def test_appended_changes_of_a_table(where):
    """Every change, in order, with its kind."""
    rows = [{"id": 1, "t": "x"}, {"id": 1, "t": "y"}]
    run(where, source(where, rows) + sink(where, ", MODE='APPEND', OP_COLUMN='op'",
                                          "SELECT id, COUNT(*) AS n FROM s GROUP BY id"),
        "--set", "cache.max.bytes.buffering=0")
    found = harness.read_csv(where + "/o.csv")
    assert [r["n"] for r in found][-1] == "2" and len(found) >= 2 and all(r["op"] for r in found), found


def test_a_reader_never_sees_half_a_table(where):
    """Read all the time while it is replaced: always a whole file, whose sum fits its rows."""
    count = 60_000
    sql = source(where, [{"id": i % 400, "t": "x" * 20} for i in range(count)])
    sql += sink(where, ", MODE='TABLE'", "SELECT id, COUNT(*) AS n, LATEST_BY_OFFSET(t) AS t FROM s GROUP BY id")
    wrong, seen, over = [], set(), threading.Event()

    def watch():
        while not over.is_set():
            try:
                with open(where + "/o.csv", encoding="utf-8") as f:
                    text = f.read()
            except FileNotFoundError:
                continue
            lines = text.split("\n")
            if lines[0] != "id,n,t" or lines[-1] != "" or any(len(l.split(",")) != 3 for l in lines[1:-1]):
                wrong.append(text[-200:])
            seen.add(len(lines))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        weir_sql(where, sql, "--until-end", "--set", "commit.interval.ms=5")
    finally:
        over.set()
        watcher.join()
    assert not wrong, wrong[0]
    assert sum(int(r["n"]) for r in harness.read_csv(where + "/o.csv")) == count
    assert not [f for f in os.listdir(where) if f.startswith("o.csv") and f != "o.csv"], os.listdir(where)


def test_unknown_property_is_guessed(where):
    _, err = weir_sql(where, source(where, [{"id": 1, "t": "x"}]) + sink(where, ", MODUS='TABLE'"), "--until-end", status=1)
    assert "MODE" in err, err


def test_a_file_deleted_while_it_is_written(where):
    """It is said, and the query is in error; the rows are not written to a file that nobody sees."""
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write('{"id": 1}\n')
    with open(where + "/p.sql", "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (id INT) WITH (FILE='{where}/in.ndjson', FORMAT='JSON', FILE_FOLLOW='true');\n"
                f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv', MODE='APPEND') AS SELECT id FROM s;\n")
    child = harness.start("run", where + "/p.sql", "--data", where + "/state", "--set", "commit.interval.ms=20", log=where + "/log")

    def said(words):
        with open(where + "/log", encoding="utf-8") as f:
            return words in f.read()
    try:
        harness.until("the first row", 60, lambda: len(harness.read_csv_so_far(where + "/out.csv")) == 1)
        kept = where + "/kept.csv"
        os.rename(where + "/out.csv", kept)
        with open(where + "/in.ndjson", "a", encoding="utf-8") as f:
            f.write('{"id": 2}\n')
        harness.until("it is said", 60, lambda: said("out.csv was removed or replaced") and said("had been written to it"))
    finally:
        child.terminate()
        child.wait(60)
    os.rename(kept, where + "/out.csv")         # put back, it goes on
    child = harness.start("run", where + "/p.sql", "--data", where + "/state", log=where + "/log")
    try:
        harness.until("both rows", 60, lambda: [r["ID" if "ID" in r else "id"] for r in harness.read_csv_so_far(where + "/out.csv")] == ["1", "2"])
    finally:
        child.terminate()
        child.wait(60)


if __name__ == "__main__":
    harness.main()
