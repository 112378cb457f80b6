#!/usr/bin/env python3
"""run: measures engines against the limit programs, from nothing to a table.

    run.py --broker 127.0.0.1:9092 [--events 2000000] [--repeat 3] [--dir build/bench]
           [--queries raw,parse,filter,tumble,retract,retract-state,join] [--timeout 600] [--no-limit]
           [--engine NAME='COMMAND']…

retract takes the old row from the event, retract-state from the engine's own state (BEFORE='STATE').

Builds gen, kit and limit, generates the events, computes the expected answers, loads the topics
bench-orders-EVENTS (4 partitions) and bench-customers, then runs every query with limit and with each
engine in turn (A B A B …, so that a busy moment of the machine hits all of them), each into a new output topic.
What exists already in --dir and on the broker is used again.

COMMAND is run by sh once per query; it must exit when all results are delivered. Filled in are {query},
{broker}, {topic}, {customers}, {out}, {events}, {dir} (scratch, empty at each run) and {sql} (a file with the
query, cut from queries.sql). For example:

    --engine weir='weir run {sql} --broker {broker} --data {dir} --until-end'

Measured: wall (start to exit), cpu (user + system of the command and all its descendants), rss (peak of their sum,
sampled ten times a second), first and last (start to the first and to the last record in the output
topic, by the broker's clock: last is the fair time for an engine that ends by waiting for silence), broker (its CPU in that time, apart), other (CPU of everything else on the machine: when it is not
small, the run is worth little). Each output is compared with expected.json. Every run is a line in results.jsonl;
the table shows the run with the least wall, and the least CPU.
"""
import argparse
import contextlib
import glob
import io
import json
import os
import platform
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import expected as answers

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
ENGINE_QUERIES = ("filter", "tumble", "retract", "retract-state", "join")
ANSWERS = {"retract-state": "retract"}          # measured apart, the same question
GOALS = {"filter": 0.5, "tumble": 0.5, "retract": 0.5, "retract-state": 0.2, "join": 0.4}
LIMIT = "{build}/limit {query} --broker {broker} --topic {topic} --customers {customers}"


class BenchError(Exception):
    pass


# ----------------------------------------------------------------- processes

def process(pid):
    """(session, CPU seconds, resident bytes) of pid; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(fields[3]), (int(fields[11]) + int(fields[12])) / TICK, int(fields[21]) * PAGE


def machine_cpu():
    with open("/proc/stat") as f:
        fields = [int(x) for x in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK    # all but idle and iowait


def listener(port):
    """The process that listens on a local TCP port, by the socket's inode; None when not visible."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as f:
            for line in list(f)[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link) in inodes:
                return int(link.split("/")[2])
        except OSError:
            pass
    return None


def watch(child, timeout):
    """Waits for child: (exit status, CPU seconds, peak resident bytes) of it and its descendants."""
    cpu, peak, deadline = {}, 0, time.monotonic() + timeout
    handle = os.pidfd_open(child.pid)    # readable at the exit, so that wall is not rounded up
    while not select.select([handle], [], [], 0.1)[0]:
        resident = 0
        for entry in os.listdir("/proc"):
            found = entry.isdigit() and process(entry)
            if found and found[0] == child.pid:    # the child leads a session of its own
                resident += found[2]
                cpu[entry] = max(cpu.get(entry, 0), found[1])
        peak = max(peak, resident)
        if time.monotonic() > deadline:
            os.killpg(child.pid, signal.SIGKILL)
    os.close(handle)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    waited_for = usage.ru_utime + usage.ru_stime
    return child.returncode, max(waited_for, sum(cpu.values())), max(peak, usage.ru_maxrss * 1024)


# --------------------------------------------------------------------- bench

class Bench:
    def __init__(self, options):
        self.options = options
        self.dir = os.path.abspath(options.dir)
        self.build = os.path.join(self.dir, "bin")
        self.topic = f"bench-orders-{options.events}"
        self.customers = "bench-customers"
        self.orders_file = self.path(f"orders-{options.events}.ndjson")
        self.broker_pid = listener(int(options.broker.rsplit(":", 1)[1]))
        os.environ["BROKER"] = options.broker

    def path(self, name):
        return os.path.join(self.dir, name)

    def kit(self, *arguments, **more):
        return subprocess.run([os.path.join(self.build, "kit"), *arguments], **more)

    def make_file(self, name, argv):
        """Runs argv with its output in name; a broken run leaves nothing."""
        if not os.path.exists(name):
            print(f"making {os.path.basename(name)}", file=sys.stderr)
            with open(name + ".part", "w") as f:
                subprocess.run(argv, stdout=f, check=True)
            os.rename(name + ".part", name)
        return name

    def prepare(self):
        os.makedirs(self.dir, exist_ok=True)
        subprocess.run(["make", "-s", "-C", ROOT, "bench-tools", "BENCH=" + self.build], check=True)
        gen = os.path.join(self.build, "gen")
        self.make_file(self.orders_file, [gen, "orders", "-n", str(self.options.events)])
        customers = self.make_file(self.path("customers.ndjson"), [gen, "customers"])
        name = self.make_file(self.path(f"expected-{self.options.events}.json"),
                              [sys.executable, os.path.join(HERE, "expected.py"), "make",
                               self.orders_file, customers])
        with open(name) as f:
            self.expected = json.load(f)
        self.load(self.topic, self.orders_file, "json", self.options.events)
        self.load(self.customers, customers, "plain", 10000)

    def span(self, topic):
        done = self.kit("span", topic, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def new_topic(self, topic, *settings):
        """Creates topic, empty; the old one's deletion takes the broker a moment."""
        quiet = {"stderr": subprocess.DEVNULL}
        self.kit("delete", topic, **quiet)
        for _ in range(40):
            if self.kit("create", topic, "4", *settings, **quiet).returncode == 0:
                return time.sleep(0.3)
            time.sleep(0.25)
        raise BenchError(f"cannot create topic {topic} at {self.options.broker}")

    def load(self, topic, name, key, records):
        with socket.create_connection(self.options.broker.rsplit(":", 1), timeout=5):
            pass
        there = self.span(topic) or {}
        if there.get("records") == records:
            return
        print(f"loading {topic}", file=sys.stderr)
        self.new_topic(topic, "retention.ms=-1")
        with open(name) as f:
            self.kit("load", topic, key, stdin=f, stdout=subprocess.DEVNULL, check=True)
        if self.span(topic)["records"] != records:
            raise BenchError(f"{topic} does not hold {records} records")

    def query_file(self, query, out):
        """The part of queries.sql that belongs to query, its variables filled in."""
        with open(os.path.join(HERE, "queries.sql")) as f:
            parts = re.split(r"(?m)^-- query (\w+)\n", f.read())
        text = parts[0] + dict(zip(parts[1::2], parts[2::2])).get(ANSWERS.get(query, query), "")
        if query == "retract-state":
            text = text.replace("BEFORE='EVENT'", "BEFORE='STATE'")
        for name, value in (("orders", self.topic), ("customers", self.customers), ("out", out)):
            text = text.replace("${" + name + "}", value)
        name = self.path(f"{query}.sql")
        with open(name, "w") as f:
            f.write(text)
        return name

    def answer(self, query, out):
        """What is wrong with the records in out, in words."""
        dump = subprocess.Popen([os.path.join(self.build, "kit"), "dump", out],
                                stdout=subprocess.PIPE, text=True, errors="replace")
        wrong = answers.check(self.expected, ANSWERS.get(query, query), dump.stdout)
        dump.stdout.close()
        dump.wait()
        return wrong

    def measure(self, engine, command, query):
        writes = query in ENGINE_QUERIES
        out, scratch = f"bench-out-{engine}-{query}", self.path("scratch")
        shutil.rmtree(scratch, ignore_errors=True)
        os.makedirs(scratch)
        if writes:
            self.new_topic(out, "message.timestamp.type=LogAppendTime")
        if engine == "limit" and writes:
            command += " --out {out}"
        line = command.format(query=ANSWERS.get(query, query), broker=self.options.broker, topic=self.topic, out=out,
                              customers=self.customers, events=self.options.events, dir=scratch,
                              build=self.build, sql=self.query_file(query, out))
        log = self.path(f"log-{engine}-{query}.txt")
        result = self.timed(line, log)
        result.update(engine=engine, query=query, events=self.options.events)
        if writes:
            span = self.span(out) or {"records": 0}
            result["rows"] = span["records"]
            if span["records"]:
                result["first"] = span["first"] / 1000 - result["started"]
                result["last"] = span["last"] / 1000 - result["started"]
            result["wrong"] = self.answer(query, out)[:5]
        elif engine == "limit" and query == "parse" and result["status"] == 0:
            with open(log) as f:
                told = json.loads(f.read().splitlines()[-1])
            same = told["checksum"] == self.expected["parse"]["checksum"]
            result["wrong"] = [] if same else ["another checksum"]
        with open(self.path("results.jsonl"), "a") as f:
            f.write(json.dumps(result) + "\n")
        return result

    def timed(self, line, log):
        broker = process(self.broker_pid)
        machine, started, begun = machine_cpu(), time.time(), time.monotonic()
        with open(log, "w") as f:
            child = subprocess.Popen(line, shell=True, stdin=subprocess.DEVNULL, stdout=f,
                                     stderr=f, start_new_session=True)
            status, cpu, rss = watch(child, self.options.timeout)
        wall, machine = time.monotonic() - begun, machine_cpu() - machine
        after = process(self.broker_pid)
        result = {"started": started, "status": status, "wall": wall, "cpu": cpu, "rss": rss}
        result["broker"] = after[1] - broker[1] if broker and after else None
        result["other"] = machine - cpu - (result["broker"] or 0)
        return result


# --------------------------------------------------------------------- table

def shown(value, form="{:.2f}"):
    return "" if value is None else form.format(value)


def verdict(runs):
    failed = [r for r in runs if r["status"]]
    if failed:
        return f"failed ({failed[0]['status']})"
    wrong = [r for r in runs if r.get("wrong")]
    return f"WRONG: {wrong[0]['wrong'][0]}" if wrong else "right" if "wrong" in runs[0] else ""


def table(results, repeat):
    """Markdown: one line per query and engine, the best of its runs, beside limit's best. of limit: events
    per CPU second against the limit program's, which is what the goals are about."""
    print("| query | engine | wall s (median) | cpu s | k ev/s/core | of limit | goal | rss MiB | first s | last s "
          "| broker s | other s | rows | wall / limit | answer |\n" + "|-" * 15 + "|")
    best = {}
    for (query, engine), runs in results.items():
        good = [r for r in runs if r["status"] == 0] or runs
        top = min(good, key=lambda r: r["wall"])
        cpu = min(r["cpu"] for r in good)
        best[query, engine] = top["wall"], cpu
        limit_wall, limit_cpu = best.get((query, "limit"), (None, None))
        print("|", " | ".join([
            query, engine, f"{top['wall']:.2f} ({statistics.median(r['wall'] for r in good):.2f})",
            f"{cpu:.2f}", f"{top['events'] / cpu / 1000:.0f}" if cpu else "",
            shown(limit_cpu and engine != "limit" and limit_cpu / cpu or None),
            shown(GOALS.get(query) if engine != "limit" else None, "{:.1f}"),
            f"{max(r['rss'] for r in good) / 2**20:.0f}",
            shown(min((r["first"] for r in good if "first" in r), default=None)),
            shown(top.get("last")),
            shown(top["broker"]), shown(top["other"]), shown(top.get("rows"), "{:,}"),
            shown(limit_wall and top["wall"] / limit_wall, "{:.1f}"), verdict(runs)]), "|")
    print(f"\n{repeat} run(s) of each in turn; least wall, least cpu, highest rss. The broker's CPU is not in cpu s. "
          "When other s is not small, the machine was busy and the run is worth little.")


def report(results, options):
    """The table on stdout and in RESULTS.md, with what it was measured on."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        with open("/proc/cpuinfo") as f:
            model = re.search(r"model name\s*: (.*)", f.read())
        print(f"{options.events:,} events, 4 partitions; {os.cpu_count()} cores, "
              f"{model.group(1) if model else platform.machine()}; {time.strftime('%Y-%m-%d', time.gmtime())}\n")
        table(results, options.repeat)
    print(text.getvalue(), end="")
    name = os.path.join(os.path.abspath(options.dir), "RESULTS.md")
    with open(name, "w") as f:
        f.write(text.getvalue())
    print(f"written to {os.path.relpath(name)}", file=sys.stderr)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--broker", required=True, metavar="HOST:PORT")
    parser.add_argument("--events", type=int, default=2000000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=600, help="seconds per run")
    parser.add_argument("--dir", default=os.path.join(ROOT, "build", "bench"))
    parser.add_argument("--queries", default="raw,parse,filter,tumble,retract,retract-state,join")
    parser.add_argument("--engine", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--no-limit", action="store_true")
    options = parser.parse_args()
    if any("=" not in engine for engine in options.engine):
        parser.error("--engine takes NAME=COMMAND")
    return options


def main():
    options = arguments()
    engines = {} if options.no_limit else {"limit": LIMIT}
    engines.update(engine.split("=", 1) for engine in options.engine)
    try:
        bench = Bench(options)
        bench.prepare()
        results = {}
        for query in options.queries.split(","):
            for _ in range(options.repeat):
                for name, command in engines.items():
                    if name == "limit" or query in ENGINE_QUERIES:
                        result = bench.measure(name, command, query)
                        results.setdefault((query, name), []).append(result)
                        print(f"{query:8} {name:12} wall {result['wall']:6.2f}  cpu {result['cpu']:6.2f}"
                              f"  {verdict([result])}", file=sys.stderr)
        report(results, options)
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    return 1 if any(r["status"] or r.get("wrong") for runs in results.values() for r in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
