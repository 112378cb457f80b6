#!/usr/bin/env python3
"""The disk is full at fifty random moments, in three ways: writes that fail with ENOSPC for a while (fault points), a limit on the size of files
(RLIMIT_FSIZE), and, where root may mount one, a small tmpfs. Weir must say so, roll back, damage nothing, and go on when there is space again.
"""
import concurrent.futures
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import time

import kit
from kit import harness

ROWS, MOMENTS = 6000, 50
WORKERS = int(os.environ.get("WORKERS", 4))
STATEMENTS = """
CREATE STREAM s (id INT, k STRING) WITH (FILE='%(input)s', FORMAT='JSON');
CREATE STREAM copied WITH (KAFKA_TOPIC='copied', FORMAT='JSON') AS SELECT id, k FROM s;
CREATE SINK every WITH (TYPE='csv', PATH='%(out)s/every.csv', MODE='APPEND') AS SELECT id FROM copied;
CREATE SINK counts WITH (TYPE='csv', PATH='%(out)s/counts.csv', MODE='TABLE') AS SELECT k, COUNT(*) AS n, SUM(id) AS total FROM copied GROUP BY k;
CREATE SINK kept WITH (TYPE='sqlite', DATABASE='%(out)s/out.db', TABLE='kept') AS SELECT id, k FROM copied;
"""
FULL = ("No space left", "disk is full", "File too large", "disk I/O error")


def prepare(where):
    """The input lies elsewhere than what is written."""
    os.makedirs(where + "/out", exist_ok=True)
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write("".join(json.dumps({"id": i, "k": f"k{i % 50}"}) + "\n" for i in range(ROWS)))
    with open(where + "/pipeline.sql", "w", encoding="utf-8") as f:
        f.write(STATEMENTS % {"input": where + "/in.ndjson", "out": where + "/out"})


def command(where):
    return [kit.faulty(), "run", where + "/pipeline.sql", "--data", where + "/out/state", "--until-end", "--set", "commit.bytes=32768"]


def environment(fault=""):
    return {**os.environ, "WEIR_FAULT": fault, "ASAN_OPTIONS": "detect_leaks=0"}


def check(where, what):
    got = [int(r["id"]) for r in harness.read_csv(where + "/out/every.csv")]
    assert got == list(range(ROWS)), f"{what}: {len(got)} rows appended, {len(set(got))} different"
    counts = {r["k"]: (int(r["n"]), int(r["total"])) for r in harness.read_csv(where + "/out/counts.csv")}
    assert counts == {f"k{k}": (ROWS // 50, sum(range(k, ROWS, 50))) for k in range(50)}, f"{what}: wrong counts"
    with sqlite3.connect(where + "/out/out.db") as db:
        kept = [r[0] for r in db.execute("SELECT id FROM kept ORDER BY id")]
    db.close()
    assert kept == list(range(ROWS)), f"{what}: {len(kept)} rows in the database, {len(set(kept))} different"
    done = subprocess.run([kit.faulty(), "check", where + "/out/state"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 or "no command check" in done.stderr, f"{what}: {done.stdout}{done.stderr}"


def finish(where, status, words, what):
    """It may have ended with a clean error, or with 70; then it must be right at the next start."""
    assert status in (0, 1, 70), f"{what}: exit {status}\n{words[-2000:]}"
    assert status == 0 or any(w in words for w in FULL), f"{what}: exit {status} does not say why\n{words[-2000:]}"
    if status:
        done = subprocess.run(command(where), env=environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{what}: exit {status}, then {done.returncode}\n{done.stderr[-2000:]}"
    check(where, what)
    return status


def start(where, limit=None):
    """In the background; (process, name of the file with its words)."""
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    with open(where + "/words", "w", encoding="utf-8") as f:
        return subprocess.Popen(command(where), stdin=subprocess.DEVNULL, stdout=f, stderr=f, env=environment(), preexec_fn=limited if limit else None)


def words_of(where):
    with open(where + "/words", encoding="utf-8") as f:
        return f.read()


def wait_for_trouble(where, child, seconds=20):
    """Until it says that the disk is full, or ends."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and child.poll() is None and not any(w in words_of(where) for w in FULL):
        time.sleep(0.05)


def moments(name, whole, sample):
    return range(sample if kit.SAMPLE else whole), kit.rng(name)


def each(where, n, one):
    """Runs one(folder, number) n times beside each other; fails with what went wrong."""
    root = kit.scratch(where)

    def safely(i):
        folder = f"{root}/{i}"
        os.makedirs(folder)
        try:
            return one(folder, i), None
        except (AssertionError, subprocess.TimeoutExpired, OSError, sqlite3.Error) as error:
            return None, str(error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    try:
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            results = list(pool.map(safely, n))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    wrong = [w for _, w in results if w]
    ended = [s for s, _ in results]
    print(f"  went on by itself {ended.count(0)}, ended with its reason {ended.count(1)}, with 70 {ended.count(70)}", flush=True)
    assert not wrong, f"{len(wrong)} of {len(results)} wrong; the first: {wrong[0]}"


def test_writes_fail_for_a_while(where):
    n, rng = moments("fault", MOMENTS, 3)
    spans = [(rng.randrange(20, 500), rng.choice((1, 3, 10, 40))) for _ in n]

    def one(folder, i):
        at, length = spans[i]
        prepare(folder)
        done = subprocess.run(command(folder), env=environment(f"io.write:{at}-{at + length - 1}:enospc"), capture_output=True, text=True, timeout=120)
        return finish(folder, done.returncode, done.stdout + done.stderr, f"writes {at} to {at + length - 1} fail")
    each(where, n, one)


def test_files_may_not_grow(where):
    n, rng = moments("limit", MOMENTS, 2)
    limits = [rng.randrange(30, 300) << 10 for _ in n]

    def one(folder, i):
        prepare(folder)
        child = start(folder, limits[i])
        wait_for_trouble(folder, child)
        time.sleep(0.2)
        try:
            resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except ProcessLookupError:              # it has ended
            pass
        return finish(folder, child.wait(120), words_of(folder), f"files up to {limits[i] >> 10} KiB")
    each(where, n, one)


def mounted(folder):
    os.makedirs(folder, exist_ok=True)
    return os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "weir-test", folder], capture_output=True,
                                                check=False).returncode == 0


def test_a_small_disk(where):
    if not mounted(where + "/try"):
        raise harness.Skip("a tmpfs cannot be mounted here")
    subprocess.run(["umount", where + "/try"], check=True)
    n, rng = moments("tmpfs", MOMENTS, 2)
    room = [rng.randrange(0, 3000) << 10 for _ in n]

    def one(folder, i):
        assert mounted(folder + "/out"), "mount failed"
        try:
            prepare(folder)
            ballast = os.statvfs(folder + "/out")
            with open(folder + "/out/ballast", "wb") as f:
                f.write(b"x" * max(0, ballast.f_bavail * ballast.f_frsize - room[i]))
            child = start(folder)
            wait_for_trouble(folder, child)
            time.sleep(0.2)
            os.remove(folder + "/out/ballast")
            return finish(folder, child.wait(120), words_of(folder), f"a disk with {room[i] >> 10} KiB")
        finally:
            subprocess.run(["umount", "-l", folder + "/out"], check=False)
    each(where, n, one)


if __name__ == "__main__":
    kit.main()
