"""For tests on real parts: the lab's services, and topics filled with kit. The lab stays up for the next test script of
the same run when LAB_KEEP=1 is set; otherwise it goes down with the script."""
import atexit
import functools
import os
import socket
import struct
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


@functools.cache
def broker():
    """The address of $BROKER, or of the lab's."""
    if not os.environ.get("BROKER"):
        return up("kafka")
    subprocess.run(["make", "-s", "-C", harness.ROOT, "bench-tools"], check=True)
    return os.environ["BROKER"]


def create(topic, partitions):
    subprocess.run([KIT, "create", topic, str(partitions)], check=True)


def replay(name, prefix=""):
    with open(name, "rb") as f:
        subprocess.run([KIT, "replay", prefix], stdin=f, stdout=subprocess.DEVNULL, check=True)


def settle(topic):
    """After a process that wrote to the topic has ended: waits until its last transaction is seen in every partition."""
    subprocess.run([KIT, "settle", topic], check=True)


def dump(topic):
    """(key, value) texts of a topic's records."""
    done = subprocess.run([KIT, "dump", topic], text=True, capture_output=True, check=True)
    return [line.split("\t", 1) for line in done.stdout.splitlines()]


# ------------------------------------------------------------- permissions

KINDS = {"topic": 2, "group": 3, "cluster": 4, "txn": 5}
OPERATIONS = {"all": 2, "read": 3, "write": 4, "create": 5, "delete": 6, "describe": 8, "idempotent_write": 12}
ALLOW, LITERAL = 3, 3


def text(s):
    data = s.encode()
    return struct.pack(">h", len(data)) + data


def acl(request, user, operation, kind, name):
    """One request of Kafka's protocol that makes (30) or removes (31) an ACL; Kafka's own tool takes seconds for it."""
    address = os.environ["BROKER"].rsplit(":", 1)
    body = (struct.pack(">hhih", request, 1, 1, -1) + struct.pack(">ib", 1, KINDS[kind]) + text(name) + struct.pack(">b", LITERAL)
            + text("User:" + user) + text("*") + struct.pack(">bb", OPERATIONS[operation], ALLOW))
    with socket.create_connection((address[0], int(address[1])), timeout=10) as s:
        s.sendall(struct.pack(">i", len(body)) + body)
        answer = s.makefile("rb")
        answer = answer.read(struct.unpack(">i", answer.read(4))[0])
    many, code = struct.unpack(">ih", answer[8:14])         # behind correlation id and throttling
    assert (many, code) == (1, 0), answer


def allow(user, operation, kind, name):
    """Gives a user of the SASL listener a permission; kind: topic, group, txn, cluster (named kafka-cluster)."""
    acl(30, user, operation, kind, name)


def disallow(user, operation, kind, name):
    acl(31, user, operation, kind, name)
