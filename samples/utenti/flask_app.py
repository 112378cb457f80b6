#!/usr/bin/python3
"""flask_app.py [PORT]: takes rows by POST /update, shows the latest of each town at / and, as JSON, at /towns.

A request that was delivered but whose answer got lost comes again with the same Idempotency-Key: it is answered
and not counted twice.
"""
import sys
import threading

from flask import Flask, jsonify, request

app = Flask(__name__)
lock, towns, seen = threading.Lock(), {}, {}


@app.post("/update")
def update():
    rows = request.get_json(silent=True)
    if rows is None:
        return jsonify(error="JSON expected"), 400
    with lock:
        key = request.headers.get("Idempotency-Key")
        if key is None or key not in seen:
            seen[key] = True
            for row in rows if isinstance(rows, list) else [rows]:
                row = {name.lower(): value for name, value in row.items()}
                towns[row["citta"]] = row
    return jsonify(status="ok")


@app.get("/towns")
def data():
    with lock:
        return jsonify(list(towns.values()))


@app.get("/")
def page():
    with lock:
        lines = "".join(f"<tr><td>{t['citta']}<td>{t['utenti']}<td>{t['saldo']}" for t in towns.values())
    return f"<!doctype html><meta http-equiv=refresh content=1><title>utenti</title><table border=1>{lines}</table>"


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 5000, threaded=True)
