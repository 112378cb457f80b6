#!/usr/bin/env python3
"""The world around a query on Kafka: the broker is away at the start and in the middle, partitions are added, a topic is
deleted, retention takes records that were not read, another process has the data directory, settings of the connection."""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../e2e"))
import labkit
import serve
from labkit import harness

RUN = f"{os.getpid()}-{int(time.time())}"
made = {}


def broker():
    if "broker" not in made:
        made["broker"] = labkit.up("kafka")
    return made["broker"]


def topic(name, partitions=1, *settings):
    broker()
    subprocess.run([labkit.KIT, "create", f"{name}-{RUN}", str(partitions), *settings], check=True)
    return f"{name}-{RUN}"


def write(name, values, partition=0):
    """Records {"v": …} with those numbers, a second of time after each other."""
    lines = "".join(json.dumps({"topic": name, "partition": partition, "offset": 0, "timestamp": 1700000000000 + v * 1000,
                                "headers": [], "key": f"k{v}", "value": {"v": v}}, separators=(",", ":")) + "\n" for v in values)
    subprocess.run([labkit.KIT, "replay"], input=lines.encode(), stdout=subprocess.DEVNULL, check=True)


def read(name):
    return sorted(json.loads(value)["V"] for _, value in labkit.dump(name))


def copy(source, out):
    return (f"CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='{source}', VALUE_FORMAT='JSON');\n"
            f"CREATE STREAM o WITH (KAFKA_TOPIC='{out}', VALUE_FORMAT='JSON', PARTITIONS=1) AS SELECT v FROM s;\n")


def server(where, *more):
    return serve.Server(where, "--broker", broker(), "--set", "metadata.max.age.ms=500", *more)


def queries(s):
    """id -> (state, trouble)"""
    return {q["id"]: (q["state"], q.get("trouble", "")) for q in s.ksql("SHOW QUERIES;")[0]["queries"]}


def one(s):
    found = queries(s)
    assert len(found) == 1, found
    return next(iter(found.values()))


def words(s):
    with open(s.log, encoding="utf-8", errors="replace") as f:
        return f.read()


def test_away_at_the_first_start(where):
    """CREATE says it, and the exit status."""
    done = subprocess.run([harness.WEIR, "run", "-e", "CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);",
                           "--data", where + "/state", "--broker", "127.0.0.1:1"], text=True, capture_output=True, timeout=120)
    assert done.returncode == 3 and "no answer from a Kafka broker at 127.0.0.1:1" in done.stderr, done.stderr


def test_away_at_a_later_start_and_in_the_middle(where):
    source, out = topic("away-in"), f"away-out-{RUN}"
    write(source, range(10))
    with server(where) as s:
        s.ksql(copy(source, out))
        harness.until("ten records", 60, lambda: read(out) == list(range(10)))
        labkit.lab("down", "kafka")             # in the middle
        harness.until("it is said that the broker is away", 60, lambda: "no answer" in one(s)[1])
        assert one(s)[0] == "RUNNING", one(s)
        labkit.lab("up", "kafka")
        write(source, range(10, 20))
        harness.until("it goes on", 60, lambda: read(out) == list(range(20)))
        harness.until("all is well", 60, lambda: one(s) == ("RUNNING", ""))
        said = words(s)
        assert said.count(" waits: no answer") == 1 and said.count(" goes on") == 1, said
    labkit.lab("down", "kafka")
    try:
        with server(where) as s:                # at the start
            harness.until("it is said", 60, lambda: "no answer" in one(s)[1])
            labkit.lab("up", "kafka")
            write(source, range(20, 30))
            harness.until("it goes on", 60, lambda: read(out) == list(range(30)))
    finally:
        labkit.lab("up", "kafka")


def test_told_to_end_while_the_broker_is_away(where):
    source, out = topic("end-in"), f"end-out-{RUN}"
    with server(where) as s:
        s.ksql(copy(source, out))
        write(source, range(10))
        harness.until("ten records", 60, lambda: read(out) == list(range(10)))
        write(source, range(10, 1000))
        os.kill(broker_pid(), signal.SIGSTOP)
        try:
            s.child.terminate()
            assert s.child.wait(60) == 0, words(s)
        finally:
            os.kill(broker_pid(), signal.SIGCONT)
    time.sleep(2)
    with server(where):
        harness.until("the rest", 60, lambda: read(out) == list(range(1000)))


def broker_pid():
    with open(os.path.join(os.environ["LAB_DIR"], "run/kafka.pid"), encoding="ascii") as f:
        return int(f.read().split()[0])


def grow(name, partitions):
    """Adds partitions, with Kafka's own tool."""
    jars = os.path.join(os.environ["LAB_DIR"], "jars/kafka-*/*")
    done = subprocess.run(f"java -Xmx128m -cp '{os.path.dirname(subprocess.getoutput('ls -d ' + jars).splitlines()[0])}/*' "
                          f"org.apache.kafka.tools.TopicCommand --bootstrap-server {broker()} --alter --topic {name} "
                          f"--partitions {partitions}", shell=True, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_partitions_are_added(where):
    """While it runs and while it does not; also where the query began at the end of the topic."""
    source, out = topic("grow-in", 2), f"grow-out-{RUN}"
    write(source, range(5))                     # before the query: not wanted
    sql = copy(source, out).replace("VALUE_FORMAT='JSON');", "VALUE_FORMAT='JSON', START_AT='LATEST');", 1)
    with server(where, "--set", "tasks=2") as s:
        s.ksql(sql)
        write(source, range(10, 20), 1)
        harness.until("ten records", 60, lambda: read(out) == list(range(10, 20)))
        grow(source, 3)
        write(source, range(20, 30), 2)
        harness.until("the new partition is read", 60, lambda: read(out) == list(range(10, 30)))
        assert "has 3 partitions now instead of 2" in words(s), words(s)
    grow(source, 5)
    write(source, range(30, 40), 4)
    with server(where):
        harness.until("the newer one too", 60, lambda: read(out) == list(range(10, 40)))
        write(source, range(40, 50), 3)
        write(source, range(50, 60), 0)
        harness.until("all of them", 60, lambda: read(out) == list(range(10, 60)))


def test_keys_that_moved_with_the_partitions(where):
    """State kept by partition would not be found again: an error, never a wrong result. With one task it goes on."""
    source, out = topic("move-in", 2), f"move-out-{RUN}"
    sql = (f"CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='{source}', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=2);\n"
           f"CREATE TABLE t WITH (KAFKA_TOPIC='{out}@', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1) AS SELECT k, SUM(v) AS v FROM s GROUP BY k;\n")
    write(source, range(10))
    with server(where, "--set", "tasks=2") as s:
        s.ksql(sql.replace("@", ""))
        s.ksql("SET 'tasks'='1';" + sql.replace("@", "1").replace("STREAM s", "STREAM s1").replace("TABLE t", "TABLE t1").replace("FROM s", "FROM s1"))
        harness.until("ten records", 60, lambda: len(read(out)) == len(read(out + "1")) == 10)
        grow(source, 3)
        harness.until("one is in error", 60, lambda: any(state == "ERROR" and "keys lie elsewhere" in why for state, why in queries(s).values()))
        write(source, range(10), 2)
        harness.until("the other goes on", 60, lambda: read(out + "1") == sorted([*range(10), *range(0, 20, 2)]))
        assert read(out) == list(range(10))
    with server(where) as s:
        harness.until("one is in error", 60, lambda: any(state == "ERROR" and "keys lie elsewhere" in why for state, why in queries(s).values()))


def test_bad_records_while_the_broker_of_their_topic_is_away(where):
    """The query waits for its dead-letter topic, not longer; each letter is there once, after a restart too."""
    bad, file = topic("letters"), where + "/in.ndjson"

    def add(*lines):
        with open(file, "a", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))

    def letters():
        return [value for _, value in labkit.dump(bad)]

    def good():
        return sorted(int(r["v"]) for r in harness.read_csv(where + "/out.csv"))

    add('{"v":1}', "{first")
    with server(where) as s:
        s.ksql(f"CREATE STREAM s (v INT) WITH (FILE='{file}', VALUE_FORMAT='JSON', FILE_FOLLOW=true, DEAD_LETTER='{bad}');\n"
               f"CREATE SINK out WITH (TYPE='csv', PATH='{where}/out.csv', MODE='APPEND') AS SELECT v FROM s;\n")
        harness.until("the first letter", 60, lambda: letters() == ["{first"])
        labkit.lab("down", "kafka")
        try:
            add("{second", '{"v":2}')
            harness.until("it is said that the broker is away", 90, lambda: one(s)[1])
        finally:
            labkit.lab("up", "kafka")
        harness.until("the second letter", 60, lambda: letters() == ["{first", "{second"])
        harness.until("it goes on", 60, lambda: good() == [1, 2])
        add('{"v":3}')
        harness.until("it still does", 60, lambda: good() == [1, 2, 3])
    with server(where):
        add("{third")
        harness.until("the third letter", 60, lambda: letters() == ["{first", "{second", "{third"])


def test_a_topic_is_deleted(where):
    """Its query is in error, with words; the others go on. Made again, RESUME goes on."""
    gone, stays, out = topic("gone-in"), topic("stays-in"), f"gone-out-{RUN}"
    with server(where) as s:
        s.ksql(copy(gone, out + "-a"))
        s.ksql(copy(stays, out + "-b").replace("STREAM s", "STREAM s2").replace("STREAM o", "STREAM o2").replace("FROM s", "FROM s2"))
        harness.until("both run", 60, lambda: all(q == ("RUNNING", "") for q in queries(s).values()))
        subprocess.run([labkit.KIT, "delete", gone], check=True)
        harness.until("one is in error", 60, lambda: ("ERROR", f"topic {gone} was deleted") in queries(s).values())
        write(stays, range(10))
        harness.until("the other goes on", 60, lambda: read(out + "-b") == list(range(10)))
    with server(where) as s:                    # the same after a restart
        harness.until("one is in error", 60, lambda: any(state == "ERROR" and f"no topic {gone}" in why
                                                         for state, why in queries(s).values()))
        write(stays, range(10, 20))
        harness.until("the other goes on", 60, lambda: read(out + "-b") == list(range(20)))
        subprocess.run([labkit.KIT, "create", gone, "1"], check=True)
        write(gone, range(5))
        s.ksql("RESUME " + next(q for q, (state, _) in queries(s).items() if state == "ERROR") + ";")
        harness.until("it goes on", 60, lambda: read(out + "-a") == list(range(5)))


def test_retention_takes_what_was_not_read(where):
    """The gap is named, nothing is skipped in silence; weir recover goes on behind it."""
    source, out = topic("kept-in", 1), f"kept-out-{RUN}"
    write(source, range(10))
    with server(where) as s:
        s.ksql(copy(source, out))
        harness.until("ten records", 60, lambda: read(out) == list(range(10)))
    write(source, range(10, 30))
    delete_before(source, 25)
    with server(where) as s:
        harness.until("it is in error", 60, lambda: one(s)[0] == "ERROR")
        assert "records 10 to 24 were removed by retention" in one(s)[1], one(s)
        query = next(iter(queries(s)))
        assert "--assume lost" in words(s), words(s)
    assert read(out) == list(range(10))
    harness.weir("recover", query, "--data", where + "/state", "--assume", "lost")
    with server(where) as s:
        harness.until("the rest", 60, lambda: read(out) == list(range(10)) + list(range(25, 30)))
        assert "goes on without records 10 to 24" in words(s), words(s)
    write(source, range(30, 40))
    delete_before(source, 35)
    with server(where) as s:                    # it was said for that gap, not for all to come
        harness.until("it is in error", 60, lambda: one(s)[0] == "ERROR")
        assert "records 30 to 34 were" in one(s)[1], one(s)


def test_a_topic_is_made_anew_while_nobody_looks(where):
    """Under the same name, and as long as the old one or longer: its offsets fit, its records are others."""
    source, out = topic("anew-in", 2), f"anew-out-{RUN}"

    def anew(values):
        subprocess.run([labkit.KIT, "delete", source], check=True)
        harness.until("it is made", 60, lambda: subprocess.run([labkit.KIT, "create", source, "2"], stderr=subprocess.DEVNULL,
                                                               check=False).returncode == 0)
        write(source, values, 0)
        write(source, values, 1)

    def recover(s_words):
        query = next(q for q in s_words)
        harness.weir("recover", query, "--data", where + "/state", "--assume", "lost")

    write(source, range(10), 0)
    with server(where) as s:
        s.ksql(copy(source, out))
        harness.until("ten records", 60, lambda: read(out) == list(range(10)))
        found = queries(s)
    delete_before(source, 10)                   # what was read last is gone, nothing that was not read: no other topic
    write(source, range(10, 20), 0)
    with server(where) as s:
        harness.until("ten more", 60, lambda: read(out) == list(range(20)))
        assert one(s) == ("RUNNING", ""), one(s)
    anew(range(100, 130))
    with server(where) as s:
        harness.until("it is in error", 60, lambda: one(s)[0] == "ERROR")
        assert f"topic {source}, partition 0" in one(s)[1] and "was made anew" in one(s)[1] and "offset 19" in one(s)[1], one(s)
        assert "--assume lost" in words(s), words(s)
    assert read(out) == list(range(20))
    recover(found)
    wanted = sorted([*range(20), *range(100, 130), *range(100, 130)])
    with server(where) as s:
        harness.until("all of the new one", 60, lambda: read(out) == wanted)
        assert "which was made anew, from its first record" in words(s), words(s)
        write(source, [200], 1)
        harness.until("it goes on", 60, lambda: read(out) == [*wanted, 200])
    anew(range(300, 305))                       # shorter
    with server(where) as s:
        harness.until("it says why it waits", 60, lambda: "ends at offset 5, but was read up to" in one(s)[1])
    recover(found)
    with server(where):
        harness.until("all of that one", 60, lambda: read(out) == sorted([*wanted, 200, *range(300, 305), *range(300, 305)]))


def delete_before(name, offset):
    """What retention does, at once."""
    jars = subprocess.getoutput("ls -d " + os.path.join(os.environ["LAB_DIR"], "jars/kafka-*")).splitlines()[0]
    request = json.dumps({"partitions": [{"topic": name, "partition": 0, "offset": offset}], "version": 1})
    path = os.path.join(os.environ["LAB_DIR"], f"delete-{RUN}.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write(request)
    done = subprocess.run(["java", "-Xmx128m", "-cp", jars + "/*", "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server",
                           broker(), "--offset-json-file", path], text=True, capture_output=True)
    os.unlink(path)
    assert done.returncode == 0 and "error" not in done.stdout.lower(), done.stdout + done.stderr


def test_silence_is_not_a_broker_that_does_not_answer(where):
    """A partition silent for IDLE_TIMEOUT no longer holds back windows; one whose broker was frozen for longer does."""
    source, out = topic("idle-in", 2), f"idle-out-{RUN}"
    sql = (f"CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='{source}', VALUE_FORMAT='JSON');\n"
           f"CREATE TABLE t WITH (KAFKA_TOPIC='{out}', VALUE_FORMAT='JSON', KEY_FORMAT='JSON', PARTITIONS=1) AS SELECT v % 1 AS g, COUNT(*) AS n FROM s "
           "WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY v % 1 EMIT FINAL;\n")
    with server(where, "--set", "idle.timeout.ms=10000") as s:
        s.ksql(sql)
        for second in range(0, 40, 10):
            write(source, range(second, second + 10), 0)
            write(source, range(second, second + 10), 1)
        harness.until("three windows", 60, lambda: len(labkit.dump(out)) == 3)
        os.kill(broker_pid(), signal.SIGSTOP)
        time.sleep(13)
        os.kill(broker_pid(), signal.SIGCONT)
        write(source, range(40, 80), 0)         # the other partition comes a little later, but not after 10 s
        time.sleep(1)
        write(source, range(40, 80), 1)
        harness.until("seven windows", 60, lambda: len(labkit.dump(out)) == 7)
        found = [json.loads(value)["N"] for _, value in labkit.dump(out)]
        assert found == [20] * 7, found
        assert one(s) == ("RUNNING", ""), one(s)


def test_a_second_process_is_refused(where):
    with server(where) as s:
        done = subprocess.run([harness.WEIR, "run", "-e", "SHOW STREAMS;", "--data", where + "/state", "--broker", broker()], text=True,
                              capture_output=True, timeout=120)
        assert done.returncode == 1 and f"in use by process {s.child.pid}" in done.stderr, done.stderr


LOGIN = ("--set", "security.protocol=SASL_PLAINTEXT", "--set", "sasl.mechanism=PLAIN", "--set", "sasl.username=weir",
         "--set", "sasl.password=lab-secret")


def test_a_broker_that_wants_a_password(where):
    """Consumers, producers and those who make topics log in; the password is not kept in the data directory."""
    source, out = topic("sasl-in"), f"sasl-out-{RUN}"
    write(source, range(10))
    address = os.environ["LAB_KAFKA_SASL"]
    done = subprocess.run([harness.WEIR, "run", "-e", "SHOW TOPICS;", "--broker", address, *LOGIN[:-1], "sasl.password=wrong"],
                          text=True, capture_output=True, timeout=120)
    assert done.returncode == 3, done.stderr
    shown, _ = harness.weir("run", "-e", "SHOW TOPICS; SHOW PROPERTIES;", "--broker", address, *LOGIN)
    assert source in shown and "SASL_PLAINTEXT" in shown and "lab-secret" not in shown, shown
    with serve.Server(where, "--broker", address, *LOGIN) as s:
        s.ksql(copy(source, out))
        s.ksql("INSERT INTO s (v) VALUES (10);")
        harness.until("eleven records", 60, lambda: read(out) == list(range(11)))
    assert subprocess.run(["grep", "-rq", "lab-secret", where + "/state"], check=False).returncode == 1
    write(source, range(11, 20))
    with serve.Server(where, "--broker", address) as s:         # protocol and name are kept, the password is not
        harness.until("it does not go on", 60, lambda: one(s)[1])
    with serve.Server(where, "--broker", address, LOGIN[-2], LOGIN[-1]) as s:
        harness.until("all of them", 60, lambda: read(out) == list(range(20)))


def test_properties_that_do_not_exist_are_refused(where):
    del where
    for name, why in (("sasl.jaas.config=x", "does not take this value"), ("ssl.truststore.location=x", "does not take this value"),
                      ("kafka.nonsense=1", "there is no Kafka property"), ("kafka.socket.timeout.ms=no", "does not take this value"),
                      ("kafka.isolation.level=read_uncommitted", "is Weir's own")):
        done = subprocess.run([harness.WEIR, "run", "-e", "SHOW TABLES;", "--set", name], text=True, capture_output=True, timeout=120)
        assert done.returncode == 2 and why in done.stderr, done.stderr
        sql = "SET '{}'='{}';".format(*name.split("="))
        done = subprocess.run([harness.WEIR, "run", "-e", sql], text=True, capture_output=True, timeout=120)
        assert done.returncode == 1 and why in done.stderr, done.stderr


def faulty():
    """A program with fault points."""
    program = next((p for p in (os.path.join(harness.ROOT, f"build/{f}/weir") for f in ("debug", "asan")) if os.path.exists(p)), None)
    if program is None:
        raise harness.Skip("neither build/debug/weir nor build/asan/weir is there")
    return program


def test_the_clock_is_set(where):
    """A day back, a day on, while transactions are open: commits go on, none runs into its time-out."""
    source, out, program = topic("clock-in"), f"clock-out-{RUN}", faulty()
    with open(where + "/p.sql", "w", encoding="utf-8") as f:
        f.write(copy(source, out))
    child = harness.start("run", where + "/p.sql", "--data", where + "/state", "--broker", broker(), "--set", "transaction.timeout.ms=5000",
                          "--set", "metadata.max.age.ms=500", log=where + "/log", program=program, env={"WEIR_CLOCK": where + "/clock"})
    try:
        for i, wrong in enumerate((0, -86400000, 86400000, 0)):
            with open(where + "/clock", "w", encoding="ascii") as f:
                f.write(str(wrong))
            write(source, range(10 * i, 10 * i + 10))
            harness.until(f"ten records, clock wrong by {wrong}", 60, lambda: read(out) == list(range(10 * i + 10)))
        child.terminate()
        assert child.wait(20) == 0
        assert "rolled back" not in open(where + "/log", encoding="utf-8").read()
    finally:
        child.kill()


def test_rows_of_insert_values_are_there_once(where):
    """Killed at each step of an INSERT, and run again: its rows are there once."""
    program = faulty()
    for point in ("insert.written", "kafka.before_witness", "kafka.ready", "kafka.before_commit", "kafka.after_commit", "insert.before_record",
                  "insert.recorded"):
        for how in ("crash", "fail"):
            name = topic(f"insert-{point}-{how}")
            folder = f"{where}/{point}-{how}"
            os.makedirs(folder)
            with open(folder + "/p.sql", "w", encoding="utf-8") as f:
                f.write(f"CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='{name}', VALUE_FORMAT='JSON');\n"
                        "INSERT INTO s (v) VALUES (1);\nINSERT INTO s (v) VALUES (2);\nINSERT INTO s (v) VALUES (3);\n")
            arguments = [program, "run", folder + "/p.sql", "--data", folder + "/state", "--broker", broker(), "--until-end"]
            done = subprocess.run(arguments, env={**os.environ, "WEIR_FAULT": f"{point}:2:{how}"}, text=True, capture_output=True, timeout=120)
            assert done.returncode == -9 if how == "crash" else 0 < done.returncode < 128, f"{point} {how}: {done.returncode} {done.stderr}"
            done = subprocess.run(arguments, text=True, capture_output=True, timeout=120)
            assert done.returncode == 0, f"{point} {how}: {done.stderr}"
            labkit.settle(name)
            assert read(name) == [1, 2, 3], f"{point} {how}: {read(name)}"


def test_a_large_epoch_ends_early(where):
    """What waits in an open transaction counts to commit.bytes."""
    source, out = topic("large-in"), f"large-out-{RUN}"
    write(source, range(5000))
    with server(where, "--set", "commit.interval.ms=1h", "--set", "commit.bytes=10k") as s:
        s.ksql(copy(source, out))
        harness.until("most of it is committed", 60, lambda: len(read(out)) > 4000)


if __name__ == "__main__":
    harness.main()
