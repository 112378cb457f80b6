"""For tests on real parts: the lab's services, and topics filled with kit. The lab stays up for the next test script of
the same run when LAB_KEEP=1 is set; otherwise it goes down with the script."""
import atexit
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../oracle"))
import harness

os.environ.setdefault("LAB_PORT_OFFSET", "12000")
os.environ.setdefault("LAB_DIR", os.path.join(harness.ROOT, "build/lab"))
LAB = os.path.join(harness.ROOT, "tests/lab/lab")
KIT = os.path.join(harness.ROOT, "build/bench/bin/kit")


def lab(*arguments, **more):
    done = subprocess.run([LAB, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    assert done.returncode == 0, f"lab {' '.join(arguments)}:\n{done.stdout[-3000:]}"
    return done.stdout


def up(*services):
    """Starts services (from empty) and returns the broker's address; they stop at exit."""
    lab("down")
    lab("reset")
    if os.environ.get("LAB_KEEP") != "1":
        atexit.register(lab, "down")
    print(lab("up", *services), end="", flush=True)
    address = dict(line.split(" ", 1)[1].split("=", 1) for line in lab("env").splitlines())
    os.environ.update(address, BROKER=address["LAB_KAFKA"])
    subprocess.run(["make", "-s", "-C", harness.ROOT, "bench-tools"], check=True)
    return address["LAB_KAFKA"]


def create(topic, partitions):
    subprocess.run([KIT, "create", topic, str(partitions)], check=True)


def replay(name, prefix=""):
    with open(name, "rb") as f:
        subprocess.run([KIT, "replay", prefix], stdin=f, stdout=subprocess.DEVNULL, check=True)


def dump(topic):
    """(key, value) texts of a topic's records."""
    done = subprocess.run([KIT, "dump", topic], text=True, capture_output=True, check=True)
    return [line.split("\t", 1) for line in done.stdout.splitlines()]
