#!/usr/bin/env python3
"""BACKUP TO while queries run, weir restore, weir check: a restored directory goes on as after a crash; damage is found."""
import json
import os
import random
import shutil
import sqlite3
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from harness import weir
from serve import Server

ROWS = 4000


def rows(start, end):
    return "".join(json.dumps({"id": i, "k": f"k{i % 7}", "v": i}) + "\n" for i in range(start, end))


def write_sql(where, follow):
    """Appended CSV, CSV table and SQLite behind a topic of ours, which a query fills from a file."""
    follow = ", FILE_FOLLOW='true'" if follow else ""
    name = f"{where}/pipeline.sql"
    with open(name, "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (id INT KEY, k STRING, v BIGINT) WITH (FILE='{where}/in.ndjson', FORMAT='JSON'{follow});\n"
                "CREATE STREAM c WITH (KAFKA_TOPIC='c', FORMAT='JSON') AS SELECT id, k, v FROM s;\n"
                f"CREATE SINK every WITH (TYPE='csv', PATH='{where}/every.csv', MODE='APPEND') AS SELECT id FROM c;\n"
                f"CREATE SINK sums WITH (TYPE='csv', PATH='{where}/sums.csv') AS\n"
                "  SELECT k, COUNT(*) AS n, SUM(v) AS total FROM c GROUP BY k;\n"
                f"CREATE SINK lite WITH (TYPE='sqlite', DATABASE='{where}/out.db', TABLE='sums') AS\n"
                "  SELECT k, COUNT(*) AS n, SUM(v) AS total FROM c GROUP BY k;\n")
    return name


def run_to_end(where, data):
    return weir("run", write_sql(where, False), "--data", data, "--until-end")


def check_results(where, what):
    got = [int(r["id"]) for r in harness.read_csv(where + "/every.csv")]
    assert got == list(range(ROWS)), f"{what}: {len(got)} rows, {len(set(got))} different"
    want = [(f"k{k}", len(range(k, ROWS, 7)), sum(range(k, ROWS, 7))) for k in range(7)]
    sums = sorted((r["k"], int(r["n"]), int(r["total"])) for r in harness.read_csv(where + "/sums.csv"))
    assert sums == want, f"{what}: {sums}"
    with sqlite3.connect(where + "/out.db") as db:
        assert sorted(db.execute("SELECT k, n, total FROM sums")) == want, what


def test_backups_of_a_running_engine(where):
    """Backups at moments while rows pass: each restored one ends with the same results as the original, and neither disturbs the
    other at its sinks."""
    backups = [f"{where}/b{i}" for i in range(4)]
    open(where + "/in.ndjson", "w").close()

    def feed():
        for at in range(0, ROWS, 40):
            with open(where + "/in.ndjson", "a", encoding="utf-8") as f:
                f.write(rows(at, at + 40))
            time.sleep(0.01)
    with Server(where, write_sql(where, True)) as server:
        feeder = threading.Thread(target=feed)
        feeder.start()
        for b in backups:
            answer = server.ksql(f"BACKUP TO '{b}';")
            assert "Backed up" in json.dumps(answer), answer
            time.sleep(0.25)
        feeder.join()
        harness.until("all rows", 60, lambda: len(harness.read_csv_so_far(where + "/every.csv")) == ROWS)
    check_results(where, "the original")
    for i, b in enumerate(backups):
        weir("check", b)
        weir("restore", b, "--data", f"{where}/r{i}")
        restored_to_end(where, f"{where}/r{i}")
        check_results(where, f"restored from {b}")
    restored_to_end(where, where + "/state")        # the original goes on as well
    check_results(where, "the original again")


def restored_to_end(where, data):
    weir("run", write_sql(where, True), "--data", data, "--until-caught-up")


def made(where):
    """A data directory with something in every part."""
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write(rows(0, ROWS))
    run_to_end(where, where + "/state")
    return where + "/state"


def test_backup_by_statement(where):
    data = made(where)
    out, err = weir("run", "-e", f"BACKUP TO '{where}/b';", "--data", data)
    assert "Backed up to" in out + err
    _, err = weir("run", "-e", f"BACKUP TO '{where}/b';", "--data", data, status=1)
    assert "not empty" in err and "line 1:11" in err, err
    _, err = weir("run", "-e", "SHOW QUERIES;", "--data", where + "/b", status=1)
    assert "is a backup" in err and "weir restore" in err, err
    _, err = weir("run", "-e", f"BACKUP TO '{where}/c';", status=1)
    assert "in memory" in err, err


def test_restore_refuses(where):
    data = made(where)
    assert "no finished backup" in weir("restore", data, "--data", where + "/n", status=1)[1]
    weir("run", "-e", f"BACKUP TO '{where}/b';", "--data", data)
    assert "not empty" in weir("restore", where + "/b", "--data", data, status=1)[1]
    with open(where + "/b/backup", "w") as f:
        f.write("weir backup 7\n")
    assert "does not know" in weir("restore", where + "/b", "--data", where + "/n", status=1)[1]
    assert not os.path.exists(where + "/n")
    assert "weir restore BACKUP" in weir("restore", where + "/b", status=2)[1]


def test_a_restore_that_was_cut_off(where):
    data = made(where)
    weir("run", "-e", f"BACKUP TO '{where}/b';", "--data", data)
    weir("restore", where + "/b", "--data", where + "/n")
    with open(where + "/n/backup", "w") as f:
        f.write("restoring\n")
    assert "did not come to its end" in weir("run", "-e", "SHOW QUERIES;", "--data", where + "/n", status=1)[1]


def test_check_of_what_is_whole(where):
    data = made(where)
    out, err = weir("check", data)
    assert "is whole: 5 statements, 4 queries" in out and f"with {ROWS} records" in out and err == "", (out, err)
    assert "is not a data directory" in weir("check", where + "/nothing", status=1)[1]
    assert "weir check DIR" in weir("check", status=2)[1]
    assert out == weir("check", "--data", data)[0]


def test_check_while_it_is_used(where):
    data = made(where)
    child = harness.start("run", where + "/pipeline.sql", "--data", data, log=where + "/log")
    try:
        harness.until("it runs", 60, lambda: "Ctrl-C" in open(where + "/log").read())
        _, err = weir("check", data, status=1)
        assert str(child.pid) in err or "in use" in err, err
    finally:
        child.kill()
        child.wait()


def flip(name, at):
    with open(name, "rb+") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 0x40]))


def files_of(data, folder, ending):
    return sorted(os.path.join(p, n) for p, _, names in os.walk(f"{data}/{folder}") for n in names if n.endswith(ending))


def test_flipped_bytes_are_found(where):
    """One byte changed in the state's files and log, in a topic's records, in the catalog: never called whole."""
    rng = random.Random(int(os.environ.get("SEED", random.randrange(10 ** 6))))
    data = made(where)
    # what RocksDB has in its log, and what in files, and records, and rows of the catalog
    places = [(n, None) for n in files_of(data, "state", ".log") + files_of(data, "state", ".sst") + files_of(data, "topics", ".log")
              if os.path.getsize(n) > 200]
    assert any(n.endswith(".sst") for n, _ in places) or any("/state/" in n for n, _ in places), places
    for name, _ in places:
        for _ in range(4):
            copy = where + "/copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(data, copy)
            inside = name.replace(data, copy)
            size = os.path.getsize(name)
            at = rng.randrange(size // 20, size // 2)
            flip(inside, at)
            out, err = weir("check", copy, status=None)
            assert "is whole" not in out and err.startswith("error: "), f"{inside} at {at} of {size}: {out}{err}"
            assert "hint" in err, err


def records_of(log):
    """Where each record of a log of RocksDB begins: blocks of 32 KiB; checksum 4, length 2, kind 1, bytes."""
    with open(log, "rb") as f:
        text = f.read()
    at = 0
    while at + 7 <= len(text):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        yield at
        at += 7 + int.from_bytes(text[at + 4:at + 6], "little")


def test_a_record_that_says_to_be_longer_than_the_log(where):
    """RocksDB takes it for one that a crash cut off, and would forget it and all behind it. One that was cut off is none."""
    data = made(where)
    log = max(files_of(data, "state", ".log"), key=os.path.getsize)
    at, size = list(records_of(log)), os.path.getsize(log)
    assert len(at) >= 5, at

    def check(change):
        copy = where + "/copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(data, copy)
        change(log.replace(data, copy))
        return weir("check", copy, status=None)
    for begin in at:
        out, err = check(lambda name, at=begin: flip(name, at + 5))
        assert "is whole" not in out and "has a wrong length" in err and "hint" in err, f"{begin} of {size}: {out}{err}"
    for end in range(at[-3] + 1, size, max(1, (size - at[-3]) // 12)):
        _, err = check(lambda name, end=end: os.truncate(name, end))
        assert "damaged" not in err, f"{end} of {size}: {err}"


def test_a_damaged_catalog(where):
    data = made(where)
    with open(data + "/weir.db", "rb+") as f:
        f.seek(2000)
        f.write(b"\x55" * 6000)
    _, err = weir("check", data, status=1)
    assert "weir.db" in err and "hint" in err, err


def test_a_write_that_was_cut_off(where):
    """The end of a log that a crash left half written is no damage."""
    data = made(where)
    log = files_of(data, "topics", ".log")[0]
    with open(log, "rb+") as f:
        f.truncate(os.path.getsize(log) - 5)
    out, err = weir("check", data)
    assert "is whole" in out and "behind the last whole record" in err, (out, err)


def insert_id(data):
    with sqlite3.connect(data + "/weir.db") as db:
        return db.execute("SELECT value FROM meta WHERE key = 'insert.id'").fetchone()


def test_a_restored_copy_inserts_under_another_name(where):
    """INSERT into Kafka is a transaction under the directory's name: two of one name would throw each other out."""
    data = made(where)
    for name in (None, "insert-x"):
        if name:
            with sqlite3.connect(data + "/weir.db") as db:
                db.execute("INSERT INTO meta VALUES ('insert.id', ?)", (name,))
        backup, copy = f"{where}/backup-{bool(name)}", f"{where}/copy-{bool(name)}"
        weir("run", "-e", f"BACKUP TO '{backup}';", "--data", data)
        weir("restore", backup, "--data", copy)
        found = insert_id(copy)
        assert insert_id(data) == (name and (name,)), insert_id(data)
        assert found is None if name is None else found[0].startswith("insert-") and found[0] != name, found
        weir("check", copy)


def test_formats_that_are_not_ours(where):
    data = made(where)
    with sqlite3.connect(data + "/weir.db") as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    for words in (("check", data), ("run", "-e", "SHOW QUERIES;", "--data", data)):
        _, err = weir(*words, status=1)
        assert "format 99" in err and "Use the version of weir that wrote it" in err, err


if __name__ == "__main__":
    harness.main()
