"""The aggregates that SQLite has not, as functions that it calls. Lists and maps come back as JSON."""
import datetime
import json
import math
import re
from fractions import Fraction


def date(days):
    return days if days is None else (datetime.date(1970, 1, 1) + datetime.timedelta(days)).isoformat()


def aggregate(compute):
    """A function of all rows' arguments as an aggregate for sqlite3."""
    class Rows:
        def __init__(self):
            self.rows = []

        def step(self, *arguments):
            self.rows.append(arguments)

        def finalize(self):
            return compute(self.rows)
    return Rows


def ordered_values(rows):
    return [v for _, v in sorted(rows, key=lambda row: row[0])]


def topk(rows):
    return json.dumps(sorted((v for _, v in rows if v is not None), reverse=True, key=sort_key)[:rows[0][0]])


def sort_key(value):
    return value.encode() if isinstance(value, str) else value


def topk_distinct(rows):
    return json.dumps(sorted({v for _, v in rows if v is not None}, reverse=True, key=sort_key)[:rows[0][0]])


def topk_struct(rows):
    kept = sorted((row for row in rows if row[2] is not None), key=lambda row: (-row[2], row[1]))[:rows[0][0]]
    return json.dumps([{"sort_col": v, **{f"col{i}": c for i, c in enumerate(more)}} for _, _, v, *more in kept])


def collect_list(rows):
    return json.dumps(ordered_values(rows))


def collect_set(rows):
    return json.dumps(list(dict.fromkeys(ordered_values(rows))))


def by_offset(last):
    def compute(rows):
        count, nulls = rows[0][:2]
        values = [v for v in ordered_values([row[2:] for row in rows]) if nulls or v is not None]
        values = values[-(count or 1):] if last else values[:count or 1]
        return json.dumps(values) if count else values[0] if values else None
    return compute


def histogram(rows):
    counts = {}
    for v, in rows:
        if v is not None:
            counts[v] = counts.get(v, 0) + 1
    return json.dumps(counts)


def attr(rows):
    return rows[0][0] if len(set(rows)) == 1 else None


def spread(values):
    mean = sum(values) / len(values)
    return sum((v - mean) ** 2 for v in values)


def variance(rows):
    values = [Fraction(v) for v, in rows if v is not None]
    return float(spread(values) / (len(values) - 1)) if len(values) > 1 else 0.0


def deviation(rows):
    return math.sqrt(variance(rows))


def correlation(rows):
    pairs = [(Fraction(x), Fraction(y)) for x, y in rows if x is not None and y is not None]
    if len(pairs) < 2:
        return "NaN"
    n, sx, sy = len(pairs), sum(x for x, _ in pairs), sum(y for _, y in pairs)
    both = spread([x for x, _ in pairs]) * spread([y for _, y in pairs])
    return float(sum(x * y for x, y in pairs) - sx * sy / n) / math.sqrt(both) if both else "NaN"


ALL = {"TOPK": topk, "TOPKDISTINCT": topk_distinct, "TOPK_STRUCT": topk_struct, "COLLECT_LIST": collect_list,
       "COLLECT_SET": collect_set, "EARLIEST": by_offset(False), "LATEST": by_offset(True), "HISTOGRAM": histogram, "ATTR": attr,
       "VARIANCE": variance, "DEVIATION": deviation, "CORRELATION": correlation}


def pad(left):
    def compute(text, n, fill):
        if text is None:
            return None
        more = (fill * n)[:max(0, n - len(text))]
        return (more + text if left else text + more)[:n]
    return compute


def of_text(compute):
    return lambda text: None if text is None else compute(text)


def initcap(text):
    return re.sub(r"\S+", lambda word: word[0][0].upper() + word[0][1:].lower(), text.lstrip())     # blanks before the first word go


SCALAR = {"UCASE": (1, of_text(str.upper)), "LCASE": (1, of_text(str.lower)), "INITCAP": (1, of_text(initcap)), "LPAD": (3, pad(True)),
          "RPAD": (3, pad(False)), "FIRST_PART": (1, of_text(lambda text: text.split(",")[0]))}


def functions(db):
    for name, (count, compute) in SCALAR.items():
        db.create_function(name, count, compute, deterministic=True)
    for name, compute in ALL.items():
        db.create_aggregate(name, -1, aggregate(compute))
