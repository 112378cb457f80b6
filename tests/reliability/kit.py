"""What the scripts of tests/reliability share: the program with fault points, the sample's seed, a broker where there is one.

Each script tests/reliability/NAME.py runs for long by itself (`make reliability`). With SAMPLE=seed in the environment it runs a
part of itself that the seed chooses, for a quarter of a minute or so: that is what `make check` does, and the seed is printed.
"""
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../lab"))
import harness

SAMPLE = os.environ.get("SAMPLE") or None       # None: the whole
SEED = os.environ.get("SEED") or SAMPLE or str(random.randrange(10**6))
PROGRAMS = [os.path.join(harness.ROOT, f"build/{flavour}/weir") for flavour in ("debug", "asan")]
made = {}


def rng(*words):
    """Random numbers that depend on the seed and on what they are for."""
    return random.Random(" ".join([SEED, *map(str, words)]))


def announce():
    print(f"seed {SEED}: SAMPLE={SEED} or SEED={SEED} repeats this choice" if SAMPLE else f"the whole, seed {SEED}", flush=True)


def faulty():
    """The program that has fault points in it: $FAULTY, or the younger one of build/debug/weir and build/asan/weir."""
    found = [p for p in PROGRAMS if os.path.exists(p)]
    if os.environ.get("FAULTY"):
        return os.path.abspath(os.environ["FAULTY"])
    if not found:
        raise harness.Skip("neither build/debug/weir nor build/asan/weir is there")
    return max(found, key=os.path.getmtime)


def broker():
    """The address of a real broker: $BROKER, or a lab that goes down with the script. Skips where there is no Java."""
    absent = [t for t in ("java", "mvn") if not shutil.which(t)]
    if absent and not os.environ.get("BROKER") and os.environ.get("LAB") != "1":
        raise harness.Skip(f"a broker needs {' '.join(absent)} (LAB=1 demands it)")
    import labkit
    return labkit.broker()


def scratch(where):
    """A folder in memory, where there is room: what kill -9 leaves does not depend on the disk."""
    shm = "/dev/shm"
    roomy = os.path.isdir(shm) and os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 1 << 30
    return tempfile.mkdtemp(prefix="weir-", dir=shm if roomy else where)


def name(prefix):
    """A topic's name that no other run has used."""
    made["names"] = made.get("names", 0) + 1
    return f"{prefix}-{os.getpid()}-{int(time.time())}-{made['names']}"


def main():
    announce()
    harness.main()
