#!/usr/bin/python3
"""flask_rows.py PORT BOOK: takes arrays of rows by POST /rows with Flask; POST /mode says what trouble to make."""
import socket
import struct
import sys

from flask import Flask, jsonify, request

from book import Book

app, book = Flask(__name__), Book(sys.argv[2])


def reset():
    """The connection ends with RST, without an answer."""
    s = request.environ["werkzeug.socket"]
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    raise ConnectionResetError


@app.post("/rows")
def rows():
    trouble = book.trouble()
    if trouble == "hang":
        book.gate.wait(600)
        return "", 500
    if trouble == "late":                       # taken, but the answer comes when nobody waits for it any more
        book.take(request.headers["Idempotency-Key"], request.get_json())
        book.gate.wait(600)
        return "", 204
    if trouble == "reset":
        reset()
    if trouble == "429":
        return jsonify(error="too many"), 429, {"Retry-After": "2"}
    if trouble:
        return jsonify(error="not now"), int(trouble)
    book.take(request.headers["Idempotency-Key"], request.get_json())
    return "", 204


@app.post("/mode")
def mode():
    book.set_mode(request.get_json()["mode"])
    return "", 204


@app.get("/stats")
def stats():
    return jsonify(book.stats())


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
