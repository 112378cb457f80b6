#!/usr/bin/env python3
"""The crash matrix: killed, and made to fail, at every named point, for every kind of sink and of query; then started again and compared
with a run that nothing disturbed. Nothing may be lost, nothing doubled; a repeated request, or mail, has the id and the text it had before.

A cell is a sink and a query. Its statements and its input come in two parts, so that what happens at a start, at CREATE, REPLACE, INSERT,
TERMINATE and DROP is passed as well; a run with WEIR_FAULT_REACHED tells which points a part passes and how often. Then for each point and
way (crash, fail), at its first pass and at a late one: the part with the fault, then the second or third part, which must end well, the results.
Points that only a recovery passes are tried in the recovery from another crash; large epochs are made by the point state.large.

tests/reliability/matrix.py --table writes the table of docs/reliability.md from what the last whole run left in build/reliability.
CELLS=kafka,sqlite/join,… tries only these; POINTS=epoch.* only these."""
import concurrent.futures
import fnmatch
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import kit
from kit import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests/e2e"))
import email_sink
import http_sink

SINKS = ("kafka", "log", "csv_append", "csv_table", "sqlite", "http", "email")
QUERIES = ("stateless", "windowed", "retract", "join")
WAYS = ("crash", "fail")
FIRST, ALL = 360, 540           # rows of the first part, of both
WORKERS = int(os.environ.get("WORKERS", 6))
RESULTS = os.path.join(harness.ROOT, "build/reliability/matrix.json")
# Old records beside a broker's new markers make it roll segments, and compact what the test wants to see.
BEGAN = (int(time.time()) // 3600 - 2) * 3600000
SETTINGS = ("commit.bytes=4096", "cache.max.bytes.buffering=0")

# What only some sinks pass; the others' cells are empty, not "never reached".
ONLY = (("kafka.*", "kafka"), ("sqlite.*", "sqlite"), ("csv.write", "csv_append csv_table"), ("csv_append.*", "csv_append"),
        ("csv_table.*", "csv_table"), ("outbox.*", "http email"), ("epoch.sink_ready", "kafka sqlite"), ("epoch.pending", "kafka sqlite"),
        ("epoch.decided", "kafka sqlite"), ("epoch.without_sink", "kafka sqlite"), ("epoch.at_start", "kafka sqlite"),
        ("epoch.open_at_start", "kafka sqlite"), ("state.before_decision", "kafka sqlite"), ("state.decision_written", "kafka sqlite"),
        ("state.file_ready", "kafka sqlite"), ("topics.*", "log csv_append csv_table sqlite http email"),
        ("epoch.after_mark", "log csv_append csv_table http email"), ("epoch.before_apply", "log csv_append csv_table http email"),
        ("journal.gone", "kafka log"), ("journal.dropped", "csv_append csv_table sqlite http email"),
        ("sink.snapshot", "csv_append http email"))
# In whose recovery points are passed that nothing else passes. Some need the first part, some the second.
BEFORE = ((0, "epoch.after_mark:2:crash"), (0, "epoch.pending:2:crash"), (0, "epoch.decided:2:crash"), (0, "insert.before_record:1:crash"),
          (0, "create.opened:2:crash"), (0, "outbox.acknowledged:3:crash"), (2, "drop.recorded:1:crash"))
LARGE = "state.large:1-:fail,sqlite.small:1-:fail"


def points():
    """name -> words, in the order of core/fault_points.h; without the counters."""
    with open(os.path.join(harness.ROOT, "core/fault_points.h"), encoding="utf-8") as f:
        found = re.findall(r'X\("([a-z_.]+)", "([^"]+)"\)', f.read())
    return {name: words for name, words in found if not name.startswith("io.")}


def concerns(point, sink):
    kinds = [where for pattern, where in ONLY if fnmatch.fnmatch(point, pattern)]
    return not kinds or sink in kinds[0].split()


# ------------------------------------------------------------ one cell

def lines(query, n):
    """name of the file -> its records, up to row n."""
    if query == "retract":
        out, rows = [], {}
        for i in range(n):
            key, rng = i * 7 % 60, kit.random.Random(i)
            old = rows.get(key)
            new = None if old and rng.random() < 0.2 else {"id": key, "k": f"k{rng.randrange(6)}", "v": rng.randrange(100)}
            rows[key] = new
            out.append({"before": old, "after": new, "op": "c" if not old else "u" if new else "d", "ts_ms": BEGAN + 1000 * i})
        return {"t": out}
    left = [{"id": i, "k": f"k{i % 5}", "v": i, "ts": BEGAN + 100 * i} for i in range(n)]
    return {"s": left, "r": [{"id": i, "w": i * 2, "ts": BEGAN + 100 * i + 50} for i in range(n) if i % 3]} if query == "join" else {"s": left}


SELECT = {
    "stateless": "SELECT id, k, v FROM s WHERE v <> 13",
    "windowed": "SELECT k, COUNT(*) AS n, SUM(v) AS total FROM s WINDOW TUMBLING (SIZE 4 SECONDS) GROUP BY k",
    "retract": "SELECT k, COUNT(*) AS n, SUM(v) AS total FROM t GROUP BY k",
    "join": "SELECT s.id AS id, s.k AS k, r.w AS w FROM s JOIN r WITHIN 1 HOURS ON s.id = r.id",
}
COLUMNS = {"stateless": ("id", "k", "v"), "windowed": ("k", "windowstart", "n", "total"), "retract": ("k", "n", "total"), "join": ("id", "k", "w")}
TABLE = ("windowed", "retract")


def terminate(where):
    """The statement that ends the side query; "" when it has ended."""
    with sqlite3.connect(where + "/state/weir.db") as db:
        found = db.execute("SELECT query_id FROM statement WHERE status = 'live' AND query_id LIKE 'CSAS_SIDE%' AND extra IS NULL").fetchall()
    db.close()
    return f"TERMINATE {found[0][0]};\n" if found else ""


class Cell:
    """A sink and a query, run in folders of their own with relative paths, so that a folder can be copied."""

    def __init__(self, sink, query):
        self.sink, self.query, self.name = sink, query, f"{sink}/{query}"
        self.side = query == "stateless"                # INSERT, TERMINATE and DROP are tried with one query
        self.program, self.broker = kit.faulty(), kit.broker() if sink == "kafka" else None

    def statement(self, replace=""):
        select, sink, query = SELECT[self.query], self.sink, self.query
        if query == "stateless" and sink in ("csv_table", "kafka", "log"):
            select += " PARTITION BY id"
        if query == "windowed":
            select += " EMIT FINAL"
        if sink in ("kafka", "log"):
            kind = "TABLE" if query in TABLE else "STREAM"
            return (f"CREATE {replace} {kind} out WITH (KAFKA_TOPIC='%(prefix)sout', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', "
                    f"PARTITIONS=1) AS\n  {select};\n")
        retry = "RETRY_BACKOFF_MS='5', RETRY_BACKOFF_MAX_MS='20'" + (", DEAD_LETTER='letters'" if query == "stateless" else "")
        options = {"csv_append": "TYPE='csv', PATH='out.csv', MODE='APPEND', ROTATE_BYTES='2000'" + (", OP_COLUMN='op'" if query == "retract" else ""),
                   "csv_table": "TYPE='csv', PATH='out.csv', MODE='TABLE'",
                   "sqlite": "TYPE='sqlite', DATABASE='out.db', TABLE='result'",
                   "http": f"TYPE='http', URL='%(url)s', BODY='ARRAY', BATCH_ROWS='20', ON_DELETE='SEND', {retry}",
                   "email": f"TYPE='email', SERVER='%(url)s', FROM='weir@example.org', SUBJECT='${{k}}', MAX_IN_FLIGHT='4', {retry}, "
                            f"TO='{'r${id}' if query == 'stateless' else 'all'}@example.org'"}[sink]
        if sink == "email" and query in ("stateless", "join"):
            select += " AND s.id %% 5 = 0" if "WHERE" in select else " WHERE s.id %% 5 = 0"         # a mail takes its time
        return f"CREATE {replace} SINK out WITH ({options}) AS\n  {select};\n"

    def statements(self):
        """The three parts."""
        form = "(%s) WITH (FILE='%s.ndjson', FORMAT='%s'%s);\n"
        sources = {"s": "CREATE STREAM s " + form % ("id INT, k STRING, v INT, ts BIGINT", "s", "JSON", ", TIMESTAMP='ts'"),
                   "r": "CREATE STREAM r " + form % ("id INT, w INT, ts BIGINT", "r", "JSON", ", TIMESTAMP='ts'"),
                   "t": "CREATE TABLE t " + form % ("id INT PRIMARY KEY, k STRING, v INT", "t", "DEBEZIUM", "")}
        first = "".join(sources[name] for name in lines(self.query, 1)) + self.statement()
        second = self.statement("OR REPLACE") if self.query in ("stateless", "retract") and self.sink in ("kafka", "log") else ""
        if self.side:
            topic = "KAFKA_TOPIC='%%(prefix)s%s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1"
            first += (f"CREATE STREAM notes (k STRING KEY, v INT) WITH ({topic % 'notes'});\nINSERT INTO notes VALUES ('a', 1);\n"
                      f"CREATE STREAM side WITH ({topic % 'side'}) AS SELECT k, v FROM notes;\n")
            second += f"INSERT INTO notes VALUES ('b', 2);\nCREATE OR REPLACE STREAM side WITH ({topic % 'side'}) AS SELECT k, v FROM notes;\n"
        return first, first + second, "%(terminate)sDROP STREAM side DELETE TOPIC;\n"

    def write(self, where, part, names):
        for name, rows in lines(self.query, FIRST if part == 0 else ALL).items():
            with open(f"{where}/{name}.ndjson", "w", encoding="utf-8") as f:
                f.write("".join(json.dumps(row) + "\n" for row in rows))
        with open(f"{where}/part{part}.sql", "w", encoding="utf-8") as f:
            f.write(self.statements()[part] % {**names, "terminate": terminate(where) if part == 2 else ""})
        # a file's statements are known by its path: the second part is the first one's file, grown
        shutil.copy(f"{where}/part{part}.sql", f"{where}/{'end' if part == 2 else 'pipeline'}.sql")

    def weir(self, where, part, fault=None, reached=None):
        name, until = ("end" if part == 2 else "pipeline") + ".sql", "--until-caught-up" if part == 0 else "--until-end"
        command = [self.program, "run", name, "--data", "state", until, *(w for s in SETTINGS for w in ("--set", s))]
        env = {**os.environ, "WEIR_FAULT": fault or "", **({"WEIR_FAULT_REACHED": reached} if reached else {}),
               "ASAN_OPTIONS": "detect_leaks=0"}
        if self.broker:
            command += ["--broker", self.broker]
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=90, cwd=where)
        return done.returncode, done.stdout[-1000:] + done.stderr[-3000:]

    def good(self, where, part, what):
        """Until it ends well: a statement that failed is given again."""
        status, words = self.weir(where, part)
        if part == 2 and status == 1 and "there is no" in words:        # it had been carried out
            return
        assert status == 0, f"{what}: exit {status}\n{words}"

    def parts(self):
        return (0, 1, 2) if self.side else (0, 1)

    # -------------------------------------------------------- results

    def results(self, where, names, endpoint):
        rows = {"kafka": self.kafka_rows, "log": self.log_rows, "http": lambda *_: self.http_rows(endpoint),
                "email": lambda *_: self.mail_rows(endpoint)}.get(self.sink, self.file_rows)(where, names)
        if self.query == "retract" and self.sink in ("kafka", "log", "csv_append", "http", "email"):
            keys = {}
            for key, row in rows:
                keys.setdefault(key, []).append(row)            # each key's changes in their order
            return keys
        return sorted(str(row) for _, row in rows)

    def kafka_rows(self, where, names):
        done = subprocess.run([os.path.join(harness.ROOT, "build/bench/bin/kit"), "dump", names["prefix"] + "out"], text=True, capture_output=True,
                              check=True, env={**os.environ, "BROKER": self.broker})
        return [line.split("\t", 1) for line in done.stdout.splitlines()]

    def log_rows(self, where, names):
        """The topic's records as a stream of texts."""
        with open(f"{where}/read.sql", "w", encoding="utf-8") as f:
            f.write(f"CREATE STREAM IF NOT EXISTS seen (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='{names['prefix']}out', KEY_FORMAT='KAFKA', "
                    "VALUE_FORMAT='KAFKA');\nSELECT k, v FROM seen EMIT CHANGES;\n")
        done = subprocess.run([self.program, "run", "read.sql", "--data", "state", "--until-end"], cwd=where, text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return [(row["k"], f"{row['k']} {row['v']}") for row in rows]

    def http_rows(self, endpoint):
        bodies, rows = {}, []
        for key, body in zip(endpoint.keys, endpoint.bodies):
            if key in bodies:
                assert bodies[key] == body, f"another body under the id {key}"
                continue
            bodies[key] = body
            rows += [(row.get("k"), json.dumps(row, sort_keys=True)) for row in body]
        return rows

    def mail_rows(self, server):
        mails = {}
        for mail in server.mails:
            assert mails.setdefault(mail.id, mail).data == mail.data, f"another mail under the id {mail.id}"
        return [(mail.subject, f"{mail.to} {mail.text}") for mail in mails.values()]

    def file_rows(self, where, names):
        if self.sink == "sqlite":
            with sqlite3.connect(where + "/out.db") as db:
                found = db.execute(f"SELECT {', '.join(COLUMNS[self.query])} FROM result").fetchall()
            db.close()
            return [(row[0], row) for row in found]
        found = []
        for name in sorted(glob.glob(where + "/out*.csv")):
            found += harness.read_csv(name)
        return [(row["k"], tuple(row.values())) for row in found]


def refuse_some(rows):
    """Requests are halved until what is refused is one row, which becomes a dead letter."""
    return 422 if any(row["id"] == 50 for row in rows) else 200


def endpoint(cell):
    """What takes the requests of a cell, refusing one; None: it makes none."""
    stateless = cell.query == "stateless"
    if cell.sink == "http":
        return http_sink.Endpoint(always=refuse_some if stateless else None)
    return email_sink.MailServer(bad=["r50@example.org"] if stateless else []) if cell.sink == "email" else None


class Trial:
    """A folder, and an endpoint where there is one, in which parts are run one after the other."""

    def __init__(self, cell, root):
        self.cell = cell
        self.where = tempfile.mkdtemp(prefix="cell-", dir=root)
        self.endpoint = endpoint(cell)
        self.names = {"prefix": kit.name("matrix") + "-" if cell.sink == "kafka" else "", "url": self.endpoint.url if self.endpoint else ""}

    def part(self, number, fault=None, reached=None):
        self.cell.write(self.where, number, self.names)
        return self.cell.weir(self.where, number, fault, reached)

    def good(self, number, what):
        self.cell.write(self.where, number, self.names)
        self.cell.good(self.where, number, what)

    def results(self):
        return self.cell.results(self.where, self.names, self.endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.endpoint:
            self.endpoint.close()
        if self.cell.broker:
            for name in ("out", "notes", "side"):
                subprocess.run([os.path.join(harness.ROOT, "build/bench/bin/kit"), "delete", self.names["prefix"] + name], capture_output=True,
                               env={**os.environ, "BROKER": self.cell.broker})
        shutil.rmtree(self.where, ignore_errors=True)


def read_reached(name):
    with open(name, encoding="utf-8") as f:
        return {p: int(n) for p, n in (line.split() for line in f) if not p.startswith("io.")}


def undisturbed(cell, root, always=None):
    """(results, per part: point -> passes)."""
    reached = []
    with Trial(cell, root) as t:
        for part in cell.parts():
            name = f"{t.where}/reached{part}"
            status, words = t.part(part, always, name)
            assert status == 0, f"{cell.name}, undisturbed, part {part}: exit {status}\n{words}"
            reached.append(read_reached(name))
        time.sleep(2 if cell.broker else 0)
        return t.results(), reached


def in_recovery(cell, root, part, before):
    """Points passed by the start behind a crash."""
    with Trial(cell, root) as t:
        for earlier in range(part):
            t.good(earlier, cell.name)
        if t.part(part, before)[0] != -9:
            return {}
        name = t.where + "/reached"
        t.part(part, None, name)
        return read_reached(name)


def trials(cell, root):
    """(part, before, always, point, turn): what is to be tried in a cell, and the undisturbed results."""
    expected, reached = undisturbed(cell, root)
    seen, out = set(), []
    for part, found in enumerate(reached):
        for point, passes in found.items():
            if point in seen and part and not point.startswith(("start.", "state.", "run.", "replace.", "journal.", "insert.", "catalog.", "topics.")):
                continue                        # a part's rows and epochs are like the first one's
            seen.add(point)
            out += [(part, None, "", point, turn) for turn in sorted({1, max(1, passes * 2 // 3)})]
    also, large = undisturbed(cell, root, LARGE)
    assert also == expected, f"{cell.name}: large epochs give other results"
    out += [(0, None, LARGE, p, max(1, n * 2 // 3)) for p, n in large[0].items() if p not in seen or p.startswith(("epoch.", "sqlite."))]
    seen |= set(large[0])
    for part, before in BEFORE:
        if part in cell.parts() and before.split(":")[0] in reached[part]:
            found = in_recovery(cell, root, part, before)
            out += [(part, before, "", p, 1) for p in found if p not in seen or p.startswith(("run.", "epoch.at", "state.f"))]
            seen |= set(found)
    found = in_recovery(cell, root, 0, LARGE + ",epoch.pending:2:crash")
    out += [(0, LARGE + ",epoch.pending:2:crash", "", p, 1) for p in found if p.startswith(("state.", "epoch.open"))]
    return expected, out


def try_one(cell, root, expected, trial, way):
    """None, or what went wrong."""
    part, before, always, point, turn = trial
    what = f"{cell.name} part {part} {before + ' then ' if before else ''}{point}:{turn}:{way}{' large' if always else ''}"
    try:
        with Trial(cell, root) as t:
            for earlier in range(part):
                t.good(earlier, what)
            if before:
                t.part(part, before)
            status, words = t.part(part, ",".join(filter(None, [f"{point}:{turn}:{way}", always])))
            assert status == 0 or (status == -9 if way == "crash" else 0 < status < 70), f"{what}: exit {status}\n{words}"
            t.good(max(part, 1), what)          # the second part has all of the first
            got = t.results()
            until = time.monotonic() + (10 if cell.broker else 0)
            while got != expected and time.monotonic() < until:     # a commit is definite before every partition shows it
                time.sleep(0.2)
                got = t.results()
            assert got == expected, f"{what}: {difference(got, expected)}"
    except (AssertionError, subprocess.TimeoutExpired, subprocess.CalledProcessError, OSError, sqlite3.Error) as error:
        return f"{what}: {error}"
    return None


def difference(got, expected):
    if isinstance(expected, dict):
        wrong = [k for k in {**got, **expected} if got.get(k) != expected.get(k)]
        return f"other changes of key {wrong[0]}: {got.get(wrong[0])} instead of {expected.get(wrong[0])}"
    lost, more = [r for r in expected if r not in got], [r for r in got if r not in expected]
    return f"{len(got)} rows instead of {len(expected)}; lost {lost[:3]}; too much {more[:3]}"


# ------------------------------------------------------------ the whole

def chosen_cells():
    wanted = [p if "/" in p else p + "/*" for p in os.environ.get("CELLS", "*/*").split(",")]
    return [(s, q) for s in SINKS for q in QUERIES if any(fnmatch.fnmatch(f"{s}/{q}", p) for p in wanted)]


def run_cell(pool, root, cell, choose, table):
    expected, todo = trials(cell, root)
    pattern = os.environ.get("POINTS", "*").split(",")
    todo = choose([(t, way) for t in todo for way in WAYS if any(fnmatch.fnmatch(t[3], p) for p in pattern)])
    faults = []
    for (trial, way), fault in zip(todo, pool.map(lambda x: try_one(cell, root, expected, *x), todo)):
        tried = table.setdefault(trial[3], {}).setdefault(cell.name, {}).setdefault(way, [0, 0])
        tried[1 if fault else 0] += 1
        if fault:
            print("WRONG " + fault, flush=True)
            faults.append(fault)
    return faults, len(todo)


def run(where, cells, choose):
    table, faults, root, begun = {}, [], kit.scratch(where), time.monotonic()
    try:
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for sink, query in cells:
                found, n = run_cell(pool, root, Cell(sink, query), choose, table)
                faults += found
                print(f"  {sink}/{query}: {n} trials, {len(found)} wrong, {time.monotonic() - begun:.0f} s", flush=True)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return table, faults


def never(table):
    """What no trial of any query reached, by sink."""
    for point in points():
        for sink in SINKS:
            cells = [c for c in table.get(point, {}) if c.startswith(sink + "/")]
            if concerns(point, sink) and not cells:
                yield point, sink


# ------------------------------------------------------------ tests

def test_the_list_of_points_is_right(where):
    """core/fault_points.h has each point once, and every point of the code."""
    used, listed = set(), list(points())
    for name in glob.glob(os.path.join(harness.ROOT, "*/*.c")):
        with open(name, encoding="utf-8") as f:
            text = f.read()
        if not name.endswith(("/fault.c", "/fault_io.c")):
            used |= set(re.findall(r'\b(?:WR_FAULT|WR_FAULT_FAIL|fault)\("([a-z_.]+)"', text))
    used = {p for p in used if not p.startswith("io.")}
    assert len(listed) == len(set(listed)) >= 60, "a point is listed twice"
    assert used == set(listed), f"not listed: {used - set(listed)}; not in the code: {set(listed) - used}"


def test_cells(where):
    cells = chosen_cells()
    if kit.SAMPLE:
        rng, most = kit.rng("cells"), 12
        cells = [c for c in cells if c[0] != "kafka"]
        cells = [cells[i] for i in sorted(rng.sample(range(len(cells)), 2))]
        _, faults = run(where, cells, lambda todo: rng.sample(todo, min(most, len(todo))))
    else:
        if any(c[0] == "kafka" for c in cells):
            try:
                kit.broker()
            except harness.Skip as reason:
                print(f"  without Kafka: {reason}")
                cells = [c for c in cells if c[0] != "kafka"]
        table, faults = run(where, cells, lambda todo: todo)
        os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
        if "POINTS" not in os.environ:
            merge(table)
        for sink in SINKS:
            missed = [p for p, s in never(load()) if s == sink]
            if missed and any(c[0] == sink for c in cells) and "POINTS" not in os.environ:
                print(f"  never reached with {sink}: {' '.join(missed)}")
    assert not faults, f"{len(faults)} trials went wrong; the first:\n{faults[0]}"


# ------------------------------------------------------------ the table

def load():
    if not os.path.exists(RESULTS):
        return {}
    with open(RESULTS, encoding="utf-8") as f:
        return json.load(f)


def merge(table):
    """Cells that were tried now replace what an earlier run said of them."""
    old, now = load(), {c for cells in table.values() for c in cells}
    for cells in old.values():
        for cell in now & set(cells):
            del cells[cell]
    for point, cells in table.items():
        old.setdefault(point, {}).update(cells)
    with open(RESULTS, "w", encoding="utf-8") as f:
        json.dump(old, f, indent=1)


def entry(table, point, sink):
    if not concerns(point, sink):
        return ""
    found = [ways for cell, ways in table.get(point, {}).items() if cell.startswith(sink + "/")]
    good = [sum(w.get(way, (0, 0))[0] for w in found) for way in WAYS]
    bad = sum(counts[1] for w in found for counts in w.values())
    if not found:
        return "never"
    return f"{good[0]} + {good[1]}" + (f", **{bad} wrong**" if bad else "")


def markdown(table):
    yield "| point | what is about to happen, or has | " + " | ".join(SINKS) + " |"
    yield "| --- | --- |" + " --- |" * len(SINKS)
    for point, words in points().items():
        yield f"| `{point}` | {words} | " + " | ".join(entry(table, point, s) for s in SINKS) + " |"


def write_table():
    name = os.path.join(harness.ROOT, "docs/reliability.md")
    with open(name, encoding="utf-8") as f:
        text = f.read()
    head, rest = text.split("<!-- matrix -->\n", 1)
    tail = rest.split("<!-- end of matrix -->", 1)[1]
    with open(name, "w", encoding="utf-8") as f:
        f.write(head + "<!-- matrix -->\n" + "\n".join(markdown(load())) + "\n<!-- end of matrix -->" + tail)


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        write_table()
    else:
        kit.main()
