#!/usr/bin/env python3
"""The sample against what a program that knows nothing of Weir computes from the same events."""
import datetime
import decimal
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../tests"))
import harness

HERE = os.path.join(harness.ROOT, "samples/orders")
WINDOW, GRACE = 10_000, 5_000


def records(topic):
    with open(os.path.join(HERE, "events.ndjson"), encoding="utf-8") as f:
        return [r for r in map(json.loads, f) if r["topic"] == topic]


def table(topic):
    rows = {}
    for r in records(topic):
        after = r["value"] and r["value"]["after"]
        if after:
            rows[r["key"]["id"]] = after
        else:
            rows.pop(r["key"]["id"], None)
    return rows


def ms(text):
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return round(at.timestamp() * 1000)


def revenue():
    """An order counts unless its window had ended, and the grace with it, in its own partition's time."""
    customers, windows, now, late = table("shop.public.customers"), {}, {}, 0
    for r in records("shop.public.orders"):
        after = r["value"] and r["value"]["after"]
        if not after:
            continue
        at = ms(after["ordered_at"])
        partition = r["partition"]
        now[partition] = max(now.get(partition, 0), at)
        if r["value"]["op"] not in "cr":
            continue
        start = at - at % WINDOW
        if start + WINDOW + GRACE <= now[partition]:
            late += 1
            continue
        group = windows.setdefault((start, customers[after["customer_id"]]["region"]), [0, decimal.Decimal(0)])
        group[0] += 1
        group[1] += decimal.Decimal(after["amount"])
    assert late >= 1, "the sample has no order that is too late"
    return [{"region": region, "windowstart": str(start), "windowend": str(start + WINDOW), "orders": str(n),
             "revenue": str(total)} for (start, region), (n, total) in windows.items()]


def totals():
    groups = {}
    for row in table("shop.public.orders").values():
        groups.setdefault(row["status"], []).append(decimal.Decimal(row["amount"]))
    return [{"status": s, "orders": str(len(a)), "total": str(sum(a)), "largest": str(max(a))} for s, a in groups.items()]


def orders():
    return [{"id": str(r["id"]), "customer_id": str(r["customer_id"]), "status": r["status"], "amount": r["amount"],
             "ordered_at": r["ordered_at"].rstrip("Z")} for r in table("shop.public.orders").values()]


def check(out):
    harness.same_rows(harness.read_csv(out + "/orders.csv"), orders(), ["id"], "orders")
    harness.same_rows(harness.read_csv(out + "/totals.csv"), totals(), ["status"], "totals")
    harness.same_rows(harness.read_csv(out + "/revenue.csv"), revenue(), ["region", "windowstart"], "revenue")


def run(where, *more, **options):
    return harness.weir("run", "samples/orders/pipeline.sql", "--data", where + "/state", "--define", f"out={where}/out",
                        "--until-end", *more, **options)


def test_events_are_what_the_generator_writes(where):
    made = subprocess.run([sys.executable, HERE + "/generate.py"], capture_output=True, check=True).stdout
    with open(HERE + "/events.ndjson", "rb") as f:
        assert f.read() == made


def test_from_the_file(where):
    run(where)
    check(where + "/out")


def test_again_changes_nothing(where):
    run(where)
    run(where)
    check(where + "/out")


def test_sanitized(where):
    if not os.path.exists(harness.ASAN):
        raise harness.Skip("build/asan/weir is not there")
    run(where, program=harness.ASAN)
    check(where + "/out")


def test_demo(where):
    shown = subprocess.run([HERE + "/demo", harness.WEIR], text=True, capture_output=True, timeout=120)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    for word in ("north", "shipped", "customer_id"):
        assert word in shown.stdout.lower(), shown.stdout


if __name__ == "__main__":
    harness.main()
