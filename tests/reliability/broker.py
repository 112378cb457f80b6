#!/usr/bin/env python3
"""The broker goes away while 20,000 events per second pass: stopped and started ten times, stopped by SIGSTOP for 60 s,
killed with SIGKILL. The queries wait and go on by themselves, and nothing is lost or doubled.

The broker is one of its own (build/lab-broker), for it is hurt. STOPS=n for another number of stops."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../lab"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
os.environ["LAB_DIR"] = os.environ.get("LAB_BROKER_DIR", os.path.join(ROOT, "build/lab-broker"))
os.environ["LAB_PORT_OFFSET"] = os.environ.get("LAB_BROKER_OFFSET", "14000")
os.environ.pop("LAB_KEEP", None)
import kit
import labkit
import steady
from kit import harness

STOPS = int(os.environ.get("STOPS", "1" if kit.SAMPLE else "10"))
PAUSE = int(os.environ.get("PAUSE", "10" if kit.SAMPLE else "60"))


def broker_pid():
    with open(os.path.join(os.environ["LAB_DIR"], "run/kafka.pid"), encoding="ascii") as f:
        return int(f.read().split()[0])


def calm(seconds):
    time.sleep(seconds if not kit.SAMPLE else min(seconds, 3))


def stop_and_start(rng):
    for i in range(STOPS):
        labkit.lab("down", "kafka")
        time.sleep(rng.uniform(0.5, 8 if not kit.SAMPLE else 2))
        labkit.lab("up", "kafka")
        calm(rng.uniform(3, 8))
        print(f"  stopped and started: {i + 1}", flush=True)


def freeze(_):
    pid = broker_pid()
    os.kill(pid, signal.SIGSTOP)
    time.sleep(PAUSE)
    os.kill(pid, signal.SIGCONT)
    calm(15)


def kill(_):
    os.kill(broker_pid(), signal.SIGKILL)
    time.sleep(2)
    labkit.lab("up", "kafka")
    calm(10)


def disturbed(where, what, fault):
    """Both pipelines read one source while the fault is done to the broker."""
    if "broker" not in kit.made:
        kit.made["broker"] = labkit.up("kafka")
    source = steady.Source("broker-in")
    pipelines = [steady.Pipeline(where, kind, source, f"broker-{kind}") for kind in ("keyed", "regroup")]
    children = [p.start() for p in pipelines]
    try:
        for p in pipelines:
            harness.until(f"{p.kind} has committed something", 60, lambda p=p: "Created query" in p.words() and p.seen())
        fault(kit.rng(what))
        source.stop()
        for p, child in zip(pipelines, children):
            assert child.poll() is None, f"{p.kind} has ended:\n{p.words()[-3000:]}"
            child.send_signal(signal.SIGTERM)
        for p, child in zip(pipelines, children):
            assert child.wait(120) == 0, p.words()[-3000:]
        for p in pipelines:
            rolled = p.words().count("rolled back")
            steady.check(where, source, p, f"{what}, {rolled} times rolled back")
    except BaseException:
        source.kill()
        for p in pipelines:
            print(f"  {p.kind} said: {p.words()[-1500:]}", flush=True)
        raise
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_stopped_and_started(where):
    disturbed(where, f"broker stopped and started {STOPS} times", stop_and_start)


def test_frozen(where):
    disturbed(where, f"broker stopped by SIGSTOP for {PAUSE} s", freeze)


def test_killed(where):
    disturbed(where, "broker killed with SIGKILL", kill)


if __name__ == "__main__":
    if kit.SAMPLE and not sys.argv[1:]:         # one of the three
        sys.argv.append(kit.rng("which").choice(["test_stopped*", "test_frozen", "test_killed"]))
    kit.main()
