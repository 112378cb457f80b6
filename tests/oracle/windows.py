"""Which rows fall into which window, and which come too late: the rules of tumbling, hopping and session windows, in Python."""

DAY = 86400000


def fixed(rows, size, advance, grace):
    """(n_, start, end) of rows (n_, group, time, ptime)."""
    for n, _, time, ptime in rows:
        start = max(0, (time - size + advance) // advance * advance)
        while start <= time:
            if start + size + grace > ptime:
                yield n, start, start + size
            start += advance


def sessions(rows, gap, grace):
    """The same for sessions. A row is late when even the session that it would make or lengthen is over."""
    live = {}           # group -> [[start, end, [n_]]]
    for n, group, time, ptime in rows:
        mine = live.setdefault(group, [])
        touched = [s for s in mine if s[1] >= time - gap and s[0] <= time + gap and s[1] >= ptime - gap - grace]
        if max([time] + [s[1] for s in touched]) + gap + grace < ptime:
            continue
        mine[:] = [s for s in mine if s not in touched]
        mine.append([min([time] + [s[0] for s in touched]), max([time] + [s[1] for s in touched]),
                     [m for s in touched for m in s[2]] + [n]])
    return [(n, start, end) for group in live.values() for start, end, members in group for n in members]
