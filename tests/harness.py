"""What test scripts in Python share: running weir, comparing tables, counting.

A script defines functions test_*, each with one argument, an empty directory of its own, and ends with
    if __name__ == "__main__": harness.main()
They run in the order of the file; an assertion or an error fails one. harness.Skip skips one, with the reason.
Arguments name tests to run (shell patterns). WEIR names another program than build/release/weir.
"""
import csv
import fnmatch
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
WEIR = os.path.abspath(os.environ.get("WEIR", os.path.join(ROOT, "build/release/weir")))
ASAN = os.path.join(ROOT, "build/asan/weir")


class Skip(Exception):
    pass


# ------------------------------------------------------------------- weir

def weir(*arguments, status=0, timeout=120, stdin="", program=WEIR, cwd=ROOT):
    """Runs weir; (stdout, stderr). Another exit status than `status` (None: any) fails the test."""
    done = subprocess.run([program, *arguments], input=stdin, text=True, capture_output=True, timeout=timeout, cwd=cwd)
    if status is not None and done.returncode != status:
        raise AssertionError(f"weir {' '.join(arguments)}\nexit status {done.returncode} instead of {status}\n"
                             f"{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout, done.stderr


def weir_sql(where, sql, *arguments, **more):
    """Runs a text of statements from a file in the directory `where`, state beside it."""
    name = os.path.join(where, "pipeline.sql")
    with open(name, "w", encoding="utf-8") as f:
        f.write(sql)
    return weir("run", name, "--data", os.path.join(where, "state"), *arguments, **more)


def start(*arguments, log, program=WEIR, env=None):
    """Starts weir in the background, its words in the file log."""
    with open(log, "ab") as f:
        return subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=f, stderr=f, cwd=ROOT,
                                env={**os.environ, **(env or {})})


def until(what, seconds, ready):
    """Waits until ready() is true and returns it. The bound is there for what never comes, so it is generous: what must be
    quick is measured otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


reserved = []


def free_port():
    """A port for a server that a test starts, now or again later. A socket that does not listen keeps it from everybody who
    asks for a free one; servers set SO_REUSEADDR and may have it all the same."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    reserved.append(s)
    return s.getsockname()[1]


# ----------------------------------------------------------------- tables

def read_csv(name):
    """Rows as dicts with lower-case names; None for NULL (an empty field), "" for an empty text."""
    with open(name, encoding="utf-8", newline="") as f:
        return rows_of_csv(f.read(), name)


def read_csv_so_far(name):
    """Of a file that is being written: its whole lines (of texts without line ends); none while it is not there."""
    try:
        with open(name, encoding="utf-8", errors="replace", newline="") as f:
            text = f.read()
    except FileNotFoundError:
        return []
    return rows_of_csv(text[:text.rfind("\n") + 1], name)


def rows_of_csv(text, name):
    records, header = split_csv(text), None
    rows = []
    for record in records:
        if header is None:
            header = [c.lower() for c in record]
        else:
            assert len(record) == len(header), f"{name}: {record}"
            rows.append(dict(zip(header, record)))
    return rows


def split_csv(text):
    """RFC 4180, with None for a field that is empty and not quoted. Python's csv module does not tell the two."""
    records, record, field, quoted, i = [], [], "", False, 0
    was_quoted = False
    while i < len(text):
        c = text[i]
        if quoted:
            if c == '"' and text[i + 1:i + 2] == '"':
                field, i = field + c, i + 1
            elif c == '"':
                quoted = False
            else:
                field += c
        elif c == '"':
            quoted = was_quoted = True
        elif c in ",\n":
            field = field[:-1] if c == "\n" and field.endswith("\r") and not was_quoted else field
            record.append(field if field or was_quoted else None)
            field, was_quoted = "", False
            if c == "\n":
                records.append(record)
                record = []
        elif c != "\r" or was_quoted is False:
            field += c
        i += 1
    assert not record and not field, "the last line has no end"
    return records


def same_rows(found, expected, key, what="rows"):
    """Fails with the first differences when two lists of dicts differ as tables with that key (order is free)."""
    def index(rows, side):
        out = {}
        for row in rows:
            at = tuple(row[k] for k in key)
            assert at not in out, f"{what}: key {at} twice among the {side}"
            out[at] = row
        return out
    have, want = index(found, "rows found"), index(expected, "rows expected")
    wrong = [f"missing: {want[k]}" for k in want if k not in have]
    wrong += [f"too much: {have[k]}" for k in have if k not in want]
    wrong += [f"found:    {have[k]}\nexpected: {want[k]}" for k in want if k in have and have[k] != want[k]]
    assert not wrong, f"{what}: {len(wrong)} of {len(want)} differ\n" + "\n".join(wrong[:5])


def columns(rows, *names):
    return [{n: row[n] for n in names} for row in rows]


# ------------------------------------------------------------------- main

def run_one(name, function):
    where = tempfile.mkdtemp(prefix="weir-test-")
    try:
        begun = time.monotonic()
        function(where)
        print(f"ok      {name}  {time.monotonic() - begun:.1f} s", flush=True)
        return 0
    except Skip as reason:
        print(f"skipped {name}: {reason}", flush=True)
        return 2
    except Exception as error:                  # whatever a test trips over is its failure, and the next one runs
        words = error.read().decode(errors="replace") if hasattr(error, "read") else ""
        words = words or str(error) if isinstance(error, (AssertionError, subprocess.TimeoutExpired)) else words
        print(f"FAILED  {name}\n{words or traceback.format_exc()}", flush=True)
        if isinstance(error, AssertionError) and not words:
            traceback.print_exc(file=sys.stdout)
        return 1
    finally:
        shutil.rmtree(where, ignore_errors=True)


def main():
    script = sys.modules["__main__"]
    tests = [(n, f) for n, f in vars(script).items() if n.startswith("test_")]
    wanted = [(n, f) for n, f in tests if not sys.argv[1:] or any(fnmatch.fnmatch(n, p) for p in sys.argv[1:])]
    counts = [0, 0, 0]
    for name, function in wanted:
        counts[run_one(name, function)] += 1
    print(f"{counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
    sys.exit(1 if counts[1] else 0)
