"""More queries on a changelog (pairs.py): queries in expressions, DISTINCT, ORDER BY … LIMIT, tables with several key columns, topics
between queries (CREATE … AS, INSERT INTO from two), changes as a stream, EXPLODE. Each function gives a Query, as in queries.py."""
import queries
import windows
from pairs import COLUMNS, Expressions
from queries import JOINS, Query, group, listed, project

KEYS = {"t": ["id"], "u": ["id"], "k": ["id"], "m": ["id", "h"]}
PLAIN = [c for c, _ in COLUMNS]


class Where(Expressions):
    """Expressions whose WHERE is given."""

    def __init__(self, rng, names, condition):
        super().__init__(rng, names)
        self.given = condition

    def where(self, share=.6):
        return self.given


def named_keys(name, alias=""):
    return [(k, alias + k, alias + k) for k in KEYS[name]]


def either(rng, x, source, name, alias="", steady=True):
    """Rows or groups of a table."""
    if rng.random() < .6:
        return project(rng, x, source, named_keys(name, alias), KEYS[name], steady)
    return group(rng, x, source, steady=steady)


# ------------------------------------------------------------------ values of all types

def typed(log, rng):
    name, x = rng.choice("tukmef"), Expressions(rng)
    keys = KEYS.get(name)
    columns, kinds = [(k, k, k) for k in keys or ["id"]], {}
    for i in range(rng.randrange(2, 7)):
        make, kind = rng.choice(((x.number, "text"), (x.words, "text"), (x.real, "real"), (x.cents, "cents"), (x.date, "text"),
                                 (x.condition, "truth")))
        columns.append((f"c{i}", *make()))
        kinds[f"c{i}"] = kind
    where, (weir, lite) = x.where(), listed(columns)
    return Query(f"SELECT {weir} FROM {name} WHERE {where[0]}", f"SELECT {lite} FROM {name} WHERE {where[1]}",
                 {c[0]: kinds.get(c[0], "text") for c in columns}, keys)


# ---------------------------------------------------- tables with two key columns

def two_keys(log, rng):
    return either(rng, Expressions(rng), ("m", "m"), "m")


def two_keys_joined(log, rng):
    kind, pick = rng.choice(JOINS[:3]), rng.randrange(3)
    right, on = ("m", "a.id = b.id AND a.h = b.h") if pick == 0 else (rng.choice("tuk"), f"a.{rng.choice(('id', 'h', 'r'))} = b.id")
    source = f"m a {kind} {right} b ON {on}"
    return either(rng, Expressions(rng, ("a", "b")), (source, source), "m", "a.")


# --------------------------------------------------------- queries in expressions

def inner_query(rng, column):
    """(Weir's, SQLite's text) behind SELECT: a table as b, and what it has to do with a."""
    name, x = rng.choice("tukm"), Expressions(rng, ("b",))
    weir, lite = x.where(.5)
    if rng.random() < .4:
        c = rng.choice("hgr")
        weir, lite = f"({weir}) AND b.{c} = a.{c}", f"({lite}) AND b.{c} = a.{c}"
    return f"SELECT {column} FROM {name} b WHERE {weir}", f"SELECT {{}} FROM {name} b WHERE {lite}"


def in_test(rng):
    mine, other = rng.choice((("h", "h"), ("r", "id"), ("g", "g"), ("v", "v"), ("s", "s")))
    weir, lite = inner_query(rng, "b." + other)
    lite = lite.format("b." + other) + f" AND b.{other} IS NOT NULL"
    if rng.random() < .5:
        return f"a.{mine} IN ({weir})", f"COALESCE(a.{mine} IN ({lite}), 0)"
    return f"a.{mine} NOT IN ({weir})", f"(a.{mine} IS NOT NULL AND a.{mine} NOT IN ({lite}))"


def exists_test(rng):
    weir, lite = inner_query(rng, "*")
    no = rng.choice(("", "NOT "))
    return f"{no}EXISTS ({weir})", f"{no}EXISTS ({lite.format('*')})"


def value(rng):
    """An aggregate over the inner rows; NULL where there are none, but COUNT 0."""
    f = rng.choice(("MIN(b.v)", "MAX(b.v)", "COUNT(*)", "COUNT(b.v)", "SUM(b.v)", "SUM(b.i)"))
    weir, lite = inner_query(rng, f)
    if f.startswith("SUM"):
        f = f"CASE WHEN COUNT(*) > 0 THEN COALESCE({f}, 0) END"
    return f"({weir})", f"({lite.format(f)})"


def value_test(rng, x):
    op = rng.choice(("=", "<", ">", "<>", ">=", "<="))
    a, b = x.column(rng.choice("vh")), value(rng)
    return f"{a[0]} {op} {b[0]}", f"COALESCE({a[1]} {op} {b[1]}, 0)"


def inner_test(rng, x):
    pick = rng.randrange(3)
    return in_test(rng) if pick == 0 else exists_test(rng) if pick == 1 else value_test(rng, x)


def with_queries(log, rng):
    name, x = rng.choice("tukmef"), Expressions(rng, ("a",))
    test = inner_test(rng, x)
    if rng.random() < .6:
        test = x.combine(f"({{0}}) {rng.choice(('AND', 'OR'))} ({{1}})", x.condition(), inner_test(rng, x) if rng.random() < .3 else test)
    if rng.random() < .2:
        test = x.combine("NOT ({0})", test)
    source, x = (f"{name} a",) * 2, Where(rng, ("a",), test)
    if name in "ef":
        return project(rng, x, source, [("id", "a.id", "a.id")], None, False)
    return either(rng, x, source, name, "a.")


def with_values(log, rng):
    name, x = rng.choice("tukmef"), Expressions(rng, ("a",))
    keys = KEYS.get(name)
    columns = [(k, "a." + k, "a." + k) for k in keys or ["id"]]
    for i in range(rng.randrange(1, 3)):
        columns.append((f"c{i}", *value(rng)))
    where = x.where()
    weir, lite = listed(columns)
    return Query(f"SELECT {weir} FROM {name} a WHERE {where[0]}", f"SELECT {lite} FROM {name} a WHERE {where[1]}",
                 {c[0]: "text" for c in columns}, keys, steady=bool(keys))


# -------------------------------------------------------------- DISTINCT, ORDER BY

def distinct(log, rng):
    name, x = rng.choice("tukmef"), Expressions(rng)
    columns = queries.expressions(rng, x)
    where, (weir, lite) = x.where(), listed(columns)
    names = [c[0] for c in columns]
    return Query(f"SELECT DISTINCT {weir} FROM {name} WHERE {where[0]}", f"SELECT DISTINCT {lite} FROM {name} WHERE {where[1]}",
                 {c: "text" for c in names}, names if name in KEYS else None)


def order_of(rng, choices, last):
    """The two texts from ORDER BY on: equal rows come by `last`."""
    by = [f"{c} {rng.choice(('', 'ASC', 'DESC'))}" for c in rng.sample(choices, min(len(choices), rng.randrange(1, 3)))]
    count = f"LIMIT {rng.randrange(1, 9)}" + (f" OFFSET {rng.randrange(1, 5)}" if rng.random() < .4 else "")
    return f" ORDER BY {', '.join(by)} {count}", f" ORDER BY {', '.join(by + last)} {count}"


def top(log, rng):
    """The first rows of a table, of a stream, or of groups."""
    if rng.random() < .4:
        name = rng.choice("tukmef")
        q = group(rng, Expressions(rng), (name, name))
        if "HAVING" not in q.weir:
            q.weir, q.lite = q.weir + " HAVING COUNT(*) > 0", q.lite + " HAVING COUNT(*) > 0"
        if "COUNT(*) >" not in q.weir:
            return None
        tail = order_of(rng, ["n"], q.keys)
    else:
        name = rng.choice("tukm")
        q = project(rng, Expressions(rng), (name, name), named_keys(name), KEYS[name])
        tail = order_of(rng, ["h", "v", "g", "s", "x", "d"], q.keys)
    q.weir, q.lite = q.weir + tail[0], q.lite + tail[1]
    return q


def top_of_stream(log, rng):
    name = rng.choice("ef")
    q = project(rng, Expressions(rng), (name, name), [("id", "id", "id")], ["id"])
    tail = order_of(rng, ["h", "v", "g", "s", "x", "d"], [])
    extra = [", id" + tail[0][tail[0].index(" LIMIT"):]] * 2
    head = tail[0][:tail[0].index(" LIMIT")]
    q.weir, q.lite, q.ranked = q.weir + head + extra[0], q.lite + head + extra[1], True
    return q


# ------------------------------------------------------------------------- chains

def new_name(log):
    log.made = getattr(log, "made", 0) + 1
    return f"z{log.made}"


def same_columns(rng, key=("id",)):
    """All columns once more, some of them computed."""
    x = Expressions(rng)
    out = [(c, c, c) for c in PLAIN]
    for i, (c, _, _) in enumerate(out):
        if c not in key and c in "vhgs" and rng.random() < .4:
            out[i] = (c, *(x.combine("CAST({0} AS BIGINT)", x.number(), lite_form="({0})") if c in "vh" else x.words()))
    return out, x.where()


def made(log, rng, kind, sources, key=("id",)):
    """A relation that one query fills, or several: (its name, the statements, SQLite's WITH element)."""
    name, statements, parts = new_name(log), [], []
    for i, source in enumerate(sources):
        columns, where = same_columns(rng, key)
        weir, lite = listed(columns)
        more = "" if kind == "STREAM" else rng.choice(("KEY_FORMAT='JSON', ", "KEY_FORMAT='JSON', PARTITIONS=3, "))
        head = f"INSERT INTO {name}" if i else f"CREATE {kind} {name} WITH ({more}VALUE_FORMAT='JSON') AS"
        statements.append(f"{head} SELECT {weir} FROM {source} WHERE {where[0]}")
        parts.append(f"SELECT {lite} FROM {source} WHERE {where[1]}")
    return name, statements, f"{name} AS ({' UNION ALL '.join(parts)})"


def grouped(log, rng, source):
    name, x = new_name(log), Expressions(rng)
    weir, lite = queries.grouped_inner(rng, source, x, x.where())
    return name, [f"CREATE TABLE {name} WITH (KEY_FORMAT='JSON', VALUE_FORMAT='JSON') AS {weir}"], f"{name} AS ({lite})"


def behind(query, made_ones):
    query.before = [s for _, statements, _ in made_ones for s in statements]
    query.lite = f"WITH {', '.join(m[2] for m in made_ones)} {query.lite}"
    return query


def chain(log, rng):
    source, links = rng.choice("tuk"), []
    for _ in range(rng.randrange(1, 4)):
        links.append(made(log, rng, "TABLE", [links[-1][0] if links else source]))
    last, pick = links[-1][0], rng.randrange(4)
    if pick == 0:
        links.append(grouped(log, rng, last))
        x = queries.Narrow(rng)
        q = group(rng, x, (links[-1][0],) * 2)
    elif pick == 1:
        right = rng.choice("tuk")
        joined = f"{last} a {rng.choice(JOINS[:3])} {right} b ON a.{rng.choice(('id', 'r', 'h'))} = b.id"
        q = either(rng, Expressions(rng, ("a", "b")), (joined, joined), "t", "a.")
    elif pick == 2:
        joined = f"{rng.choice('tuk')} a {rng.choice(JOINS[:3])} {last} b ON a.{rng.choice(('id', 'r', 'h'))} = b.id"
        q = either(rng, Expressions(rng, ("a", "b")), (joined, joined), "t", "a.")
    else:
        q = either(rng, Expressions(rng), (last, last), "t")
    return behind(q, links)


class Sided(Expressions):
    """Columns of a; or of b, which has those of grouped_inner."""

    def column(self, c):
        if self.rng.random() < .5:
            return (f"a.{c}",) * 2
        c = {"r": "h", "id": "h"}.get(c, c)
        return (f"b.{c}",) * 2


def with_groups(log, rng):
    """A table joined with groups, of itself perhaps, on a foreign key or on its own."""
    link = grouped(log, rng, rng.choice("tukef"))
    name = rng.choice("tuk")
    joined = f"{name} a {rng.choice(JOINS[:3])} {link[0]} b ON a.{rng.choice(('h', 'r', 'id'))} = b.h"
    return behind(either(rng, Sided(rng, ("a", "b")), (joined, joined), "t", "a."), [link])


def two_sources(log, rng):
    link = made(log, rng, "STREAM", ["e", "f"] if rng.random() < .7 else ["e", "e", "f"])
    if rng.random() < .5:
        q = project(rng, Expressions(rng), (link[0],) * 2, [("id", "id", "id")], None)
    else:
        q = group(rng, Expressions(rng), (link[0],) * 2)
    return behind(q, [link])


# ------------------------------------------------- queries in FROM, one in the other

SHOWN = {"id": "text", "g": "text", "h": "text", "v": "text", "i": "text", "d": "cents", "x": "near", "s": "text", "r": "text", "dy": "text"}


class Rows:
    """A relation with all columns: the two texts that stand in FROM, the columns of its key (None: a stream)."""

    def __init__(self, weir, lite, keys, steady=True):
        self.weir, self.lite, self.keys, self.steady = weir, lite, keys, steady


def picked_columns(rng, x, keys):
    """All columns again, `keys` as they are: (Weir's list, SQLite's list)."""
    out = []
    for c in PLAIN:
        pair = x.column(c)
        if c not in keys and rng.random() < .3:
            v, h = x.column("v"), x.column("h")
            pair = {"v": lambda: x.combine(rng.choice(("({0} + 3)", "({0} - {1})", "COALESCE({1}, {0})", "NULLIF({0}, {1})")), v, h),
                    "h": lambda: x.combine("(CASE WHEN {0} THEN {1} ELSE {2} END)", x.condition(1), h, v),
                    "g": lambda: x.words(1), "s": lambda: x.words(1)}.get(c, lambda: pair)()
        out.append((c, *pair))
    return listed(out)


def inside(rows):
    return (rows.weir, rows.lite) if " " not in rows.weir else (f"({rows.weir})", f"({rows.lite})")


def plain_step(rng, rows):
    x, (w, q) = Expressions(rng, ("a",)), inside(rows)
    columns = picked_columns(rng, x, rows.keys or ["id"])
    where = x.where()
    if rng.random() < .3:
        where = x.combine("({0}) AND ({1})", where, inner_test(rng, x))
    asks = "SELECT" in where[0]
    return Rows(f"SELECT {columns[0]} FROM {w} a WHERE {where[0]}", f"SELECT {columns[1]} FROM {q} a WHERE {where[1]}", rows.keys,
                rows.steady and not (asks and rows.keys is None))


def distinct_step(rng, rows):
    step = plain_step(rng, rows)
    step.weir, step.lite = (t.replace("SELECT ", "SELECT DISTINCT ", 1) for t in (step.weir, step.lite))
    step.keys = step.keys and PLAIN
    return step


def group_step(rng, rows):
    key, (w, q) = rng.choice(("h", "r", "v")), inside(rows)
    where = Expressions(rng, ("a",)).where(.4)
    columns = "MIN(a.g) AS g, COUNT(*) AS h, {0}SUM(a.v){1} AS v, MAX(a.i) AS i, {0}SUM(a.d){1} AS d, MAX(a.x) AS x, MIN(a.s) AS s, " \
              "MAX(a.r) AS r, MIN(a.dy) AS dy"
    return Rows(f"SELECT a.{key} AS id, {columns.format('', '')} FROM {w} a WHERE {where[0]} GROUP BY a.{key} HAVING COUNT(*) > 0",
                f"SELECT a.{key} AS id, {columns.format('COALESCE(', ', 0)')} FROM {q} a WHERE ({where[1]}) AND a.{key} IS NOT NULL "
                f"GROUP BY a.{key} HAVING COUNT(*) > 0", ["id"], rows.steady)


def top_step(rng, rows):
    if rows.keys != ["id"]:
        return plain_step(rng, rows)
    (w, q), names = inside(rows), ", ".join(PLAIN)
    tail = order_of(rng, ["h", "v", "g", "s", "x", "d"], ["id"])
    return Rows(f"SELECT {names} FROM {w} a{tail[0]}", f"SELECT {names} FROM {q} a{tail[1]}", ["id"], rows.steady)


def join_step(rng, rows, other):
    if other.keys != ["id"] or rows.keys not in (None, ["id"]):
        return plain_step(rng, rows)
    x, (w, q), (w2, q2) = Expressions(rng, ("a", "b")), inside(rows), inside(other)
    on, kind = rng.choice(("id", "h", "r")), rng.choice(JOINS[:3])
    columns = [c.replace("b.id AS id", "a.id AS id") for c in picked_columns(rng, x, ["id"])]
    where = x.where(.4)
    return Rows(f"SELECT {columns[0]} FROM {w} a {kind} {w2} b ON a.{on} = b.id WHERE {where[0]}",
                f"SELECT {columns[1]} FROM {q} a {kind} {q2} b ON a.{on} = b.id WHERE {where[1]}", rows.keys,
                rows.steady and other.steady and rows.keys is not None)


def rows_of(rng, deep):
    if deep == 0:
        name = rng.choice("tuktukef")
        return Rows(name, name, KEYS.get(name))
    rows, pick = rows_of(rng, deep - 1), rng.randrange(8)
    if pick == 0:
        return distinct_step(rng, rows)
    if pick in (1, 2):
        return group_step(rng, rows)
    if pick == 3:
        return top_step(rng, rows)
    if pick in (4, 5):
        return join_step(rng, rows, rows_of(rng, rng.randrange(deep)))
    return plain_step(rng, rows)


def composed(log, rng):
    rows = rows_of(rng, rng.randrange(1, 5))
    if "SELECT" not in rows.weir:
        return None
    return Query(rows.weir, rows.lite, dict(SHOWN), rows.keys, rows.steady)


def both_columns(log, rng):
    """A join on two columns with a table that has both as its key."""
    left = rng.choice("tukef")
    kind, on = rng.choice(JOINS[:3]), rng.choice(("a.r = b.id AND a.h = b.h", "b.h = a.h AND a.id = b.id", "a.h = b.h AND a.v = b.id"))
    source = f"{left} a {kind} m b ON {on}"
    x = Expressions(rng, ("a", "b"))
    if left in "ef":
        return project(rng, x, (source, source), [("ia", "a.id", "a.id"), ("ib", "b.id", "b.id"), ("h", "a.h", "a.h")], None, False, True)
    return either(rng, x, (source, source), left, "a.")


def same_keys_outer(log, rng):
    """Two tables with two key columns each; a row may be on one side alone."""
    kind, (left, right) = rng.choice(JOINS), ("m", "m")
    source = f"{left} a {kind} {right} b ON a.id = b.id AND a.h = b.h"
    x = Expressions(rng, ("a", "b"))
    return project(rng, x, (source, source), [("ia", "a.id", "a.id"), ("ib", "b.id", "b.id")], None, ranked=True)


def named_twice(log, rng):
    """What WITH names, read twice."""
    rows = rows_of(rng, rng.randrange(1, 3))
    if rows.keys != ["id"] or not rows.steady or "SELECT" not in rows.weir:
        return None
    x, kind = Expressions(rng, ("a", "b")), rng.choice(JOINS)
    on = "id" if kind in JOINS[3:] else rng.choice(("id", "h", "r"))
    pick = rng.randrange(3)
    if pick == 0:
        q = project(rng, x, (f"q a {kind} q b ON a.{on} = b.id",) * 2, [("ia", "a.id", "a.id"), ("ib", "b.id", "b.id")], None, ranked=True)
    elif pick == 1:
        q = group(rng, x, (f"q a {kind} q b ON a.{on} = b.id",) * 2)
    else:
        where = Where(rng, ("a",), (f"a.h {rng.choice(('', 'NOT '))}IN (SELECT b.{on} FROM q b WHERE b.v > 5)",) * 2)
        w, lite = where.given[0], where.given[0].replace("b.v > 5", f"b.v > 5 AND b.{on} IS NOT NULL")
        where.given = w, f"(a.h IS NOT NULL AND {lite})"
        q = project(rng, where, ("q a", "q a"), [("id", "a.id", "a.id")], ["id"])
    q.weir, q.lite = f"WITH q AS ({rows.weir}) {q.weir}", f"WITH q AS ({rows.lite}) {q.lite}"
    return q


def ordered(log, rng):
    """Rows in an order that is whole."""
    name, x = rng.choice("tukmef"), Expressions(rng)
    q = project(rng, x, (name, name), named_keys(name) if name in KEYS else [("id", "id", "id")], None, ranked=True)
    by = [f"{c} {rng.choice(('', 'ASC', 'DESC'))}" for c in rng.sample(["h", "v", "g", "s", "x", "d", "dy", "i", "c0"], rng.randrange(1, 4))]
    tail = f" ORDER BY {', '.join(by)}, id {rng.choice(('', 'DESC'))}{', h' if name == 'm' else ''}"
    if rng.random() < .5:
        tail += f" LIMIT {rng.randrange(1, 12)} OFFSET {rng.randrange(0, 4)}"
    q.weir, q.lite, q.ordered = q.weir + tail, q.lite + tail, True
    return q


def nested_tests(log, rng):
    """A query in a query in WHERE, or in CASE."""
    name, other, third = (rng.choice("tukm") for _ in range(3))
    inner = f"SELECT c.h FROM {third} c WHERE c.v > {rng.randrange(0, 900)}"
    no = rng.choice(("", "NOT "))
    where = (f"a.h {no}IN (SELECT b.h FROM {other} b WHERE b.h IN ({inner}))",
             f"(a.h IS NOT NULL AND a.h {no}IN (SELECT b.h FROM {other} b WHERE COALESCE(b.h IN ({inner} AND c.h IS NOT NULL), 0) AND b.h IS NOT NULL))")
    if rng.random() < .5:
        return either(rng, Where(rng, ("a",), where), (f"{name} a",) * 2, name, "a.")
    test = inner_test(rng, Expressions(rng, ("a",)))
    columns = [(k, "a." + k, "a." + k) for k in KEYS[name]] + [
        ("c", f"CASE WHEN {test[0]} THEN a.s WHEN {where[0]} THEN 'in' ELSE 'out' END", f"CASE WHEN {test[1]} THEN a.s WHEN {where[1]} THEN 'in' ELSE 'out' END")]
    weir, lite = listed(columns)
    return Query(f"SELECT {weir} FROM {name} a", f"SELECT {lite} FROM {name} a", {c[0]: "text" for c in columns}, KEYS[name])


# --------------------------------------------------------------- changes, EXPLODE

def changes(log, rng):
    name = rng.choice("tuk")
    if log.formats[name] == "JSON":
        return None
    x, source = Expressions(rng), (f"{name}_changes",) * 2
    if rng.random() < .5:
        q = project(rng, x, source, [("id", "id", "id"), ("op", "op", "op"), ("was", "BEFORE->v", "was_v"),
                                     ("town", "BEFORE->s", "was_s")], None)
    else:
        q = group(rng, x, source)
        q.weir, q.lite = (t.replace(" GROUP BY ", " GROUP BY op, ").replace("SELECT ", "SELECT op AS op, ", 1) for t in (q.weir, q.lite))
        q.kinds["op"] = "text"
        q.keys = ["op"] + q.keys
    return q


def exploded(log, rng):
    name, x = rng.choice("ef"), Expressions(rng)
    first, second = (rng.sample(("v", "h", "r", "id"), rng.randrange(1, 4)) for _ in range(2))
    where = x.where()
    parts = []
    for i in range(max(len(first), len(second))):
        p, q = (c[i] if i < len(c) else "NULL" for c in (first, second))
        parts.append(f"SELECT id, {p} AS p, h, {q} AS q FROM {name} WHERE {where[1]}")
    return Query(f"SELECT id, EXPLODE(ARRAY[{', '.join(first)}]) AS p, h, EXPLODE(ARRAY[{', '.join(second)}]) AS q "
                 f"FROM {name} WHERE {where[0]}", " UNION ALL ".join(parts), {c: "text" for c in ("id", "p", "h", "q")}, None)


def lines_of_windows(log, rng):
    """Windows over a stream that another query has filtered: time is what has passed the filter."""
    name = rng.choice("ef")
    if log.parts[name] != 1:
        return None
    link, x, final = made(log, rng, "STREAM", [name]), Expressions(rng), rng.random() < .3
    clause, assign, _ = queries.window_of(log, rng, final)
    keys, where = queries.group_keys(rng, x), x.where(.4)
    columns, kinds = queries.chosen(rng, x, None, None)
    weir, lite = listed(keys + columns)
    picked = " || '|' || ".join(k[2] for k in keys)
    inner = link[2].replace("SELECT ", "SELECT n_, ts_, MAX(ts_) OVER (ORDER BY n_) AS ptime_, ", 1)
    rows = log.db.execute(f"WITH {inner} SELECT n_, {picked} AS k_, ts_, ptime_ FROM {link[0]} "
                          f"WHERE ({where[1]}) AND k_ IS NOT NULL ORDER BY n_").fetchall()
    q = Query(f"SELECT {weir} FROM {link[0]} WINDOW {clause} WHERE {where[0]} GROUP BY {', '.join(k[1] for k in keys)}"
              + (" EMIT FINAL" if final else ""),
              f"SELECT windowstart, windowend, {lite} FROM w_ JOIN {link[0]} ON n_ = m_ "
              f"GROUP BY windowstart, windowend, {', '.join(k[2] for k in keys)}",
              {"windowstart": "text", "windowend": "text", **{k[0]: "text" for k in keys}, **kinds},
              ["windowstart", "windowend"] + [k[0] for k in keys], rows=list(assign(rows)))
    q.before, q.lite = link[1], f"WITH {inner} {q.lite}"
    return q


def windows_grouped(log, rng):
    """The windows of a stream as rows that are grouped once more: a window that changes leaves its old row."""
    name = rng.choice("ef")
    clause, assign, session = queries.window_of(log, rng, False)
    if session and log.late and log.parts[name] > 1:
        return None
    inner, outer = Expressions(rng), rng.choice(("k", "n"))
    key, where = queries.group_keys(rng, inner)[0], inner.where(.4)
    rows = log.db.execute(f"SELECT n_, {key[2]} AS k_, ts_, ptime_ FROM {name} WHERE ({where[1]}) AND k_ IS NOT NULL ORDER BY n_").fetchall()
    weir = f"SELECT {key[1]} AS k, COUNT(*) AS n, SUM(v) AS v, MAX(s) AS s FROM {name} WINDOW {clause} WHERE {where[0]} GROUP BY {key[1]}"
    lite = (f"SELECT {key[2]} AS k, COUNT(*) AS n, COALESCE(SUM(v), 0) AS v, MAX(s) AS s FROM w_ JOIN {name} ON n_ = m_ "
            f"GROUP BY windowstart, windowend, {key[2]}")
    columns = ", ".join(("COUNT(*) AS n", "SUM(n) AS rows_", "MAX(v) AS most", "MIN(n) AS least", "COUNT(s) AS s", "COUNT_DISTINCT(v) AS other"))
    return Query(f"SELECT {outer} AS k0, {columns} FROM ({weir}) q GROUP BY {outer}",
                 f"SELECT {outer} AS k0, {columns.replace('COUNT_DISTINCT(v)', 'COUNT(DISTINCT v)')} FROM ({lite}) q GROUP BY {outer}",
                 {c: "text" for c in ("k0", "n", "rows_", "most", "least", "s", "other")}, ["k0"], rows=list(assign(rows)))


def windows_asked(log, rng):
    """The windows that a running query keeps, asked by their key, their bounds, their values."""
    name = rng.choice("ef")
    clause, assign, session = queries.window_of(log, rng, False)
    if session and log.late and log.parts[name] > 1 or "GRACE" in clause:       # what is over may be forgotten
        return None
    made_as, where = new_name(log), Expressions(rng).where(.4)
    rows = log.db.execute(f"SELECT n_, g AS k_, ts_, ptime_ FROM {name} WHERE ({where[1]}) AND k_ IS NOT NULL ORDER BY n_").fetchall()
    columns = "g AS g, COUNT(*) AS n, MAX(v) AS most, COUNT(s) AS s"
    bound, at = rng.choice(("windowstart", "windowend")), rng.randrange(0, 200000)
    asked = rng.choice(("1 = 1", "g = 'a'", "g IN ('b', 'c', 'z')", f"{bound} >= {at}", f"g = 'b' AND {bound} < {at}", "n > 1",
                        f"g = 'a' AND windowstart > {at} AND windowstart <= {at + 30000}", f"g = 'd' OR {bound} = {at - at % 1000}",
                        f"g IN ('a', 'd') AND windowstart BETWEEN {at} AND {at + 50000} AND most > 100", "NOT (g = 'a')"))
    lite = asked.replace("most > 100", "COALESCE(most > 100, 0)")
    q = Query(f"SELECT g, windowstart AS a, windowend AS b, n, most, s FROM {made_as} WHERE {asked}",
              f"WITH z AS (SELECT {columns}, windowstart, windowend FROM w_ JOIN {name} ON n_ = m_ GROUP BY windowstart, windowend, g) "
              f"SELECT g, windowstart AS a, windowend AS b, n, most, s FROM z WHERE {lite}",
              {c: "text" for c in ("g", "a", "b", "n", "most", "s")}, None, rows=list(assign(rows)), ranked=True)
    q.before = [f"CREATE TABLE {made_as} WITH (VALUE_FORMAT='JSON') AS SELECT {columns} FROM {name} WINDOW {clause} WHERE {where[0]} GROUP BY g"]
    return q


def windows_of_changes(log, rng):
    """Windows over the changes of a table, a millisecond an event."""
    name = rng.choice("tukm")
    if log.formats[name] == "JSON":
        return None
    x, size = Expressions(rng), rng.choice((1, 3, 10))
    clause = f"TUMBLING (SIZE {size} MILLISECONDS)"
    assign = lambda rows: windows.fixed(rows, size, size, windows.DAY)
    if rng.random() < .5:
        clause, assign = f"SESSION ({size} MILLISECONDS)", lambda rows: windows.sessions(rows, size, windows.DAY)
    columns, kinds = queries.chosen(rng, x, None, None)
    weir, lite = listed(columns)
    where = x.where(.4)
    rows = log.db.execute(f"SELECT n_, op AS k_, ts_, ts_ FROM {name}_changes WHERE ({where[1]}) ORDER BY n_").fetchall()
    return Query(f"SELECT op AS op, {weir} FROM {name}_changes WINDOW {clause} WHERE {where[0]} GROUP BY op",
                 f"SELECT windowstart, windowend, op, {lite} FROM w_ JOIN {name}_changes ON n_ = m_ GROUP BY windowstart, windowend, op",
                 {**{c: "text" for c in ("windowstart", "windowend", "op")}, **kinds}, ["windowstart", "windowend", "op"],
                 rows=list(assign(rows)))


def outer_chain(log, rng):
    """Outer joins behind outer joins, asked once: no column is the key of what they give."""
    names = [rng.choice("tuk") for _ in range(3)]
    if rng.random() < .4:
        names[0] = rng.choice("ef")
        source = (f"{names[0]} a {rng.choice(JOINS[:3])} {names[1]} b ON a.r = b.id "
                  f"{rng.choice(JOINS[:3])} {names[2]} c ON {rng.choice(('a.r', 'b.id', 'b.r', 'b.h', 'a.h'))} = c.id")
        x = Expressions(rng, ("a", "b", "c"))
        return project(rng, x, (source, source), [("ia", "a.id", "a.id"), ("ib", "b.id", "b.id")], None, False, True)
    second = rng.choice(("a.id = c.id", "b.id = c.id", "a.r = c.id", "b.h = c.id"))
    source = f"{names[0]} a {rng.choice(JOINS)} {names[1]} b ON a.id = b.id {rng.choice(JOINS[:3])} {names[2]} c ON {second}"
    return project(rng, Expressions(rng, ("a", "b", "c")), (source, source), [("ia", "a.id", "a.id"), ("ib", "b.id", "b.id")], None,
                   ranked=True)


KINDS = {"both_columns": 2, "same_keys_outer": 2, "named_twice": 3, "ordered": 3, "nested_tests": 3, "composed": 14, "windows_asked": 3, "windows_grouped": 3, "windows_of_changes": 2, "outer_chain": 3, "typed": 6, "two_keys": 2, "two_keys_joined": 2, "with_queries": 6, "with_values": 3, "distinct": 2, "top": 3, "top_of_stream": 1, "chain": 5,
         "with_groups": 3, "two_sources": 2, "changes": 2, "exploded": 1, "lines_of_windows": 2}
