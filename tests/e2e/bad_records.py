#!/usr/bin/env python3
"""Bad records: what ON_ERROR makes of them in every format, and what `weir errors` does with those that were kept."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from harness import weir, weir_sql


def event(i, v):
    return json.dumps({"before": None, "after": {"id": i, "v": v}, "op": "c", "ts_ms": 1})


# format: columns, the records of good rows 10 and 20 and a bad one between them
FORMATS = {
    "JSON": ("id INT, v INT", ['{"id":1,"v":10}', '{"id":9,"v":"x"}', '{"id":2,"v":20}']),
    "DELIMITED": ("id INT, v INT", ["1,10", "9,x", "2,20"]),
    "KAFKA": ("v INT", ["aaaa", "abc", "aaab"]),        # four bytes are a number, three are none
    "DEBEZIUM": ("id INT, v INT", [event(1, 10), event(9, "x"), event(2, 20)]),
}
GOOD = {"KAFKA": [str(0x61616161), str(0x61616162)]}


def record(offset, value, key=None):
    return json.dumps({"topic": "t", "partition": 0, "offset": offset, "timestamp": 1000 + offset, "key": key, "value": value})


def write(where, lines, mode="w"):
    with open(where + "/in.ndjson", mode, encoding="utf-8") as f:
        f.write("".join(line + "\n" for line in lines))


def pipeline(where, columns, with_clause):
    return (f"CREATE STREAM s ({columns}) WITH ({with_clause});\n"
            f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv', MODE='APPEND') AS SELECT v FROM s;\n")


def from_file(where, columns, more):
    return pipeline(where, columns, f"FILE='{where}/in.ndjson', VALUE_FORMAT='JSON'{more}")


def values(where):
    return [r["v"] for r in harness.read_csv(where + "/out.csv")]


def errors(where, *words, status=0):
    return weir("errors", *words, "--data", where + "/state", status=status)


def each_format(where, on_error, check):
    for name, (columns, texts) in FORMATS.items():
        place = f"{where}/{name}"
        os.mkdir(place)
        if name == "KAFKA":     # bytes that are no text come through a topic
            sql = ("CREATE STREAM raw (v STRING) WITH (KAFKA_TOPIC='in', FORMAT='KAFKA', PARTITIONS=1);\n" +
                   "".join(f"INSERT INTO raw (v) VALUES ('{t}');\n" for t in texts) +
                   pipeline(place, columns, f"KAFKA_TOPIC='in', FORMAT='KAFKA', ON_ERROR='{on_error}'"))
        else:
            write(place, texts)
            sql = pipeline(place, columns, f"FILE='{place}/in.ndjson', VALUE_FORMAT='{name}', ON_ERROR='{on_error}'")
        check(name, place, sql, texts, GOOD.get(name, ["10", "20"]))


def query_of(place):
    return re.search(r"SINK_OUT_[0-9]+", errors(place, "list")[0]).group()


def test_skip_in_every_format(where):
    def check(name, place, sql, _, good):
        _, err = weir_sql(place, sql, "--until-end")
        assert values(place) == good, (name, values(place))
        assert "dropped rows: 1 bad record skipped" in err, err
        assert "no bad records" in errors(place, "list")[1], name
    each_format(where, "SKIP", check)


def test_stop_in_every_format(where):
    def check(name, place, sql, _, good):
        _, err = weir_sql(place, sql, "--until-end", status=4)
        assert "bad record in " in err and "partition 0, offset" in err, (name, err)
        assert good[1] not in values(place), name
        _, again = weir_sql(place, sql, "--until-end", status=4)        # it is met again, not passed over
        assert "partition 0, offset" in again, again
    each_format(where, "STOP", check)


def test_dead_letter_in_every_format(where):
    def check(name, place, sql, texts, good):
        _, err = weir_sql(place, sql, "--until-end")
        assert values(place) == good, (name, values(place))
        assert "dropped rows: 1 bad record kept" in err, err
        out, _ = errors(place, "show", query_of(place), "0")
        assert "read as    S\n" in out and "partition 0, offset" in out, (name, out)
        assert f"value      {len(texts[1])} bytes\n    {texts[1]}\n" in out, (name, out)
        weir_sql(place, sql, "--until-end")             # kept once, and said once
        assert errors(place, "list")[0].count("SINK_OUT_") == 1
    each_format(where, "DEAD_LETTER", check)


LETTER = ("query", "id", "source", "topic", "partition", "offset", "reason")


def letters(where, topic="letters"):
    """The records of the dead-letter topic, in order: their headers' texts by name, key and body in hexadecimal."""
    texts = ", ".join(f"FROM_BYTES(h_{n}, 'utf8') AS its_{n}" for n in LETTER)
    columns = ", ".join(f"h_{n} BYTES HEADER('weir.{n}')" for n in LETTER)
    out, _ = weir("run", "-e", f"CREATE STREAM IF NOT EXISTS {topic} (k BYTES KEY, body BYTES, {columns}, own BYTES HEADER('own')) WITH"
                  f" (KAFKA_TOPIC='{topic}', FORMAT='KAFKA'); SELECT FROM_BYTES(k, 'hex') AS its_k, FROM_BYTES(body, 'hex') AS its_body,"
                  f" FROM_BYTES(own, 'utf8') AS its_own, {texts} FROM {topic};", "--data", where + "/state", "--until-end")
    return [{k.lower().removeprefix("its_"): v for k, v in json.loads(line).items()} for line in out.splitlines() if line.startswith("{")]


def hexed(data):
    return data.hex().upper()


def test_bad_records_in_a_dead_letter_topic(where):
    """Their bytes and why, once, after a restart too; what comes later goes there as well; the good rows go on."""
    bad = [b'{"v":"two"}', b'{"v":\xff\x00\x07}', b"{"]
    with open(where + "/in.ndjson", "wb") as f:
        f.write(b'{"v":1}\n' + bad[0] + b"\n" + bad[1] + b'\n{"v":3}\n')
    sql = from_file(where, "v INT", ", ON_ERROR='DEAD_LETTER', DEAD_LETTER='letters'")
    weir_sql(where, sql, "--until-end")
    assert values(where) == ["1", "3"]
    first = letters(where)
    assert [r["body"] for r in first] == [hexed(b) for b in bad[:2]], first
    query = query_of(where)
    assert [(r["query"], r["source"], r["topic"], r["partition"], r["offset"], r["k"]) for r in first] == \
        [(query, "S", "S", "0", o, None) for o in ("8", "20")], first
    listed = errors(where, "list")[0]
    assert all(r["reason"] and r["reason"] in listed for r in first), (first, listed)
    weir_sql(where, sql, "--until-end")
    assert letters(where) == first
    with open(where + "/in.ndjson", "ab") as f:
        f.write(bad[2] + b"\n")
    weir_sql(where, sql, "--until-end")
    then = letters(where)
    assert then[:2] == first and [r["body"] for r in then] == [hexed(b) for b in bad], then
    assert len({r["id"] for r in then}) == 3, then


def test_a_dead_letter_has_key_and_headers_of_its_record(where):
    """A topic's record with a key that cannot be read, and a header of its own; queries on the source write one each."""
    line = json.dumps({"topic": "t", "partition": 0, "offset": 7, "timestamp": 1000, "key": "x", "value": {"v": 2},
                       "headers": {"own": "mine"}})
    write(where, [line, record(8, {"v": 3}, 1)])
    sql = (f"CREATE TABLE s (id INT PRIMARY KEY, v INT) WITH (FILE='{where}/in.ndjson', FILE_LAYOUT='RECORD', KEY_FORMAT='KAFKA',"
           " VALUE_FORMAT='JSON', DEAD_LETTER='letters');\n"
           f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv') AS SELECT id, v FROM s;\n"
           f"CREATE SINK other WITH (TYPE='csv', PATH='{where}/other.csv') AS SELECT id, v FROM s;\n")
    weir_sql(where, sql, "--until-end")
    found = [r for r in letters(where) if r["offset"] == "7"]
    assert len(found) == 2 and len({r["query"] for r in found}) == 2 and len({r["id"] for r in found}) == 2, found
    assert all(r["k"] == hexed(b'"x"') and json.loads(bytes.fromhex(r["body"])) == {"v": 2} for r in found), found
    assert all(r["own"] == "mine" for r in found), found


def test_dead_letters_wait_for_nobody_to_forget_them(where):
    """errors.max bounds what is kept; all of it is in the topic before it gives way."""
    write(where, [f"bad {i}" for i in range(25)])
    sql = "SET 'errors.max'='10';\n" + from_file(where, "v INT", ", DEAD_LETTER='letters'")
    _, err = weir_sql(where, sql, "--until-end")
    assert "25 bad record kept, 15 kept record given up beyond errors.max" in err, err
    assert [r["body"] for r in letters(where)] == [hexed(b"bad %d" % i) for i in range(25)]
    kept = [line.split()[1] for line in errors(where, "list")[0].splitlines() if line.startswith("SINK_OUT_2")]
    assert kept == [str(i) for i in range(15, 25)], kept


def test_a_dead_letter_after_a_crash_has_its_id(where):
    """Killed when letters are written and nobody knows: they are there again, under the same ids. Killed before: they are there."""
    bad = ["{", "bad"]
    for point, times in (("outbox.dead_letter", 2), ("epoch.after_apply:2", 1), ("epoch.before_told:1", 1)):
        place = f"{where}/{point}"
        os.mkdir(place)
        write(place, ['{"v":1}', *bad])
        sql = from_file(place, "v INT", ", DEAD_LETTER='letters'")
        with open(place + "/pipeline.sql", "w", encoding="utf-8") as f:
            f.write(sql)
        faulty("run", place + "/pipeline.sql", "--data", place + "/state", "--until-end",
               fault=point + ("" if ":" in point else ":1") + ":crash")
        weir_sql(place, sql, "--until-end")
        found = letters(place)
        assert [r["body"] for r in found] == [hexed(b.encode()) for b in bad] * times, (point, found)
        assert [r["id"] for r in found] == [r["id"] for r in found[:2]] * times, (point, found)
        assert values(place) == ["1"], point


def test_bad_keys(where):
    """A key that cannot be read is a bad record too; a table's row needs one."""
    write(where, [record(0, {"v": 1}, {"id": 1}), record(1, {"v": 2}, {"id": "x"}), record(2, {"v": 3}),
                  record(3, {"v": 4}, {"id": 2})])
    weir_sql(where, f"CREATE TABLE s (id INT PRIMARY KEY, w INT PRIMARY KEY, v INT) WITH (FILE='{where}/in.ndjson',"
             " FILE_LAYOUT='RECORD', FORMAT='JSON');\n"
             f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv') AS SELECT id, w, v FROM s;\n", "--until-end")
    assert sorted(values(where)) == ["1", "4"]
    out, _ = errors(where, "list")
    assert "0:1 " in out and "0:2 " in out and "0:3 " not in out, out


def test_bytes_that_are_no_text(where):
    with open(where + "/in.ndjson", "wb") as f:
        f.write(b'{"v":\xff\x00\x07}\n')
    weir_sql(where, from_file(where, "v INT", ""), "--until-end")
    out, _ = errors(where, "show", "SINK_OUT_2", "0")
    assert "value      9 bytes\n    00000000  7b 22 76 22 3a ff 00 07 7d " in out and "{\"v\":...}" in out, out
    out, _ = weir("run", "-e", "SHOW ERRORS;", "--data", where + "/state")
    assert "{\"v\":\\xff\\x00\\x07}" in out, out


def test_at_most_errors_max(where):
    """The oldest give way, are counted, and the numbers go on."""
    write(where, [f"bad {i}" for i in range(25)])
    sql = "SET 'errors.max'='10';\n" + from_file(where, "v INT", "")
    _, err = weir_sql(where, sql, "--until-end")
    assert "25 bad record kept, 15 kept record given up beyond errors.max" in err, err
    out, _ = errors(where, "list")
    kept = [line.split()[1] for line in out.splitlines() if line.startswith("SINK_OUT_2")]
    assert kept == [str(i) for i in range(15, 25)], out
    write(where, ["bad 25"], "a")
    _, err = weir_sql(where, sql, "--until-end")
    assert "dropped rows: 1 bad record kept, 1 kept record given up" in err, err
    out, _ = errors(where, "list")
    kept = [line.split()[1] for line in out.splitlines() if line.startswith("SINK_OUT_2")]
    assert kept == [str(i) for i in range(16, 26)], out


def test_reasons_are_counted(where):
    """Late, null key, null value, null join key: each dropped row under its reason, over restarts, once."""
    write(where, [record(0, {"k": "a", "t": 1000}), record(1, {"k": None, "t": 1000}), record(2, {"k": "a", "t": 90000}),
                  record(3, {"k": "a", "t": 2000}), record(4, None), record(5, [1])])
    sql = (f"CREATE STREAM s (k STRING, t BIGINT) WITH (FILE='{where}/in.ndjson', FILE_LAYOUT='RECORD',"
           " VALUE_FORMAT='JSON', TIMESTAMP='t');\n"
           "CREATE TABLE names (k STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='names', FORMAT='JSON', PARTITIONS=1);\n"
           f"CREATE SINK n WITH (TYPE='csv', PATH='{where}/n.csv') AS\n"
           "  SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY k;\n"
           f"CREATE SINK j WITH (TYPE='csv', PATH='{where}/j.csv', MODE='APPEND') AS\n"
           "  SELECT s.k, name FROM s JOIN names ON s.k = names.k;\n")
    _, err = weir_sql(where, sql, "--until-end")
    grouped = next(line for line in err.splitlines() if "query SINK_N" in line)
    joined = next(line for line in err.splitlines() if "query SINK_J" in line)
    assert "1 bad record kept, 1 late, 1 null key, 1 null value" in grouped, err
    assert "1 bad record kept, 1 null join key, 1 null value" in joined, err
    _, err = weir_sql(where, sql, "--until-end")
    assert "dropped" not in err, err
    out, _ = weir("run", "-e", "SHOW QUERIES; EXPLAIN SINK_N_3;", "--data", where + "/state")
    assert "1 bad record kept, 1 late, 1 null key, 1 null value" in out, out
    assert "dropped: 1 bad record kept" in out, out


def bad_then_mended(where):
    write(where, ['{"v":1}', '{"v":"two"}', '{"v":3}', "{"])
    weir_sql(where, from_file(where, "v INT", ""), "--until-end")


def test_replay_of_what_is_bad_still(where):
    bad_then_mended(where)
    _, err = errors(where, "replay", status=4)
    assert "SINK_OUT_2 0 stays: " in err and "SINK_OUT_2 1 stays: " in err and "0 of 2 records" in err, err
    assert values(where) == ["1", "3"]
    assert errors(where, "list")[0].count("SINK_OUT_2") == 2


def kept_then_mended(where):
    """Two bad records; then the query takes another column, so that one of them can be read: v is not looked at any more."""
    sql = ("CREATE STREAM raw (line STRING) WITH (KAFKA_TOPIC='in', VALUE_FORMAT='KAFKA', PARTITIONS=1);\n"
           "CREATE STREAM s (id INT, v INT) WITH (KAFKA_TOPIC='in', VALUE_FORMAT='JSON');\n"
           "INSERT INTO raw (line) VALUES ('{\"id\":1,\"v\":10}');\nINSERT INTO raw (line) VALUES ('{\"id\":2,\"v\":\"x\"}');\n"
           "INSERT INTO raw (line) VALUES ('{');\nINSERT INTO raw (line) VALUES ('{\"id\":4,\"v\":40}');\n"
           "CREATE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON') AS SELECT id, v FROM s;\n"
           f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv', MODE='APPEND') AS SELECT id AS v FROM o;\n"
           f"CREATE SINK n WITH (TYPE='csv', PATH='{where}/n.csv') AS SELECT 1 AS one, COUNT(*) AS n FROM o GROUP BY 1;\n")
    weir_sql(where, sql, "--until-end")
    assert values(where) == ["1", "4"]
    weir("run", "-e", "CREATE OR REPLACE STREAM o WITH (KAFKA_TOPIC='o', VALUE_FORMAT='JSON') AS"
         " SELECT id, CAST(NULL AS INT) AS v FROM s;", "--data", where + "/state", "--until-end")


def check_replayed(where):
    assert values(where) == ["1", "4", "2"], values(where)
    assert [r["n"] for r in harness.read_csv(where + "/n.csv")] == ["3"]
    out, _ = errors(where, "list")
    assert "0:2 " in out and "0:1 " not in out, out


def test_replay(where):
    """What can be read now goes on to the sinks and is no error any more; the other stays."""
    kept_then_mended(where)
    _, err = errors(where, "replay", status=4)
    assert "1 stays: " in err and "1 of 2 records" in err, err
    check_replayed(where)
    _, err = errors(where, "replay", status=4)
    assert "0 of 1 records" in err, err
    check_replayed(where)


def test_replay_by_number(where):
    kept_then_mended(where)
    query = errors(where, "list")[0].splitlines()[-1].split()[0]
    errors(where, "replay", query, "1", status=4)
    assert values(where) == ["1", "4"]
    _, err = errors(where, "replay", query.lower(), "0")
    assert "1 of 1 records" in err, err
    check_replayed(where)


def test_replay_counts_once_whatever_crashes(where):
    """Killed around the commit that the replayed row belongs to, and asked again: it is there once."""
    for point in ("epoch.before_mark", "epoch.after_mark", "epoch.before_apply", "epoch.after_apply"):
        for count in (1, 2, 3):
            place = f"{where}/{point}-{count}"
            os.mkdir(place)
            kept_then_mended(place)
            faulty("errors", "replay", "--data", place + "/state", fault=f"{point}:{count}:crash")
            errors(place, "replay", status=None)
            check_replayed(place)


def faulty(*words, fault):
    if not os.path.exists(harness.ASAN):
        raise harness.Skip("build/asan/weir is not there")
    subprocess.run([harness.ASAN, *words], env={**os.environ, "WEIR_FAULT": fault}, capture_output=True, timeout=120)


def test_words_of_errors(where):
    """Wrong words are usage; what is not there is said."""
    bad_then_mended(where)
    assert "weir errors list" in weir("errors", status=2)[1]
    assert "weir errors list" in errors(where, "lst", status=2)[1]
    assert "weir errors list" in errors(where, "show", "SINK_OUT_2", status=2)[1]
    assert "weir errors list" in errors(where, "replay", "SINK_OUT_2", "one", status=2)[1]
    assert "no such record" in errors(where, "show", "SINK_OUT_2", "77", status=1)[1]
    assert "no such records" in errors(where, "replay", "SINK_OUT_2", "77", status=1)[1]
    assert "no bad records" in errors(where, "list", "ELSE")[1]
    assert "there is no option" in errors(where, "list", "--all", status=2)[1]


if __name__ == "__main__":
    harness.main()
