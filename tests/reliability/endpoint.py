#!/usr/bin/env python3
"""Real Flask and FastAPI applications in trouble for long: a minute of 503, of hanging, of answers too late, of resets, of 429 with
Retry-After, and gone for ten minutes while 1,000,000 rows pass. All rows arrive, in order per key, and memory stays flat.

MINUTE=n and GONE=n for other numbers of seconds, ROWS=n for other than a million; arguments choose tests, as everywhere."""
import os
import sys

import kit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../e2e"))
import http_apps

MINUTE = int(os.environ.get("MINUTE", "4" if kit.SAMPLE else "60"))
GONE = int(os.environ.get("GONE", "8" if kit.SAMPLE else "600"))
ROWS = int(os.environ.get("ROWS", "100000" if kit.SAMPLE else "1000000"))
GROWTH_MB = 32                                  # an allocator's affair; a million rows are 60 MB as they wait
FAULTS = ("503", "hang", "late", "reset", "429")


def in_trouble(kind):
    def test(where):
        faults = [kit.rng(kind).choice(FAULTS)] if kit.SAMPLE else FAULTS
        for fault in faults:
            folder = os.path.join(where, fault)
            os.mkdir(folder)
            http_apps.trouble(folder, kind, fault, MINUTE)
    return test


def gone(kind):
    return lambda where: http_apps.down(where, kind, ROWS, GONE, GROWTH_MB)


test_flask_in_trouble, test_fastapi_in_trouble = in_trouble("flask"), in_trouble("fastapi")
test_flask_gone, test_fastapi_gone = gone("flask"), gone("fastapi")


def main():
    if kit.SAMPLE and not sys.argv[1:]:         # one of the four
        sys.argv.append(kit.rng("which").choice(["test_flask_in*", "test_fastapi_in*", "test_flask_gone", "test_fastapi_gone"]))
    kit.main()


if __name__ == "__main__":
    main()
