#!/usr/bin/env python3
"""An hour at 20,000 events per second: resident memory, file descriptors and disk stay flat.

One process runs the whole time, another is ended and started again every minute, by SIGTERM and by SIGKILL in turn. Every few
seconds each is looked at; the slopes of what was found, by least squares, are stated, and are held to bounds.
SECONDS=n for another length; FILE.csv of all samples with SAMPLES=FILE.csv."""
import os
import signal
import time

import kit
import steady
from kit import harness

SECONDS = int(os.environ.get("SECONDS", "20" if kit.SAMPLE else "3600"))
EVERY = 60 if SECONDS > 300 else SECONDS / 4            # between two restarts
LOOK = 5 if SECONDS > 300 else 1
SETTLED = 20 if SECONDS > 300 else 2                    # a process this old is looked at
# What may grow in an hour. A few MB of memory are an allocator's affair; a leak of a byte per event would be 72 MB.
BOUNDS = {"rss MB": 12, "descriptors": 2, "disk MB": 24}


def disk(folder):
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(at, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def look(pid, folder):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        rss = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {"rss MB": rss / 1e6, "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "disk MB": disk(folder) / 1e6}


def slope(points):
    """Of the line through (seconds, value), per hour."""
    n = len(points)
    mean_t, mean_v = sum(t for t, _ in points) / n, sum(v for _, v in points) / n
    square = sum((t - mean_t) ** 2 for t, _ in points)
    return 3600 * sum((t - mean_t) * (v - mean_v) for t, v in points) / square if square else 0.0


def growth(points):
    """How much more in the second half than in the first, of the lowest and of the highest value the lesser; per hour."""
    middle = (points[0][0] + points[-1][0]) / 2
    first, second = [v for t, v in points if t < middle], [v for t, v in points if t >= middle]
    return min(min(second) - min(first), max(second) - max(first)) * 3600 / (middle - points[0][0])


class Runner:
    """A pipeline, its process, and the samples of it."""
    def __init__(self, where, kind, source):
        self.pipeline, self.samples, self.restarts = steady.Pipeline(where, kind, source, f"soak-{kind}"), [], 0
        self.start()

    def start(self):
        self.child, self.born = self.pipeline.start(), time.monotonic()

    def restart(self):
        self.end(signal.SIGTERM if self.restarts % 2 == 0 else signal.SIGKILL)
        self.restarts += 1
        self.start()

    def end(self, how):
        assert self.child.poll() is None, f"{self.pipeline.kind} has ended:\n{self.pipeline.words()[-3000:]}"
        self.child.send_signal(how)
        status = self.child.wait(60)
        assert status == (0 if how == signal.SIGTERM else -how), f"exit {status}:\n{self.pipeline.words()[-3000:]}"

    def sample(self, t):
        assert self.child.poll() is None, f"{self.pipeline.kind} has ended:\n{self.pipeline.words()[-3000:]}"
        if time.monotonic() - self.born > SETTLED:
            self.samples.append((t, look(self.child.pid, self.pipeline.data)))

    def report(self, what):
        """Says the figures; the names of those that grew too much. The first tenth fills caches, and is left out."""
        begun, bad = self.samples[0][0] + SECONDS / 10, []
        for name, bound in BOUNDS.items():
            points = [(t, s[name]) for t, s in self.samples if t >= begun]
            values, grows = [v for _, v in points], growth(points)
            print(f"  {what}: {name} {values[0]:.1f} at first, {min(values):.1f} to {max(values):.1f}, {values[-1]:.1f} at last; "
                  f"slope {slope(points):+.2f} per hour ({len(values)} samples)", flush=True)
            if grows * SECONDS / 3600 > bound and SECONDS > 300:
                bad.append(f"{what}: {name} grows by {grows:.1f} per hour")
        return bad


def write_samples(runners):
    name = os.environ.get("SAMPLES")
    if name:
        with open(name, "w", encoding="utf-8") as f:
            f.write("pipeline,seconds," + ",".join(BOUNDS) + "\n")
            for r in runners:
                f.writelines(f"{r.pipeline.kind},{t:.0f}," + ",".join(f"{s[b]:.1f}" for b in BOUNDS) + "\n" for t, s in r.samples)


def test_what_counts_as_growth(where):
    """A saw of any phase is none, a leak of twice the bound in a saw is."""
    for phase in range(0, 900, 50):
        saw = [(t, 66 + (t + phase) % 900 / 64) for t in range(360, 3600, 5)]
        leak = [(t, v + 4 * t / 3600) for t, v in saw]
        assert growth(saw) < BOUNDS["descriptors"] < growth(leak), (phase, growth(saw), growth(leak))


def test_soak(where):
    source, runners = steady.Source("soak-in", settings=("retention.bytes=268435456", "segment.bytes=67108864")), []
    try:
        # the regrouping one goes on and on; the other one is restarted
        runners = [Runner(where, "regroup", source), Runner(where, "keyed", source)]
        begun, last = time.monotonic(), time.monotonic()
        while time.monotonic() - begun < SECONDS:
            time.sleep(LOOK)
            for r in runners:
                r.sample(time.monotonic() - begun)
            if time.monotonic() - last > EVERY:
                runners[1].restart()
                last = time.monotonic()
        source.stop()
        for r in runners:
            r.end(signal.SIGTERM)
    finally:
        source.kill()
        for r in runners:
            r.child.kill()
    print(f"  {source.events} events in {SECONDS} s, {runners[1].restarts} restarts", flush=True)
    write_samples(runners)
    bad = runners[0].report("one process") + runners[1].report("restarted")
    for r in runners:
        assert "rolled back" not in r.pipeline.words(), r.pipeline.words()[-3000:]
    runners[1].pipeline.finish()
    steady.settle(runners[1].pipeline.out + "-keyed")
    missing = source.events - steady.len_of(runners[1].pipeline.out + "-keyed")         # late ones are, on purpose
    assert 0 <= missing < source.events / 500, f"{missing} events are not in the output"
    assert not bad, "; ".join(bad)


if __name__ == "__main__":
    kit.main()
