#!/usr/bin/env python3
"""Random pairs of changelog and query: the table that Weir ends with against SQLite's answer over the rows that are left (pairs.py).

  check_sqlite.py                   500 pairs
  check_sqlite.py --pairs 100000    more; --jobs 2: in two processes
  check_sqlite.py --seed 7          from another seed than a random one
  check_sqlite.py --seed 7 --only 42      changelog 42 of that seed alone, its files kept
  check_sqlite.py --world rocksdb   in one world instead of one after the other
  KIND=distinct check_sqlite.py     queries of one kind

A changelog has 20 queries, each of which is a pair with it; one run of Weir answers them. Every difference is printed with what repeats it.
"""
import argparse
import collections
import json
import multiprocessing
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import deeper
import queries
import pairs
from oracle import harness

EACH = 20
# how often, settings, whether state is kept (and the run ended and continued in the middle), where the rows go
WORLDS = {
    "memory": (30, "state.store=memory", False, "csv"),
    "batch_1": (10, "state.store=memory batch.rows=1", False, "csv"),
    "batch_7_every_change": (10, "state.store=memory batch.rows=7 cache.max.bytes.buffering=0", False, "csv"),
    "four_tasks": (8, "state.store=memory tasks=4 batch.rows=2 queue.bytes=1", False, "csv"),
    "rocksdb": (1, "batch.rows=7", True, "csv"),
    "rocksdb_commits": (1, "commit.interval.ms=1 tasks=4", True, "csv"),
    "sqlite": (4, "state.store=memory commit.interval.ms=5", False, "sqlite"),
    "sqlite_continued": (1, "batch.rows=7", True, "sqlite"),
    "truncates": (4, "state.store=memory tasks=1", False, "csv"),
    "truncates_continued": (1, "tasks=1 batch.rows=7", True, "csv"),
    "asked": (8, "state.store=memory", False, "stdout"),
}
KINDS = {name: (share, getattr(m, name)) for m in (queries, deeper) for name, share in m.KINDS.items()}
FIELD = re.compile(r'("(?:[^"]|"")*"|[^,\n]*)(,|\n)')


# ------------------------------------------------------------------- compare

def read_csv(name):
    """Rows as dicts; None for an empty field, "" for an empty text."""
    with open(name, encoding="utf-8", newline="") as f:
        text = f.read()
    rows, row = [], []
    for field, end in FIELD.findall(text):
        row.append(field[1:-1].replace('""', '"') if field[:1] == '"' else field or None)
        if end == "\n":
            rows.append(row)
            row = []
    return [dict(zip(rows[0], r)) for r in rows[1:]] if rows else []


def sorted_values(values):
    return sorted(values, key=lambda v: (v is not None, str(v)))


def wanted(value, kind):
    """SQLite's value in the form in which both are compared."""
    if value is None:
        return None
    if kind == "text":
        return str(value)
    if kind == "cents":
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"
    if kind in ("real", "near"):
        return float(value)
    if kind == "truth":
        return bool(value)
    values = json.loads(value)
    if kind.endswith("/cents"):
        values = [v if v is None else v / 100 for v in values]
    return sorted_values(values) if kind.startswith("bag") else values


def found(text, kind):
    """A field of Weir's CSV in the same form."""
    if text is None or kind in ("text", "cents"):
        return text
    if kind in ("real", "near"):
        return float(text)
    if kind == "truth":
        return {"true": True, "false": False, "1": True, "0": False, "True": True, "False": False}[str(text)]
    values = json.loads(text)
    return sorted_values(values) if kind.startswith("bag") else values


def same(a, b, kind):
    if kind == "near" and a is not None and b is not None:
        return a == b or (a != a and b != b) or abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1)
    return a == b


def differences(have, want, query):
    if query.ordered and have != want:
        return [f"found:    {have}\nexpected: {want}"]
    if query.keys is None:
        ways = [tuple(row[c] for c in query.kinds) for row in have], [tuple(row[c] for c in query.kinds) for row in want]
        have, want = (collections.Counter(w) for w in ways)
        return [f"too much: {r}" for r in (have - want).elements()] + [f"missing: {r}" for r in (want - have).elements()]
    tables = []
    for rows, side in ((have, "found"), (want, "expected")):
        table = {tuple(row[k] for k in query.keys): row for row in rows}
        if len(table) != len(rows):
            return [f"a key twice among the rows {side}: {rows}"]
        tables.append(table)
    have, want = tables
    return ([f"missing: {want[k]}" for k in want if k not in have] + [f"too much: {have[k]}" for k in have if k not in want] +
            [f"found:    {have[k]}\nexpected: {want[k]}" for k in want
             if k in have and not all(same(have[k][c], want[k][c], kind) for c, kind in query.kinds.items())])


# ----------------------------------------------------------------------- run

def ask_lite(db, query):
    if query.rows is not None:
        db.execute("DELETE FROM w_")
        db.executemany("INSERT INTO w_ VALUES (?, ?, ?)", query.rows)
    cursor = db.execute(query.lite)
    names = [c[0] for c in cursor.description]
    return [{n: wanted(v, query.kinds[n]) for n, v in zip(names, row)} for row in cursor]


def sink(where, i, query, to):
    """The statement that answers query i."""
    if to == "stdout":
        return f"SELECT 'q{i}' AS mark_ FROM mark_;\n{query.weir};\n"
    mode = "APPEND" if query.keys is None else "TABLE"
    place = f"TYPE='csv', PATH='{where}/q{i}.csv'" if to == "csv" else f"TYPE='sqlite', DATABASE='{where}/out.db', TABLE='q{i}'"
    return f"CREATE SINK q{i} WITH ({place}, MODE='{mode}') AS\n  {query.weir};\n"


def ask_weir(where, log, asked, settings, durable, to):
    """What Weir writes to its standard output."""
    sql = log.statements()
    if to == "stdout":
        with open(where + "/mark.ndjson", "w", encoding="utf-8") as f:
            f.write('{"x":1}\n')
        sql += f"CREATE STREAM mark_ (x INT) WITH (FILE='{where}/mark.ndjson', VALUE_FORMAT='JSON');\n"
    for i, (_, query) in enumerate(asked):
        sql += "".join(f"{s};\n" for s in query.before) + sink(where, i, query, to)
    with open(where + "/pipeline.sql", "w", encoding="utf-8") as f:
        f.write(sql)
    run = ["run", where + "/pipeline.sql", *(a for s in settings for a in ("--set", s))]
    if durable:
        run += ["--data", where + "/state"]
        while log.more():
            harness.weir(*run, "--until-caught-up")
            log.rest()
    return harness.weir(*run, "--until-end")[0]


def printed(text):
    """Query's number -> its rows, of the lines behind each mark."""
    rows = mine = {}
    for line in text.splitlines():
        if line[:1] != "{":
            continue
        row, values = json.loads(line, parse_int=str, parse_float=str), json.loads(line)
        if "mark_" in row:
            mine = rows[int(row["mark_"][1:])] = []
        else:
            mine.append({c: json.dumps(values[c]) if isinstance(v, (list, dict)) else v for c, v in row.items()})
    return rows


def answers(where, asked, text, to):
    """Each query's rows as dicts of texts."""
    if to == "csv":
        return [read_csv(f"{where}/q{i}.csv") for i in range(len(asked))]
    if to == "stdout":
        rows = printed(text)
        return [rows[i] for i in range(len(asked))]
    db = sqlite3.connect(where + "/out.db")
    db.row_factory = sqlite3.Row
    return [[{c: row[c] if row[c] is None else str(row[c]) for c in row.keys()} for row in db.execute(f"SELECT * FROM q{i}")]
            for i in range(len(asked))]


def make(log, rng):
    """A query of a random kind, and the kind's name. KIND=name: of that kind alone."""
    while True:
        kind = os.environ.get("KIND") or rng.choices(list(KINDS), [share for share, _ in KINDS.values()])[0]
        query = KINDS[kind][1](log, rng)
        unfit = {"stdout": "windowstart" in query.kinds, "sqlite": query.ranked, "csv": query.ranked and not query.keys}[log.to] if query else True
        if not unfit and (query.steady or log.in_one_go):
            return kind, query


def changelog(seed, number, world, where):
    """The differences that changelog `number` of the seed shows, as texts."""
    rng = random.Random(seed * 1000003 + number)
    world = world or rng.choices(list(WORLDS), [w[0] for w in WORLDS.values()])[0]
    _, settings, durable, to = WORLDS[world]
    log = pairs.Changelog(rng, where, durable, world.startswith("truncates"))
    log.in_one_go, log.to = not durable, to
    log.db = log.database()
    asked = [make(log, rng) for _ in range(EACH)]
    out = []
    try:
        rows = answers(where, asked, ask_weir(where, log, asked, settings.split(), durable, to), to)
    except Exception as error:
        return [f"changelog {number}, {world}: {error}"]
    for i, (kind, query) in enumerate(asked):
        want = ask_lite(log.db, query)
        have = [{c: found(row[c], k) for c, k in query.kinds.items()} for row in rows[i]]
        if "n" in query.kinds:
            have = [row for row in have if row["n"] != "0"]
        wrong = differences(have, want, query)
        if wrong:
            out.append(f"changelog {number}, {world}, query {i} ({kind}): {len(wrong)} differences\n{query.weir}\n{query.lite}\n"
                       + "\n".join(wrong[:4]) + f"\nagain: --seed {seed} --only {number}" + f" --world {world}")
    return out


def one(job):
    seed, number, world, keep = job
    memory = "/dev/shm" if os.path.isdir("/dev/shm") and not keep else None       # a pair is 50 small files: no disk need see them
    where = tempfile.mkdtemp(prefix="weir-pairs-", dir=memory)
    try:
        return changelog(seed, number, world, where)
    finally:
        if keep:
            print("files:", where)
        else:
            shutil.rmtree(where, ignore_errors=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--pairs", type=int, default=500)
    p.add_argument("--seed", type=int, default=random.randrange(10**6))
    p.add_argument("--only", type=int)
    p.add_argument("--world", choices=WORLDS)
    p.add_argument("--jobs", type=int, default=1)
    a = p.parse_args()
    numbers = range(-(-a.pairs // EACH)) if a.only is None else [a.only]
    jobs = [(a.seed, n, a.world, a.only is not None) for n in numbers]
    print(f"SEED={a.seed}", flush=True)
    begun, failed = time.monotonic(), 0
    with multiprocessing.Pool(a.jobs) as pool:
        for done, wrong in enumerate(pool.imap_unordered(one, jobs) if a.jobs > 1 else map(one, jobs), 1):
            failed += len(wrong)
            if done % 250 == 0 and a.pairs > 10000:
                print(f"{done * EACH} pairs, {failed} failed", flush=True)
            for text in wrong[:5]:
                print("FAILED", text, flush=True)
            if failed >= 100:
                break
    asked, seconds = len(jobs) * EACH, time.monotonic() - begun
    print(f"{asked / seconds:.0f} pairs a second")
    print(f"{asked - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
