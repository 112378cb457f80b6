#!/usr/bin/env python3
"""generate.py > events.ndjson: the sample's events, the same at every run.

What Debezium's MySQL connector writes for the table inventory.utenti of a server called dbserver1: a snapshot of
eight users, then users who come, change their balance or their town, and go. Some balances fall below zero.
One line is one Kafka record.
"""
import json
import random
import sys

START = 1_777_622_400_000                       # 2026-05-01T08:00:00Z
TOWNS = ("Roma", "Milano", "Forlì", "Torino")
NAMES = ("Mario", "Giulia", "Nicolò", "Luca", "Anna", "Zoë", "Paolo", "Sara", "Elena", "Marco")
SURNAMES = ("Rossi", "Bianchi", "Verdi", "Russo", "Ferrari", None)
TOPIC = "dbserver1.inventory.utenti"

rng = random.Random(5)
rows, position, offset = {}, 154, 0


def emit(key, value, at):
    global offset
    print(json.dumps({"topic": TOPIC, "partition": 0, "offset": offset, "timestamp": at, "headers": [],
                      "key": {"id": key}, "value": value}, separators=(",", ":"), ensure_ascii=False))
    offset += 1


def change(op, key, after, at):
    global position
    position += rng.randrange(150, 600)
    source = {"version": "3.5.0.Final", "connector": "mysql", "name": "dbserver1", "ts_ms": at // 1000 * 1000,
              "snapshot": "true" if op == "r" else "false", "db": "inventory", "sequence": None, "table": "utenti",
              "server_id": 0 if op == "r" else 223344, "gtid": None, "file": "mysql-bin.000003", "pos": position,
              "row": 0, "thread": None, "query": None}
    emit(key, {"before": rows.get(key), "after": after, "source": source, "transaction": None, "op": op, "ts_ms": at}, at)
    if op == "d":
        del rows[key]
        emit(key, None, at)
    else:
        rows[key] = after


def money(cents):
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def user(key, at):
    name = rng.choice(NAMES)
    return {"id": key, "nome": name, "cognome": rng.choice(SURNAMES), "email": f"{name.lower()}{key}@example.it",
            "citta": rng.choice(TOWNS), "attivo": 1, "saldo": money(rng.randrange(0, 30000)), "creato_il": at}


def main():
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    for key in range(1, 9):
        change("r", key, user(key, START - key * 86_400_000), START)
    at, key = START, 9
    for _ in range(110):
        at += rng.randrange(20, 2000)
        dice = rng.random()
        if dice < .3:
            change("c", key, user(key, at), at)
            key += 1
        elif dice < .9:
            after = dict(rows[rng.choice(sorted(rows))])
            if rng.random() < .7:
                after["saldo"] = money(round(float(after["saldo"]) * 100) + rng.randrange(-15000, 12000))
            elif rng.random() < .5:
                after["citta"] = rng.choice(TOWNS)
            else:
                after["attivo"] = 1 - after["attivo"]
            change("u", after["id"], after, at)
        elif len(rows) > 3:
            change("d", rng.choice(sorted(rows)), None, at)


if __name__ == "__main__":
    main()
