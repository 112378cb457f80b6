#!/usr/bin/env python3
"""check_numbers.py: arithmetic, printing and calendar of Weir against Python's exact ones, over random values.

SEED=n repeats a run; VALUES=n is how many values a test takes.
"""
import datetime
import json
import os
import random
import struct
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness  # noqa: E402

SEED = int(os.environ.get("SEED") or random.randrange(10**6))
VALUES = int(os.environ.get("VALUES", 2000))
SHAPES = [(4, 2), (10, 0), (19, 0), (5, 5), (30, 18), (38, 10), (2, 1), (18, 9), (50, 30), (1, 1), (38, 0)]


def rows_of(where, name, columns, lines, select):
    """What the SELECT gives of a file of JSON lines, as texts of the values by column."""
    where = tempfile.mkdtemp(dir=where)
    path = os.path.join(where, name + ".ndjson")
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)
    out, _ = harness.weir_sql(where, f"CREATE STREAM x ({columns}) WITH (FILE='{path}', VALUE_FORMAT='JSON');\n"
                                     f"SELECT {select} FROM x;\n", "--until-end")
    rows = [json.loads(line, parse_int=str, parse_float=str) for line in out.splitlines() if line]
    assert len(rows) == len(lines), f"{len(rows)} rows of {len(lines)}"
    return rows


def plain(value, scale):
    """An exact fraction with that many digits behind the point; None where it would have to be rounded."""
    scaled = value * 10**scale
    if scaled.denominator != 1:
        return None
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled.numerator)).rjust(scale + 1, "0")
    return sign + (digits[:-scale] + "." + digits[-scale:] if scale else digits)


def result(value, precision, scale):
    """A result of that type, as text; None where it does not fit."""
    return plain(value, scale) if abs(value) * 10**scale < 10**precision else None


def random_decimal(rng, precision, scale):
    n = rng.randrange(10**rng.randint(1, precision))
    if rng.random() < 0.3:      # numbers that divide
        n = rng.choice([0, 1, 2, 4, 5, 8, 10, 16, 25]) % 10**precision
    return Fraction(-n if rng.random() < 0.4 else n, 10**scale)


def test_decimals(where):
    """+ - * / % of DECIMALs: exact, with the precision and scale that the language gives them, else NULL."""
    rng = random.Random(SEED)
    for _ in range(8):
        (p1, s1), (p2, s2) = rng.choice(SHAPES), rng.choice(SHAPES)
        pairs = [(random_decimal(rng, p1, s1), random_decimal(rng, p2, s2)) for _ in range(VALUES // 8)]
        s, sd = max(s1, s2), max(6, s1 + p2 + 1)
        whole = min(p1 - s1, p2 - s2) + s
        select = "a + b AS plus, a - b AS minus, a * b AS times, a / b AS quot" + (", a % b AS rest" if whole else "")
        rows = rows_of(where, "decimals", f"a DECIMAL({p1}, {s1}), b DECIMAL({p2}, {s2})",
                       [f'{{"a": {plain(a, s1)}, "b": {plain(b, s2)}}}' for a, b in pairs], select)
        for (a, b), row in zip(pairs, rows):
            wide = max(p1 - s1, p2 - s2) + s + 1
            want = {"plus": result(a + b, wide, s), "minus": result(a - b, wide, s),
                    "times": result(a * b, p1 + p2 + 1, s1 + s2),
                    "quot": result(a / b, p1 - s1 + s2 + sd, sd) if b else None}
            if whole:
                cut = int(a / b) if b else 0
                want["rest"] = result(a - b * cut, whole, s) if b else None
            assert row == want, f"{a} and {b}: {row}, not {want}"


def java_text(x):
    """A DOUBLE as Java prints it: the fewest digits that tell it apart, with an exponent from 1E7 and below 1E-3."""
    if x == 0:
        return "-0.0" if str(x).startswith("-") else "0.0"
    sign, body = ("-" if x < 0 else ""), repr(abs(x))
    mantissa, _, exponent = body.partition("e")
    whole, _, part = mantissa.partition(".")
    digits, point = whole + part, len(whole) + int(exponent or 0)
    point -= len(digits) - len(digits.lstrip("0"))
    digits = digits.lstrip("0").rstrip("0")
    if not 1e-3 <= abs(x) < 1e7:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    digits = digits.ljust(point, "0")
    return f"{sign}{digits[:point]}.{digits[point:] or '0'}"


def test_doubles(where):
    """A DOUBLE is read to the nearest one and printed with the fewest digits."""
    rng = random.Random(SEED)
    values = [0.0, -0.0, 1e-3, 9.999e-4, 1e7, 9999999.0, 1e23, 5e-320]
    while len(values) < VALUES:
        x = struct.unpack("<d", rng.getrandbits(64).to_bytes(8, "little"))[0]
        if x == x and 1e-300 < abs(x) < float("inf"):
            values.append(x)
        values.append(round(rng.uniform(-1e6, 1e6), rng.randint(0, 6)))
    values = [x for x in values if x == 0 or abs(x) > 1e-300]
    rows = rows_of(where, "doubles", "x DOUBLE", [f'{{"x": {x!r}}}' for x in values], "x AS x, CAST(x AS STRING) AS t")
    for x, row in zip(values, rows):
        assert row == {"x": java_text(x), "t": java_text(x)}, f"{x!r}: {row}, not {java_text(x)}"


def test_days(where):
    """The calendar from year 1 to 9999: days to texts and back, parts by patterns, one month on."""
    rng = random.Random(SEED)
    epoch, last = datetime.date(1970, 1, 1), datetime.date(9998, 12, 31)
    days = [rng.randrange((datetime.date(1, 1, 1) - epoch).days, (last - epoch).days) for _ in range(VALUES)]
    rows = rows_of(where, "days", "d INT", [f'{{"d": {d}}}' for d in days],
                   "FORMAT_DATE(FROM_DAYS(d), 'yyyy-MM-dd EEE DDD') AS t, "
                   "UNIX_DATE(PARSE_DATE(FORMAT_DATE(FROM_DAYS(d), 'uuuu/M/d'), 'uuuu/M/d')) AS back")
    for d, row in zip(days, rows):
        day = epoch + datetime.timedelta(days=d)
        text = f"{day.year:04d}-{day:%m-%d} {day:%a} {day:%j}"
        assert row == {"t": text, "back": str(d)}, f"{d}: {row}, not {text}"


def test_instants(where):
    """Instants to ISO texts and back, to the millisecond."""
    rng = random.Random(SEED)
    epoch = datetime.datetime(1970, 1, 1)
    instants = [rng.randrange(-62135596800000, 253402300800000) for _ in range(VALUES)]
    rows = rows_of(where, "instants", "ms BIGINT", [f'{{"ms": {ms}}}' for ms in instants],
                   "CAST(FROM_UNIXTIME(ms) AS STRING) AS t, "
                   "UNIX_TIMESTAMP(CAST(CAST(FROM_UNIXTIME(ms) AS STRING) AS TIMESTAMP)) AS back")
    for ms, row in zip(instants, rows):
        t = epoch + datetime.timedelta(milliseconds=ms)
        text = f"{t.year:04d}-{t:%m-%dT%H:%M:%S}.{t.microsecond // 1000:03d}"
        assert row == {"t": text, "back": str(ms)}, f"{ms}: {row}, not {text}"


if __name__ == "__main__":
    print(f"SEED={SEED}")
    harness.main()
