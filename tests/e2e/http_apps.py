#!/usr/bin/env python3
"""HTTP sinks against real Flask and FastAPI applications that are overloaded, hang, hang up, ask for patience or are not there: all rows
arrive, in order per key, each request under one id, and memory stays as it is.

tests/reliability/endpoint.py does the same for as long as such things last.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

APPS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "apps")
PYTHON = "/usr/bin/python3"                     # the one that Debian's packages belong to
KEYS, LANES = 7, 4


class App:
    """flask or fastapi, on a port of its own. What it took is in its book, which outlives it."""

    def __init__(self, where, kind, running=True):
        needs = "flask" if kind == "flask" else "fastapi, uvicorn"
        if subprocess.run([PYTHON, "-c", f"import {needs}"], capture_output=True, check=False).returncode:
            raise harness.Skip(f"Debian's {needs} is not installed")
        self.kind, self.book, self.log, self.port = kind, f"{where}/{kind}.book", f"{where}/{kind}.log", harness.free_port()
        self.url, self.child = f"http://127.0.0.1:{self.port}", None
        open(self.book, "w", encoding="utf-8").close()
        if running:
            self.start()

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.child = subprocess.Popen([PYTHON, f"{APPS}/{self.kind}_rows.py", str(self.port), self.book], stdout=log, stderr=log)
        harness.until(f"{self.kind} answers", 60, self.stats)

    def stop(self):
        if self.child:
            self.child.kill()
            self.child.wait()
        self.child = None

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read()

    def stats(self):
        try:
            return json.loads(self.ask("/stats"))
        except OSError:
            return None

    def mode(self, mode):
        self.ask("/mode", {"mode": mode})

    def check(self, rows):
        """All rows, each key's in order; what came twice came under the same id. Returns how many requests came twice."""
        bodies, last, twice, count = {}, {}, 0, 0
        with open(self.book, encoding="utf-8") as f:
            for line in f:
                entry = json.loads(line)
                body = hash(json.dumps(entry["rows"]))
                if entry["id"] in bodies:
                    assert bodies[entry["id"]] == body, f"another body under the id {entry['id']}"
                    twice += 1
                    continue
                bodies[entry["id"]] = body
                for k, n in entry["rows"]:
                    expected = last.get(k, k - KEYS) + KEYS
                    assert n == expected, f"key {k}: {n} came where {expected} was next"
                    last[k], count = n, count + 1
        assert count == rows, f"{count} rows instead of {rows}"
        return twice


class Feeder:
    """Appends rows to a file, so many in a second, until it is told to finish."""

    def __init__(self, path, rate, most=10**9):
        self.path, self.rate, self.most, self.n, self.over = path, rate, most, 0, False
        self.file = open(path, "w", encoding="utf-8")
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        begun = time.monotonic()
        while not self.over and self.n < self.most:
            until = min(self.most, int((time.monotonic() - begun) * self.rate) + 1)
            self.file.write("".join(f'{{"k":{i % KEYS},"n":{i}}}\n' for i in range(self.n, until)))
            self.file.flush()
            self.n = max(self.n, until)
            time.sleep(0.02)

    def finish(self):
        self.over = True
        self.thread.join()
        self.file.close()
        return self.n

    def wait(self):
        self.thread.join()
        return self.finish()


class Weir:
    """A pipeline from the file to the application, in the background."""

    def __init__(self, where, app, source, more=""):
        self.log = where + "/weir.log"
        sql = where + "/pipeline.sql"
        with open(sql, "w", encoding="utf-8") as f:
            f.write(f"CREATE STREAM s (k INT, n INT) WITH (FILE='{source}', FILE_FOLLOW='true', FORMAT='JSON');\n"
                    f"CREATE SINK out WITH (TYPE='http', URL='{app.url}/rows', BODY='ARRAY', MAX_IN_FLIGHT={LANES}, TIMEOUT_MS=1000, "
                    f"RETRY_BACKOFF_MS=100, RETRY_BACKOFF_MAX_MS=2000{more}) AS SELECT k, n FROM s PARTITION BY k;\n")
        self.child = harness.start("run", sql, "--data", where + "/state", "--set", "memory=64m", log=self.log)

    def words(self):
        with open(self.log, encoding="utf-8") as f:
            return f.read()

    def rss_mb(self):
        with open(f"/proc/{self.child.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(60) == 0, self.words()[-3000:]


def written(app, rows):
    """The number of rows in the book, each request counted once, when it has them all, else None. Cheap: nothing is parsed."""
    with open(app.book, encoding="utf-8") as f:
        taken = {line.split('"', 4)[3]: line.count("],") + 1 for line in f if line.endswith("\n")}
    return sum(taken.values()) if sum(taken.values()) >= rows else None


def trouble(where, kind, mode, seconds, rate=2000):
    """The application makes trouble for so long while rows go on coming: (requests in vain, taken twice, how long it was in truth)."""
    app = App(where, kind)
    feeder = Feeder(where + "/in.ndjson", rate)
    weir = Weir(where, app, feeder.path)
    try:
        harness.until("a first request", 60, lambda: (app.stats() or {}).get("taken"))
        begun = time.monotonic()
        app.mode(mode)
        time.sleep(seconds)
        stats = harness.until("its figures", 60, app.stats)
        took = time.monotonic() - begun
        app.mode("ok")
        rows = feeder.finish()
        harness.until("all rows", 60 + seconds, lambda: written(app, rows))
        weir.end()
        twice = app.check(rows)
        assert stats["troubled"] > 0, "it made no trouble"
        print(f"        {kind}, {mode} for {seconds} s: {rows} rows, {stats['troubled']} requests in vain, {twice} taken twice", flush=True)
        return stats["troubled"], twice, took
    finally:
        weir.child.kill()
        app.stop()


def down(where, kind, rows, seconds, growth_mb):
    """It takes some rows, is gone while very many pass, and is back. Memory is that of the beginning, to so many MB."""
    app = App(where, kind)
    feeder = Feeder(where + "/in.ndjson", rows / seconds, rows)
    weir = Weir(where, app, feeder.path)
    try:
        harness.until("a first request", 60, lambda: (app.stats() or {}).get("taken"))
        app.stop()
        begun, samples = time.monotonic(), []
        while feeder.thread.is_alive():
            time.sleep(min(1, seconds / 20))
            samples.append((time.monotonic() - begun, weir.rss_mb()))
        feeder.wait()
        gone = len(samples)
        app.start()
        while not written(app, rows):
            assert time.monotonic() - begun < 120 + 3 * seconds, "not all rows came"
            time.sleep(min(1, seconds / 20))
            samples.append((time.monotonic() - begun, weir.rss_mb()))
        weir.end()
        twice = app.check(rows)
        early = max(mb for _, mb in samples[:max(2, len(samples) // 4)])
        late = max(mb for _, mb in samples[len(samples) // 4:])
        course = [f"{samples[i * (gone - 1) // 8][1]:.0f}" for i in range(9)]
        print(f"        {kind} down for {seconds} s: {rows} rows, {twice} requests taken twice; MB of memory while it was down: "
              f"{' '.join(course)}; at most {max(mb for _, mb in samples[gone:] or samples):.0f} while rows were delivered", flush=True)
        assert late - early < growth_mb, f"memory grew from {early:.1f} to {late:.1f} MB"
    finally:
        weir.child.kill()
        app.stop()


def test_flask_overloaded(where):
    assert trouble(where, "flask", "503", 2)[0] < 200, "that is no patience"


def test_fastapi_overloaded(where):
    assert trouble(where, "fastapi", "503", 2)[0] < 200, "that is no patience"


def test_flask_hangs(where):
    trouble(where, "flask", "hang", 2)


def test_fastapi_hangs(where):
    trouble(where, "fastapi", "hang", 2)


def test_flask_takes_rows_and_answers_too_late(where):
    assert trouble(where, "flask", "late", 2)[1] > 0, "nothing came twice"


def test_fastapi_takes_rows_and_answers_too_late(where):
    assert trouble(where, "fastapi", "late", 2)[1] > 0, "nothing came twice"


def test_flask_hangs_up(where):
    trouble(where, "flask", "reset", 1)


def test_fastapi_hangs_up(where):
    trouble(where, "fastapi", "reset", 1)


def asks_for_patience(where, kind):
    tries, _, took = trouble(where, kind, "429", 3)
    assert tries <= LANES * (took / 2 + 2), f"{tries} tries in {took:.1f} s; Retry-After says 2 seconds"


def test_flask_asks_for_patience(where):
    asks_for_patience(where, "flask")


def test_fastapi_asks_for_patience(where):
    asks_for_patience(where, "fastapi")


def test_flask_is_gone_while_many_rows_pass(where):
    down(where, "flask", 60000, 3, 48)


def test_fastapi_is_gone_while_many_rows_pass(where):
    down(where, "fastapi", 60000, 3, 48)


if __name__ == "__main__":
    harness.main()
