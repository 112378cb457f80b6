#!/usr/bin/env python3
"""weir serve with curl: statements, a push query whose rows come as they happen, two hundred of them at once."""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness


class Server:
    def __init__(self, where, *more):
        self.address = f"127.0.0.1:{harness.free_port()}"
        self.url, self.log = "http://" + self.address, where + "/serve.log"
        self.child = harness.start("serve", "--listen", self.address, "--data", where + "/state", *more, log=self.log)
        harness.until("the server answers", 60, lambda: self.get("/info", quiet=True))

    def get(self, path, quiet=False):
        try:
            with urllib.request.urlopen(self.url + path, timeout=120) as answer:
                return json.load(answer)
        except OSError:
            if quiet:
                return None
            raise

    def post(self, path, **body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def ksql(self, text):
        return self.post("/ksql", ksql=text)

    def curl(self, text, **properties):
        """A push query by curl, its output a pipe."""
        body = json.dumps({"ksql": text, "streamsProperties": properties})
        return subprocess.Popen(["curl", "-sN", "-X", "POST", "-d", body, self.url + "/query"], stdout=subprocess.PIPE,
                                text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise AssertionError("did not end within 20 s of SIGTERM\n" + open(self.log).read()[-2000:])


CREATE = "CREATE STREAM s (id INT KEY, v STRING) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1);"
PUSH = "SELECT id, v FROM s EMIT CHANGES;"
EARLIEST = {"auto.offset.reset": "earliest"}


def rows_of(stream, count):
    out = []
    for line in stream:
        at = line.find('{"row"')
        if at >= 0:
            out.append(json.JSONDecoder().raw_decode(line[at:])[0]["row"]["columns"])
            if len(out) == count:
                break
    return out


def test_print_gives_lines_and_scripts_are_refused(where):
    with Server(where) as server:
        server.ksql(CREATE + "INSERT INTO s VALUES (1, 'a'); INSERT INTO s VALUES (2, 'b');")
        lines = server.curl("PRINT s FROM BEGINNING LIMIT 2;").communicate(timeout=120)[0].splitlines()
        assert len(lines) == 2 and 'key: 2, value: {"V":"b"}' in lines[1], lines
        try:
            server.ksql("RUN SCRIPT '/etc/passwd';")
            raise AssertionError("a script was run")
        except urllib.error.HTTPError as e:
            assert e.code == 400 and "RUN SCRIPT" in e.read().decode(), e



def test_info_and_health(where):
    with Server(where) as s:
        assert s.get("/info")["KsqlServerInfo"]["version"]
        assert s.get("/healthcheck")["isHealthy"] is True


def test_a_port_that_is_taken(where):
    with Server(where) as s:
        _, err = harness.weir("serve", "--listen", s.address, "--data", where + "/other", status=1)
        assert f"cannot listen on {s.address}" in err and "--listen ADDRESS:PORT" in err, err


def test_create_and_list(where):
    with Server(where) as s:
        answer = s.ksql(CREATE)
        assert answer[0]["@type"] == "currentStatus" and answer[0]["commandStatus"]["status"] == "SUCCESS", answer
        listed = s.ksql("SHOW STREAMS;")
        assert [x["name"] for x in listed[0]["streams"] if x["name"] == "S"], listed


def test_wrong_statement_is_400_with_words(where):
    with Server(where) as s:
        try:
            s.ksql("CREATE STREEM s;")
            raise AssertionError("accepted")
        except urllib.error.HTTPError as error:
            body = json.load(error)
            assert error.code == 400 and body["error_code"] == 40001 and body["message"], body
        assert s.get("/healthcheck")["isHealthy"] is True


def test_body_that_is_no_json(where):
    with Server(where) as s:
        request = urllib.request.Request(s.url + "/ksql", b"{nonsense")
        try:
            urllib.request.urlopen(request, timeout=120)
            raise AssertionError("accepted")
        except urllib.error.HTTPError as error:
            assert error.code == 400, error.code


def test_rows_stream_as_they_come(where):
    with Server(where) as s:
        s.ksql(CREATE)
        push = s.curl(PUSH, **EARLIEST)
        try:
            for i in range(3):
                s.ksql(f"INSERT INTO s (id, v) VALUES ({i}, 'v{i}');")
                assert rows_of(push.stdout, 1) == [[i, f"v{i}"]]       # while the query goes on
        finally:
            push.kill()
            push.wait()


def test_limit_ends_the_answer(where):
    with Server(where) as s:
        s.ksql(CREATE)
        for i in range(5):
            s.ksql(f"INSERT INTO s (id, v) VALUES ({i}, 'x');")
        push = s.curl("SELECT id FROM s EMIT CHANGES LIMIT 3;", **EARLIEST)
        out, _ = push.communicate(timeout=120)
        whole = json.loads(out)
        assert [e["row"]["columns"] for e in whole if "row" in e] == [[0], [1], [2]], out
        assert "header" in whole[0] and "finalMessage" in whole[-1], out


def test_two_hundred_push_queries_at_once(where):
    with Server(where) as s:
        s.ksql(CREATE)
        pushes = [s.curl(PUSH, **EARLIEST) for _ in range(200)]
        try:
            time.sleep(1)                       # most of them stand; one that comes later reads the row all the same
            s.ksql("INSERT INTO s (id, v) VALUES (7, 'all');")
            for push in pushes:
                assert rows_of(push.stdout, 1) == [[7, "all"]]
            assert s.get("/healthcheck")["isHealthy"] is True
        finally:
            for push in pushes:
                push.kill()
                push.wait()
        harness.until("the clients' going is noticed", 60, lambda: s.get("/info", quiet=True))


def test_persistent_query_outlives_the_server(where):
    with Server(where) as s:
        s.ksql(CREATE)
        s.ksql("CREATE STREAM up WITH (KAFKA_TOPIC='up', FORMAT='JSON') AS SELECT id, UCASE(v) AS v FROM s;")
        s.ksql("INSERT INTO s (id, v) VALUES (1, 'a');")
        push = s.curl("SELECT id, v FROM up EMIT CHANGES LIMIT 1;", **EARLIEST)
        assert rows_of(push.stdout, 1) == [[1, "A"]]
        push.wait(60)
    with Server(where) as s:
        s.ksql("INSERT INTO s (id, v) VALUES (2, 'b');")
        push = s.curl("SELECT id, v FROM up EMIT CHANGES LIMIT 2;", **EARLIEST)
        assert rows_of(push.stdout, 2) == [[1, "A"], [2, "B"]]
        push.wait(60)


if __name__ == "__main__":
    harness.main()
