#!/usr/bin/env python3
"""What goes wrong outside of Weir: each a clear message, nothing lost, no crash."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from harness import weir, weir_sql

GOOD = ['{"id":1,"v":10}', '{"id":2,"v":20}', '{"id":3,"v":30}']


def lines(where, *texts):
    name = os.path.join(where, "in.ndjson")
    with open(name, "w", encoding="utf-8") as f:
        f.write("".join(t + "\n" for t in texts))
    return name


def mirrored(where, name, *more, on_error="", **options):
    """The rows of id, v that come through, and what was said."""
    extra = f", ON_ERROR='{on_error}'" if on_error else ""
    _, err = weir_sql(where, f"CREATE STREAM s (id INT, v INT) WITH (FILE='{name}', FORMAT='JSON'{extra});\n"
                      f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv', MODE='APPEND') AS\n"
                      "  SELECT id, v FROM s;\n", "--until-end", *more, **options)
    try:
        rows = [(r["id"], r["v"]) for r in harness.read_csv(where + "/out.csv")]
    except OSError:
        rows = []
    return rows, err


def passes_by(where, bad):
    """A bad record between good ones: the good ones come through, the bad one is spoken of."""
    rows, err = mirrored(where, lines(where, GOOD[0], bad, GOOD[1], GOOD[2]))
    assert rows == [("1", "10"), ("2", "20"), ("3", "30")], rows
    return err


def test_truncated_record(where):
    passes_by(where, '{"id":9,"v":9')


def test_truncated_behind_the_fields_read(where):
    passes_by(where, '{"id":9,"v":9,"more":{"a":[1,2')


def test_not_json(where):
    passes_by(where, "hello, world")


def test_text_where_a_number_belongs(where):
    passes_by(where, '{"id":"nine","v":9}')


def test_object_where_a_number_belongs(where):
    passes_by(where, '{"id":{"a":1},"v":9}')


def test_number_out_of_range(where):
    passes_by(where, '{"id":99999999999,"v":9}')


def test_bytes_that_are_no_utf8(where):
    name = lines(where, *GOOD)
    with open(name, "rb+") as f:
        text = f.read()
        f.seek(0)
        f.write(b'{"id":9,"v":\xff\xfe}\n' + text)
    rows, _ = mirrored(where, name)
    assert rows == [("1", "10"), ("2", "20"), ("3", "30")], rows


def test_errors_are_listed(where):
    name = lines(where, GOOD[0], '{"id":9,"v":9', GOOD[1])
    mirrored(where, name)
    out, _ = weir("run", "-e", "SHOW ERRORS;", "--data", where + "/state", status=None)
    if "implemented" in out + _:
        raise harness.Skip("SHOW ERRORS is not implemented")
    assert '"v":9' in out or "in.ndjson" in out, out


def test_stop_stops_with_the_place(where):
    rows, err = mirrored(where, lines(where, GOOD[0], '{"id":9,"v":9', GOOD[1]), on_error="STOP", status=4)
    assert ("2", "20") not in rows, rows
    assert "offset" in err.lower() or "line" in err.lower() or "record" in err.lower(), err


def test_empty_file(where):
    rows, _ = mirrored(where, lines(where))
    assert rows == []


def test_missing_input_file(where):
    _, err = mirrored(where, where + "/absent.ndjson", status=1)
    assert "absent.ndjson" in err, err


def test_folder_as_input_file(where):
    _, err = mirrored(where, where, status=1)
    assert where in err, err


def test_unreachable_broker(where):
    sql = "CREATE STREAM s (id INT) WITH (KAFKA_TOPIC='t', FORMAT='JSON');\nSELECT id FROM s EMIT CHANGES;\n"
    _, err = weir_sql(where, sql, "--broker", "127.0.0.1:1", "--until-end", status=3, timeout=120)
    assert "127.0.0.1:1" in err, err


def test_data_directory_that_cannot_be(where):
    name = lines(where, *GOOD)
    with open(where + "/state", "w") as f:
        f.write("I am a file")
    rows, err = mirrored(where, name, status=None)
    assert "state" in err and rows == [], err


def test_read_only_data_directory(where):
    if not os.path.isdir("/proc/self"):
        raise harness.Skip("no /proc")
    name = lines(where, *GOOD)
    _, err = weir("run", "-e", f"CREATE STREAM s (id INT, v INT) WITH (FILE='{name}', FORMAT='JSON'); "
                  "SELECT id FROM s EMIT CHANGES;", "--data", "/proc/weir", "--until-end", status=None)
    assert "/proc/weir" in err, err


def test_output_path_that_cannot_be(where):
    name = lines(where, *GOOD)
    _, err = weir_sql(where, f"CREATE STREAM s (id INT, v INT) WITH (FILE='{name}', FORMAT='JSON');\n"
                      "CREATE SINK out WITH (TYPE='csv', PATH='/proc/weir/out.csv', MODE='APPEND') AS SELECT id FROM s;\n",
                      "--until-end", status=None, timeout=120)
    assert "/proc/weir" in err, err


def test_two_on_one_data_directory(where):
    """The second is refused; the first goes on."""
    name = lines(where, *GOOD)
    sql = os.path.join(where, "p.sql")
    with open(sql, "w") as f:
        f.write(f"CREATE STREAM s (id INT, v INT) WITH (FILE='{name}', FORMAT='JSON');\n"
                f"CREATE SINK t WITH (TYPE='csv', PATH='{where}/t.csv', MODE='APPEND') AS SELECT id, v FROM s;\n")
    first = harness.start("run", sql, "--data", where + "/state", log=where + "/log")
    try:
        harness.until("the rows", 60, lambda: len(harness.read_csv_so_far(where + "/t.csv")) == 3)
        out, err = weir("run", sql, "--data", where + "/state", status=None, timeout=120)
        assert "state" in err and first.poll() is None, err
    finally:
        first.kill()
        first.wait()


def test_no_signal_ends_any_of_these(where):
    """None of the words above came from a crash: an odd mix in one file."""
    odd = ["", "null", "[]", '""', "0", "{}", "[{}]", '{"id":null}', '{"id":1e400,"v":1}', '{"id":-0,"v":-0.0}',
           '{"id":1,"id":2,"v":3}', "\\", '{"id":"\\ud800","v":1}', "{" * 5000, "[" * 5000, '{"v":' + "9" * 400 + "}"]
    rows, _ = mirrored(where, lines(where, GOOD[0], *odd, GOOD[2]))
    assert rows[0] == ("1", "10") and rows[-1] == ("3", "30"), rows


if __name__ == "__main__":
    harness.main()
