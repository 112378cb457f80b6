"""A steady stream through Kafka to Kafka, for tests that disturb it: 20,000 events per second from kit, two pipelines,
and the comparison of what a read_committed reader sees with the output of a run that nobody disturbed.

keyed    grouped by the topic's key, every change written: the same records per key, in the same order
regroup  another key and coalescing: how often a row is written may differ; the last row of each group and what
         EMIT FINAL writes may not
"""
import hashlib
import json
import os
import signal
import subprocess
import time

import kit
from kit import harness

KIT = os.path.join(harness.ROOT, "build/bench/bin/kit")
RATE = int(os.environ.get("RATE", "20000"))


class Source:
    """Writes events to a topic of its own, until it is told to stop."""
    def __init__(self, name, most=10**9, keys=2000, settings=()):
        self.topic = kit.name(name)
        os.environ["BROKER"] = kit.broker()
        subprocess.run([KIT, "create", self.topic, "4", *settings], check=True)
        self.pacer = subprocess.Popen([KIT, "pace", self.topic, str(RATE), str(most), str(keys)], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)

    def stop(self):
        """The number of its events."""
        self.pacer.send_signal(signal.SIGTERM)
        self.events = json.loads(self.pacer.communicate(timeout=900)[0])["records"]
        return self.events

    def kill(self):
        if self.pacer.poll() is None:
            self.pacer.kill()
            self.pacer.wait()


KEYED = """CREATE STREAM s (k STRING KEY, v BIGINT) WITH (KAFKA_TOPIC='{source}', VALUE_FORMAT='JSON', KEY_FORMAT='JSON');
CREATE TABLE t WITH (KAFKA_TOPIC='{out}-keyed', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4) AS
  SELECT k, COUNT(*) AS n, SUM(v) AS total FROM s WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 2 SECONDS) GROUP BY k;
"""
REGROUP = """CREATE STREAM s (k STRING KEY, v BIGINT, g STRING) WITH (KAFKA_TOPIC='{source}', VALUE_FORMAT='JSON', KEY_FORMAT='JSON');
CREATE TABLE t WITH (KAFKA_TOPIC='{out}-rows', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4) AS
  SELECT g, COUNT(*) AS n, SUM(v) AS total, MIN(v) AS least FROM s WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 2 SECONDS) GROUP BY g;
CREATE TABLE f WITH (KAFKA_TOPIC='{out}-final', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=4) AS
  SELECT g, COUNT(*) AS n, SUM(v) AS total FROM s WINDOW TUMBLING (SIZE 2 SECONDS, GRACE PERIOD 2 SECONDS) GROUP BY g EMIT FINAL;
"""
SETTINGS = {"keyed": ("--set", "cache.max.bytes.buffering=0"), "regroup": ()}


class Pipeline:
    def __init__(self, where, kind, source, name, interval=None):
        self.kind, self.out, self.folder = kind, kit.name(name), f"{where}/{name}"
        os.makedirs(self.folder)
        self.sql, self.log, self.data = self.folder + "/pipeline.sql", self.folder + "/log", self.folder + "/state"
        with open(self.sql, "w", encoding="utf-8") as f:
            f.write({"keyed": KEYED, "regroup": REGROUP}[kind].format(source=source.topic, out=self.out))
        self.interval = interval

    def arguments(self):
        more = ("--set", f"commit.interval.ms={self.interval}") if self.interval else ()
        return ("run", self.sql, "--data", self.data, "--broker", kit.broker(), *SETTINGS[self.kind], *more)

    def start(self):
        return harness.start(*self.arguments(), log=self.log)

    def words(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def finish(self, timeout=1800):
        """On to the end of the input; windows close."""
        harness.weir(*self.arguments(), "--until-end", timeout=timeout)

    def seen(self):
        """Number of committed records."""
        names = {"keyed": ("keyed",), "regroup": ("rows", "final")}[self.kind]
        return sum(len_of(f"{self.out}-{n}") for n in names)


def lines(topic):
    """(key, value) texts of a topic's committed records."""
    with subprocess.Popen([KIT, "dump", topic], stdout=subprocess.PIPE) as child:
        for line in child.stdout:
            yield line.split(b"\t", 1)


def len_of(topic):
    return json.loads(subprocess.run([KIT, "span", topic], stdout=subprocess.PIPE, check=True).stdout)["records"]


def settle(topic):
    """After the process that wrote to it has ended: its last transaction is seen in every partition."""
    subprocess.run([KIT, "settle", topic], check=True)


def per_key(topic):
    """key -> (records, digest of them in their order, the last of them)"""
    settle(topic)
    found = {}
    for key, value in lines(topic):
        at = found.get(key)
        if at is None:
            at = found[key] = [0, hashlib.blake2b(digest_size=16), None]
        at[0] += 1
        at[1].update(value)
        at[2] = value
    return {k: (n, d.digest(), last) for k, (n, d, last) in found.items()}


def same(what, want, found):
    wrong = [k for k in want.keys() | found.keys() if want.get(k) != found.get(k)]
    assert want, f"{what}: the undisturbed run wrote nothing"
    assert not wrong, (f"{what}: {len(wrong)} of {len(want)} keys differ, as {wrong[0]}: "
                       f"{found.get(wrong[0])} instead of {want.get(wrong[0])}")


def compare(calm, disturbed):
    """The undisturbed run's output and the other's; returns how many records were compared."""
    if calm.kind == "keyed":
        want, found = per_key(calm.out + "-keyed"), per_key(disturbed.out + "-keyed")
        same("records per key", want, found)
        return sum(n for n, _, _ in want.values())
    want, found = per_key(calm.out + "-rows"), per_key(disturbed.out + "-rows")
    same("the last row of each group", {k: v[2] for k, v in want.items()}, {k: v[2] for k, v in found.items()})
    finals, got = per_key(calm.out + "-final"), per_key(disturbed.out + "-final")
    same("EMIT FINAL", finals, got)
    assert all(n == 1 for n, _, _ in finals.values()), "a window was final twice"
    return len(want) + len(finals)


def check(where, source, disturbed, what):
    """Ends the disturbed pipeline, runs a calm one over the same events, compares."""
    begun = time.monotonic()
    disturbed.finish()
    calm = Pipeline(where, disturbed.kind, source, f"calm-{disturbed.folder.rsplit('/', 1)[1]}")
    calm.finish()
    n = compare(calm, disturbed)
    print(f"  {disturbed.kind}: {what}; {source.events} events, {n} records or rows compared: equal "
          f"({time.monotonic() - begun:.0f} s to end and compare)", flush=True)
