#!/usr/bin/env python3
"""generate.py > events.ndjson: the sample's events, the same at every run.

What Debezium writes for two tables of a small shop: 12 customers in four regions, and the orders that they
place during one minute. The first lines are the snapshot; then orders are placed, paid, shipped, cancelled, a few
deleted; customers move. Some orders are told late: most within the pipeline's grace of five seconds, some after it.
One line is one Kafka record; orders have two partitions.
"""
import json
import random
import sys

START = 1_777_622_400_000                       # 2026-05-01T08:00:00Z
SECONDS = 60
REGIONS = ("north", "south", "east", "west")
NAMES = ("Ada", "Bruno", "Chiara", "Dmitri", "Emma", "Farid", "Giulia", "Hana", "Ivo", "Jørgen", "Kofi", "Lucía")
NEXT = {"new": "paid", "paid": "shipped"}

rng = random.Random(20260501)
offsets = {}
rows = {"customers": {}, "orders": {}}
log_position = 24_000_000


def iso(ms):
    seconds = (ms - START) // 1000
    return f"2026-05-01T08:{seconds // 60:02d}:{seconds % 60:02d}.{ms % 1000:03d}Z"


def emit(table, key, value, at):
    topic, partition = "shop.public." + table, key % 2 if table == "orders" else 0
    offset = offsets[topic, partition] = offsets.get((topic, partition), -1) + 1
    print(json.dumps({"topic": topic, "partition": partition, "offset": offset, "timestamp": at, "headers": [],
                      "key": {"id": key}, "value": value}, separators=(",", ":"), ensure_ascii=False))


def change(table, op, key, after, at):
    global log_position
    log_position += rng.randrange(40, 200)
    before = rows[table].get(key)
    source = {"version": "3.5.0.Final", "connector": "postgresql", "name": "shop", "ts_ms": at - 5,
              "snapshot": "true" if op == "r" else "false", "db": "shop", "schema": "public", "table": table,
              "txId": log_position // 100, "lsn": log_position}
    emit(table, key, {"before": before, "after": after, "source": source, "op": op, "ts_ms": at}, at)
    if op == "d":
        del rows[table][key]
        emit(table, key, None, at)
    else:
        rows[table][key] = after


def place(key, at, told):
    cents = rng.randrange(500, 25000)
    order = {"id": key, "customer_id": 1 + int(rng.random() ** 2 * len(NAMES)), "status": "new",
             "amount": f"{cents // 100}.{cents % 100:02d}", "ordered_at": iso(at)}
    change("orders", "c" if at > START else "r", key, order, told)


def main():
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    for i, name in enumerate(NAMES, 1):
        change("customers", "r", i, {"id": i, "name": name, "region": REGIONS[i % 4]}, START)
    for key in range(1, 6):
        place(key, START, START)
    at, key = START, 6
    while at < START + SECONDS * 1000:
        at += rng.randrange(50, 400)
        dice = rng.random()
        if dice < .55:
            behind = rng.randrange(500, 4500) if dice < .05 else 25_000 if dice < .06 else 0
            place(key, max(at - behind, START + 1), at)
            key += 1
        elif dice < .93:
            order = dict(rows["orders"][rng.choice(sorted(rows["orders"]))])
            order["status"] = "cancelled" if rng.random() < .08 else NEXT.get(order["status"], order["status"])
            change("orders", "u", order["id"], order, at)
        elif dice < .97:
            change("orders", "d", rng.choice(sorted(rows["orders"])), None, at)
        else:
            customer = dict(rows["customers"][rng.randrange(1, len(NAMES) + 1)])
            customer["region"] = rng.choice(REGIONS)
            change("customers", "u", customer["id"], customer, at)


if __name__ == "__main__":
    main()
