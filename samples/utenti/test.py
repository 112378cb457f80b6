#!/usr/bin/env python3
"""The sample with the real Flask and FastAPI (Debian's), against what follows from the events."""
import decimal
import json
import os
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../tests"))
import harness

HERE = os.path.join(harness.ROOT, "samples/utenti")
PYTHON = "/usr/bin/python3"                     # the one that Debian's packages belong to


def values():
    with open(os.path.join(HERE, "events.ndjson"), encoding="utf-8") as f:
        return [v for v in (json.loads(line)["value"] for line in f) if v]


def expected_towns():
    rows, every = {}, set()
    for v in values():
        if v["before"]:
            rows.pop(v["before"]["id"])
        if v["after"]:
            rows[v["after"]["id"]] = v["after"]
            every.add(v["after"]["citta"])
    out = {}
    for town in every:
        mine = [r for r in rows.values() if r["citta"] == town]
        out[town] = (len(mine), sum(r["attivo"] for r in mine), sum(decimal.Decimal(r["saldo"]) for r in mine))
    return out


def expected_alerts():
    below = lambda row: row is not None and decimal.Decimal(row["saldo"]) < 0
    return [(v["after"]["id"], v["after"]["email"], float(v["after"]["saldo"])) for v in values()
            if v["op"] in "cu" and below(v["after"]) and not below(v["before"])]


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return json.loads(answer.read(), parse_float=decimal.Decimal)
    except OSError:
        return None


class Applications:
    """Both receivers on free ports, gone at the end."""

    def __enter__(self):
        missing = subprocess.run([PYTHON, "-c", "import flask, fastapi, uvicorn"], capture_output=True).returncode
        if missing:
            raise harness.Skip("python3-flask, python3-fastapi or python3-uvicorn is not installed")
        ports = harness.free_port(), harness.free_port()
        self.flask, self.fastapi = (f"http://127.0.0.1:{p}" for p in ports)
        self.children = [subprocess.Popen([PYTHON, f"{HERE}/{app}", str(port)], stderr=subprocess.DEVNULL,
                                          stdout=subprocess.DEVNULL)
                         for app, port in zip(("flask_app.py", "fastapi_app.py"), ports)]
        harness.until("Flask answers", 30, lambda: get(self.flask + "/towns") is not None)
        harness.until("FastAPI answers", 30, lambda: get(self.fastapi + "/alerts") is not None)
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()


def check(apps):
    towns = {t["citta"]: (t["utenti"], t["attivi"], decimal.Decimal(str(t["saldo"]))) for t in get(apps.flask + "/towns")}
    assert towns == expected_towns(), f"{towns}\ninstead of\n{expected_towns()}"
    alerts = [(a["id"], a["email"], float(a["saldo"])) for a in get(apps.fastapi + "/alerts")]
    assert sorted(alerts) == sorted(expected_alerts()), f"{alerts}\ninstead of\n{expected_alerts()}"


def run(where, apps, **more):
    return harness.weir("run", "samples/utenti/pipeline.sql", "--data", where + "/state", "--define",
                        "flask=" + apps.flask, "--define", "fastapi=" + apps.fastapi, "--until-end", **more)


def test_events_are_what_the_generator_writes(where):
    made = subprocess.run([sys.executable, HERE + "/generate.py"], capture_output=True, check=True).stdout
    with open(HERE + "/events.ndjson", "rb") as f:
        assert f.read() == made


def test_counts_and_alerts_arrive(where):
    assert len(expected_alerts()) >= 5
    with Applications() as apps:
        run(where, apps)
        check(apps)


def test_a_second_run_posts_nothing_again(where):
    with Applications() as apps:
        run(where, apps)
        run(where, apps)
        check(apps)


if __name__ == "__main__":
    harness.main()
