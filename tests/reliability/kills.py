#!/usr/bin/env python3
"""Killed with SIGKILL again and again while 20,000 events per second arrive: nothing is lost, nothing is doubled.

300 kills, 50 to 1,500 ms apart, Kafka to a windowed aggregation to Kafka; KILLS=n for another number."""
import os
import sys
import time

import kit
import steady
from kit import harness

KILLS = int(os.environ.get("KILLS", "10" if kit.SAMPLE else "300"))


def run_for(pipeline, seconds):
    child = pipeline.start()
    time.sleep(seconds)
    assert child.poll() is None, pipeline.words()[-3000:]
    child.kill()
    child.wait()


def killed(where, kind):
    rng, source = kit.rng(kind), steady.Source(f"kills-in-{kind}")
    try:
        pipeline = steady.Pipeline(where, kind, source, f"kills-{kind}")
        begun, last, grew = time.monotonic(), 0, 0
        for i in range(KILLS):
            run_for(pipeline, rng.uniform(0.05, 1.5))
            if i % 10 == 9:
                seen = pipeline.seen() if "Created query" in pipeline.words() else 0
                grew, last = grew + (seen > last), seen
        longer = 2
        while last == 0 and longer < 60:        # a machine on which the start alone takes longer than that
            run_for(pipeline, longer)
            last, longer = pipeline.seen(), longer * 2
        seconds = time.monotonic() - begun
    except BaseException:
        source.kill()
        raise
    source.stop()
    assert last > 0, "no run between two kills committed anything"
    steady.check(where, source, pipeline, f"{KILLS} kills in {seconds:.0f} s, {last} records committed by the last of them; "
                 f"output had grown at {grew} of {KILLS // 10} looks")


def test_grouped_by_the_topics_key(where):
    killed(where, "keyed")


def test_regrouped_and_coalesced(where):
    killed(where, "regroup")


if __name__ == "__main__":
    if kit.SAMPLE and not sys.argv[1:]:         # one of the two
        sys.argv.append(kit.rng("which").choice(["test_grouped*", "test_regrouped*"]))
    kit.main()
