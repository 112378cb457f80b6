"""The kinds of queries. Each function makes one on a changelog: a Query, or None where the changelog does not allow it."""
import windows
from pairs import Expressions, aggregates

JOINS = ("JOIN", "INNER JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL OUTER JOIN")


class Query:
    """weir, lite: the texts. kinds: how to compare each column. keys: the key's columns; None: rows of a stream, in any order.
    steady: the answer does not depend on the order in which the topics are read. before: statements that it needs.
    ranked: the rows' key is their place."""

    def __init__(self, weir, lite, kinds, keys, steady=True, rows=None, ranked=False):
        self.weir, self.lite, self.kinds, self.keys, self.steady, self.rows = weir, lite, kinds, keys, steady, rows
        self.before, self.ranked, self.ordered = [], ranked, False


def listed(columns):
    """(Weir's list, SQLite's list) of [(name, Weir's text, SQLite's text)]."""
    return tuple(", ".join(f"{c[i]} AS {c[0]}" for c in columns) for i in (1, 2))


def expressions(rng, x):
    return [(f"c{i}", *rng.choice((x.number, x.words))()) for i in range(rng.randrange(1, 4))]


def project(rng, x, source, key, keys, steady=True, ranked=False):
    """SELECT key, expressions FROM source WHERE …; key: [(name, weir, lite)]."""
    columns = key + expressions(rng, x)
    where = x.where()
    weir, lite = listed(columns)
    return Query(f"SELECT {weir} FROM {source[0]} WHERE {where[0]}", f"SELECT {lite} FROM {source[1]} WHERE {where[1]}",
                 {c[0]: "text" for c in columns}, keys, steady, ranked=ranked)


def chosen(rng, x, order, tie):
    """COUNT(*) and some other aggregates as named columns, and their kinds."""
    every = aggregates(x, order, tie)
    picked = every[:1] + rng.sample(every[1:], rng.randrange(1, 6))
    return [(f"a{i}" if i else "n", w, q) for i, (w, q, _) in enumerate(picked)], {
        f"a{i}" if i else "n": kind for i, (_, _, kind) in enumerate(picked)}


def group_keys(rng, x):
    pick = rng.randrange(8)
    if pick == 0:
        return [("k0", *x.column("g"))]
    if pick == 1:
        return [("k0", *x.column("h"))]
    if pick == 2:
        return [("k0", *x.column("g")), ("k1", *x.column("h"))]
    if pick == 3:
        return [("k0", *x.combine("({0} + {1})", x.column("h"), x.number(1)))]
    if pick == 4:
        return [("k0", *x.date())]
    if pick == 5:
        number = x.combine("({0} + {1})", x.column("h"), x.number(2))
        return [("k0", *number), ("k1", *x.words(0)), ("k2", *x.column("dy"))]
    return [("k0", *x.words(1))]


def having_of(rng, x):
    pick = rng.randrange(8)
    if pick > 4:
        return "", ""
    if pick == 2:
        return x.combine(" HAVING MIN({0}) < 0 OR COUNT({1}) = 2", x.column("v"), x.column("s"),
                         lite_form=" HAVING COALESCE(MIN({0}) < 0, 0) OR COUNT({1}) = 2")
    if pick == 3:
        return x.combine(" HAVING NOT (MAX({0}) > 50 AND AVG({1}) < 1e0)", x.number(1), x.column("x"),
                         lite_form=" HAVING NOT (COALESCE(MAX({0}) > 50, 0) AND COALESCE(AVG({1}), 0.0) < 1e0)")
    if pick == 4:
        return x.combine(" HAVING SUM({0}) > 100.00 AND COUNT(*) BETWEEN 1 AND 9", x.cents(),
                         lite_form=" HAVING COALESCE(SUM({0}), 0) > 10000 AND COUNT(*) BETWEEN 1 AND 9")
    if pick == 0:
        return (" HAVING COUNT(*) > 2",) * 2
    most = rng.randrange(0, 2000)
    return x.combine(f" HAVING SUM({{0}}) > {most}", x.number(1), lite_form=f" HAVING COALESCE(SUM({{0}}), 0) > {most}")


def group(rng, x, source, order=None, tie=None, steady=True):
    """SELECT keys, aggregates FROM source WHERE … GROUP BY keys HAVING …"""
    keys = group_keys(rng, x)
    columns, kinds = chosen(rng, x, order, tie)
    where, having = x.where(), having_of(rng, x)
    weir, lite = listed(keys + columns)
    no_null = " AND ".join(f"{k[2]} IS NOT NULL" for k in keys)
    return Query(f"SELECT {weir} FROM {source[0]} WHERE {where[0]} GROUP BY {', '.join(k[1] for k in keys)}{having[0]}",
                 f"SELECT {lite} FROM {source[1]} WHERE ({where[1]}) AND {no_null} GROUP BY {', '.join(k[2] for k in keys)}{having[1]}",
                 {**{k[0]: "text" for k in keys}, **kinds}, [k[0] for k in keys], steady)


# ---------------------------------------------------------------- one source

def table_rows(log, rng):
    name = rng.choice("tuk")
    return project(rng, Expressions(rng), (name, name), [("id", "id", "id")], ["id"])


def stream_rows(log, rng):
    name = rng.choice("ef")
    return project(rng, Expressions(rng), (name, name), [("id", "id", "id")], None)


def known_order(log, name):
    """SQLite's column of the order in which the rows come, where one partition makes it known. A query that ends sees a table's rows
    as they are, in the order of their keys."""
    return "n_" if log.parts[name] == 1 and not (log.to == "stdout" and name in log.changes) else None


def table_groups(log, rng):
    name = rng.choice("tuk")
    return group(rng, Expressions(rng), (name, name), known_order(log, name), "id")


def stream_groups(log, rng):
    name = rng.choice("ef")
    order = known_order(log, name)
    return group(rng, Expressions(rng), (name, name), order, order)


# ------------------------------------------------------------------- windows

def window_of(log, rng, final):
    """(clause, function of rows to (n_, start, end), whether it is a session)."""
    pick = rng.randrange(3)
    size, grace = rng.choice((2000, 7000, 20000)), rng.choice((None, 0, 1000, 30000))
    tail = f", GRACE PERIOD {grace} MILLISECONDS" if grace is not None else ""
    wait = grace if grace is not None else 0 if final else max(0, windows.DAY - size)
    if pick == 0:
        return f"SESSION ({size} MILLISECONDS{tail})", lambda rows: windows.sessions(rows, size, wait), True
    advance = size if pick == 1 else rng.choice((size // 2, size // 3, 1500))
    clause = f"TUMBLING (SIZE {size} MILLISECONDS{tail})"
    if pick == 2:
        clause = f"HOPPING (SIZE {size} MILLISECONDS, ADVANCE BY {advance} MILLISECONDS{tail})"
    return clause, lambda rows: windows.fixed(rows, size, advance, wait), False


def windowed(log, rng):
    name, x, final = rng.choice("ef"), Expressions(rng), rng.random() < .3
    clause, assign, session = window_of(log, rng, final)
    if session and log.late and log.parts[name] > 1:
        return None         # what is late depends on how the partitions come in
    order = known_order(log, name) if not session or not log.late else None     # merged sessions stand in the order of their times
    keys, where, having = group_keys(rng, x), x.where(.4), having_of(rng, x)
    columns, kinds = chosen(rng, x, order, order)
    weir, lite = listed(keys + columns)
    picked = " || '|' || ".join(k[2] for k in keys)
    rows = log.db.execute(f"SELECT n_, {picked} AS k_, ts_, ptime_ FROM {name} WHERE ({where[1]}) AND k_ IS NOT NULL ORDER BY n_")
    return Query(f"SELECT {weir} FROM {name} WINDOW {clause} WHERE {where[0]} GROUP BY {', '.join(k[1] for k in keys)}{having[0]}"
                 + (" EMIT FINAL" if final else ""),
                 f"SELECT windowstart, windowend, {lite} FROM w_ JOIN {name} ON n_ = m_ "
                 f"GROUP BY windowstart, windowend, {', '.join(k[2] for k in keys)}{having[1]}",
                 {"windowstart": "text", "windowend": "text", **{k[0]: "text" for k in keys}, **kinds},
                 ["windowstart", "windowend"] + [k[0] for k in keys], rows=list(assign(rows.fetchall())))


# --------------------------------------------------------------------- joins

def one_or_both(rng, source, key, keys, names, steady=True):
    """Rows of a join, or its groups."""
    x = Expressions(rng, names)
    if rng.random() < .6:
        return project(rng, x, source, key, keys, steady)
    return group(rng, x, source, steady=steady)


def tables_joined(log, rng):
    left, right = rng.choice("tuk"), rng.choice("tuk")        # the same: a self join
    kind = rng.choice(JOINS)
    source = f"{left} a {kind} {right} b ON a.id = b.id"
    key = "ROWKEY" if kind.startswith("FULL") else "b.id" if kind.startswith("RIGHT") else "a.id"
    return one_or_both(rng, (source,) * 2, [("id", key, key.replace("ROWKEY", "COALESCE(a.id, b.id)"))], ["id"], ("a", "b"))


def several_tables(log, rng):
    kinds = [rng.choice(JOINS[:3]) for _ in range(2)]
    names = rng.sample("tuk", 3)
    source = f"{names[0]} a {kinds[0]} {names[1]} b ON a.id = b.id {kinds[1]} {names[2]} c ON a.id = c.id"
    return one_or_both(rng, (source,) * 2, [("id", "a.id", "a.id")], ["id"], ("a", "b", "c"))


def foreign_key(log, rng):
    left, right = rng.choice("tuk"), rng.choice("tuk")
    source = f"{left} a {rng.choice(JOINS[:3])} {right} b ON a.r = b.id"
    return one_or_both(rng, (source,) * 2, [("id", "a.id", "a.id")], ["id"], ("a", "b"))


def stream_table(log, rng):
    name, right = rng.choice("ef"), rng.choice("tuk")
    source = f"{name} a {rng.choice(JOINS[:3])} {right} b ON a.r = b.id"
    names, key = ("a", "b"), [("r", "a.r", "a.r"), ("id", "a.id", "a.id")]
    if rng.random() < .3:
        source, names = source + f" {rng.choice(JOINS[:3])} {rng.choice('tuk')} c ON a.r = c.id", ("a", "b", "c")
    return one_or_both(rng, (source,) * 2, key, None, names, steady=False)


def streams_joined(log, rng):
    left, right = rng.choice("ef"), rng.choice("ef")
    before, after = rng.choice((0, 1000, 5000, 20000)), rng.choice((0, 1000, 5000, 20000))
    within = f"({before} MILLISECONDS, {after} MILLISECONDS)"
    if before == after and rng.random() < .5:
        within = f"{before} MILLISECONDS"
    kind, grace = rng.choice(JOINS), ""
    if kind not in JOINS[:2] and log.to != "stdout" or rng.random() < .5:
        grace = f" GRACE PERIOD {log.late + rng.choice((0, 1000, 10000))} MILLISECONDS"
    on, span = rng.choice(("h", "r", "g")), f"b.ts_ BETWEEN a.ts_ - {before} AND a.ts_ + {after}"
    key = "ROWKEY" if kind.startswith("FULL") else f"b.{on}" if kind.startswith("RIGHT") else f"a.{on}"
    columns = [("j", key, f"COALESCE(a.{on}, b.{on})"), ("ia", "a.id", "a.id"), ("ib", "b.id", "b.id")]
    q = one_or_both(rng, (f"{left} a {kind} {right} b WITHIN {within}{grace} ON a.{on} = b.{on}",
                          f"{left} a {kind} {right} b ON a.{on} = b.{on} AND {span}"), columns, None, ("a", "b"))
    if kind.startswith("RIGHT") and log.to != "stdout":     # the dialect: the left column of ON, shown as it is, is the key of the result
        q.lite = q.lite.replace(f", a.{on} AS c", f", b.{on} AS c")
    return q


# ------------------------------------------------------------ queries in queries

def nested(log, rng):
    """Rows or groups of a table as a derived table or CTE, grouped or projected once more."""
    name, inner = rng.choice("tuk"), Expressions(rng)
    columns = [("id", "id", "id"), ("h", *inner.number()), ("v", *inner.number()), ("g", *inner.words()), ("s", *inner.words()),
               ("d", "d", "d"), ("x", "x", "x"), ("i", "i", "i"), ("dy", "dy", "dy"), ("r", "r", "r")]
    where, (weir, lite) = inner.where(), listed(columns)
    q = f"SELECT {weir} FROM {name} WHERE {where[0]}", f"SELECT {lite} FROM {name} WHERE {where[1]}"
    if rng.random() < .4:
        q = grouped_inner(rng, name, inner, where)
        outer = group(rng, Narrow(rng), ("q", "q"))
    elif rng.random() < .5:
        outer = group(rng, Expressions(rng), ("q", "q"), tie="id")
    else:
        outer = project(rng, Expressions(rng), ("q", "q"), [("id", "id", "id")], ["id"])
    if rng.random() < .5:
        outer.weir = f"WITH q AS ({q[0]}) {outer.weir}"
    else:
        outer.weir = outer.weir.replace(" FROM q ", f" FROM ({q[0]}) q ", 1)
    outer.lite = f"WITH q AS ({q[1]}) {outer.lite}"
    return outer


class Narrow(Expressions):
    """Over the columns that grouped_inner has."""

    def column(self, c):
        return super().column({"r": "h", "id": "h"}.get(c, c))


def grouped_inner(rng, name, inner, where):
    """A group that is empty now is a row still, unless HAVING takes it away."""
    columns = [("h", "h", "h"), ("v", "SUM(v)", "COALESCE(SUM(v), 0)"), ("g", "MIN(g)", "MIN(g)"), ("s", "MAX(s)", "MAX(s)"),
               ("d", "SUM(d)", "COALESCE(SUM(d), 0)"), ("x", "MAX(x)", "MAX(x)"), ("i", "MIN(i)", "MIN(i)"), ("dy", "MIN(dy)", "MIN(dy)")]
    weir, lite = listed(columns)
    tail = " GROUP BY h HAVING COUNT(*) > 0"
    return f"SELECT {weir} FROM {name} WHERE {where[0]}{tail}", f"SELECT {lite} FROM {name} WHERE ({where[1]}) AND h IS NOT NULL{tail}"


KINDS = {"table_rows": 2, "stream_rows": 1, "table_groups": 6, "stream_groups": 3, "windowed": 5, "tables_joined": 3,
         "several_tables": 1, "foreign_key": 2, "stream_table": 2, "streams_joined": 2, "nested": 2}
