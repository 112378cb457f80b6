#!/usr/bin/env python3
"""Somebody sets the clock while queries run: a day back, a day on, and right again. Nothing waits for it, nothing is hurried by it.

Needs a program with fault points (build/debug, else build/asan), which takes from the file $WEIR_CLOCK how wrong the clock is."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FAULTY = next((p for p in (f"{ROOT}/build/debug/weir", f"{ROOT}/build/asan/weir") if os.path.exists(p)), None)
if FAULTY:
    os.environ["WEIR"] = FAULTY
import harness
import serve
from http_sink import Endpoint, ids

DAY = 24 * 3600 * 1000
STREAM = "CREATE STREAM s (k STRING KEY, id INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=2, IDLE_TIMEOUT='1 SECONDS');\n"


class Clock:
    """The clock of programs that are started from here on."""
    def __init__(self, where):
        if not FAULTY:
            raise harness.Skip("neither build/debug/weir nor build/asan/weir is there")
        self.path = os.environ["WEIR_CLOCK"] = where + "/clock"
        self.wrong_by(0)

    def wrong_by(self, ms):
        with open(self.path + ".new", "w", encoding="ascii") as f:
            f.write(str(ms))
        os.rename(self.path + ".new", self.path)


def insert(server, time_ms, *numbers):
    server.ksql("".join(f"INSERT INTO s (ROWTIME, id, k) VALUES ({time_ms}, {i}, 'k');" for i in numbers))


def column(path, name):
    return [int(r[name]) for r in harness.read_csv_so_far(path)]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_all_goes_on(where):
    """Commits, windows that time alone closes, requests that linger, their rate; and nothing spins."""
    clock, e = Clock(where), Endpoint()
    with serve.Server(where) as server:
        server.ksql(STREAM +
                    f"CREATE SINK rows WITH (TYPE='csv', PATH='{where}/rows.csv', MODE='APPEND') AS SELECT id FROM s;\n"
                    f"CREATE SINK windows WITH (TYPE='csv', PATH='{where}/windows.csv', MODE='APPEND') AS SELECT COUNT(*) AS n "
                    "FROM s WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL;\n"
                    f"CREATE SINK web WITH (TYPE='http', URL='{e.url}', BODY='ARRAY', LINGER_MS=300, RATE=50, MAX_IN_FLIGHT=1) "
                    "AS SELECT id FROM s;\n")
        wanted = []
        for i, wrong in enumerate((0, -DAY, DAY, 0)):
            clock.wrong_by(wrong)
            wanted += [2 * i, 2 * i + 1]
            insert(server, 1000000 + 10000 * i, *wanted[-2:])
            harness.until(f"rows are committed, clock wrong by {wrong}", 60, lambda: column(where + "/rows.csv", "id") == wanted)
            harness.until(f"requests are sent, clock wrong by {wrong}", 60, lambda: ids(e) == wanted)
            harness.until(f"windows close, clock wrong by {wrong}", 60, lambda: column(where + "/windows.csv", "n") == [2] * i)
        clock.wrong_by(-DAY)
        begun, cpu = time.monotonic(), cpu_seconds(server.child.pid)
        time.sleep(1)
        cpu = cpu_seconds(server.child.pid) - cpu
        assert cpu < 0.7 * (time.monotonic() - begun), "it spins"
    e.close()


def test_retries_wait_as_long_as_they_should(where):
    """Retry-After is seconds, not a time of day; and a request is not old because of the clock."""
    clock, answers, told = Clock(where), [503], []

    def answer(_):
        told.append(time.monotonic())
        return answers.pop(0) if len(answers) > 1 else answers[0]

    e = Endpoint(always=answer)
    with serve.Server(where) as server:
        server.ksql(STREAM + f"CREATE SINK web WITH (TYPE='http', URL='{e.url}', RETRY_MAX_AGE='1 HOUR', RETRY_BACKOFF_MS=20, "
                    "RETRY_BACKOFF_MAX_MS=200) AS SELECT id FROM s;\n")
        for i, wrong in enumerate((DAY, -DAY, 0)):
            answers[:] = [503]
            seen = e.tries
            insert(server, 1000, i)
            harness.until("it is refused for a while", 60, lambda: e.tries > seen + 1)
            clock.wrong_by(wrong)
            seen = e.tries
            harness.until("it is refused again", 60, lambda: e.tries > seen)
            answers[:] = [(429, 2), 200]
            harness.until("it is told to wait", 60, lambda: len(answers) == 1)
            harness.until("it is delivered", 60, lambda: ids(e) == list(range(i + 1)))
            assert told[-1] - told[-2] > 1, "Retry-After was not kept"
        found = json.dumps(server.ksql("SHOW ERRORS;"))
        assert "RETRY_MAX_AGE" not in found, found
    e.close()


def test_files_rotate_by_what_has_passed(where):
    """A day on: no new file. A day back: a new one after its time."""
    clock = Clock(where)
    with serve.Server(where) as server:
        server.ksql(STREAM + "".join(
            f"CREATE SINK {name} WITH (TYPE='csv', PATH='{where}/{name}.csv', MODE='APPEND', ROTATE_INTERVAL='{interval}') "
            "AS SELECT id FROM s;\n" for name, interval in (("slow", "1 HOUR"), ("fast", "2 SECONDS"))))
        insert(server, 1000, 1)
        harness.until("the first rows", 60, lambda: column(where + "/slow-000001.csv", "id") == column(where + "/fast-000001.csv", "id") == [1])
        clock.wrong_by(DAY)
        insert(server, 1000, 2)
        harness.until("the second", 60, lambda: column(where + "/slow-000001.csv", "id") == [1, 2])
        clock.wrong_by(-1000)
        time.sleep(2.2)
        insert(server, 1000, 3)
        fast = lambda first: [i for n in range(first, 9) for i in column(f"{where}/fast-{n:06}.csv", "id")]
        harness.until("a row in each", 60, lambda: 3 in column(where + "/slow-000001.csv", "id") and 3 in fast(1))
        insert(server, 1000, 4)                 # of the next epoch; on a slow machine the second file is an old one already
        harness.until("a new file", 60, lambda: 4 in fast(2))


def test_a_backup_waits_no_longer(where):
    """For commits, with the clock set back: it does not wait for ever, nor is it refused at once."""
    clock = Clock(where)
    with serve.Server(where) as server:
        server.ksql(STREAM + f"CREATE SINK rows WITH (TYPE='csv', PATH='{where}/rows.csv', MODE='APPEND') AS SELECT id FROM s;\n")
        insert(server, 1000, 1)
        clock.wrong_by(-DAY)
        server.ksql(f"BACKUP TO '{where}/backup';")
    harness.weir("check", where + "/backup")


if __name__ == "__main__":
    harness.main()
