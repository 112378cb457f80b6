#!/usr/bin/env python3
"""The shell: statements from a pipe, a terminal's Ctrl-C ends the query and not the shell."""
import os
import pty
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

PEOPLE = ("CREATE STREAM s (id INT, v STRING) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1);\n"
          "INSERT INTO s (id, v) VALUES (1, 'hello');\n")


def test_statements_from_a_pipe(where):
    out, err = harness.weir("--data", where + "/state", stdin=PEOPLE + "SET 'auto.offset.reset'='earliest';\n"
                            "SELECT id, v FROM s EMIT CHANGES LIMIT 1;\n", timeout=120, status=None)
    assert "hello" in out, out + err


def test_an_error_does_not_end_the_shell(where):
    out, err = harness.weir("--data", where + "/state", stdin="SELEC;\n" + PEOPLE + "SHOW STREAMS;\n", timeout=120,
                            status=None)
    assert "^" in out + err and "S" in out, out + err


def test_print_and_run_script(where):
    with open(where + "/people.sql", "w") as f:
        f.write(PEOPLE)
    out, err = harness.weir("--data", where + "/state", stdin=f"RUN SCRIPT '{where}/people.sql';\n"
                            "PRINT s FROM BEGINNING LIMIT 1;\nRUN SCRIPT '/nowhere.sql';\nSHOW STREAMS;\n", timeout=120,
                            status=None)
    assert 'value: {"ID":1,"V":"hello"}, partition: 0' in out, out + err
    assert "cannot read /nowhere.sql" in err, err


def test_a_script_that_runs_itself_ends(where):
    with open(where + "/loop.sql", "w") as f:
        f.write(f"RUN SCRIPT '{where}/loop.sql';\n")
    out, err = harness.weir(stdin=f"RUN SCRIPT '{where}/loop.sql';\n", timeout=120, status=None)
    assert "scripts run each other without end" in err, out + err


class Terminal:
    """weir on a terminal of its own."""

    def __init__(self, where, *arguments):
        try:
            self.master, slave = pty.openpty()
        except OSError as error:                # a container without /dev/pts
            raise harness.Skip(f"no terminal to be had: {error}")
        self.child = subprocess.Popen([harness.WEIR, *arguments], stdin=slave, stdout=slave, stderr=slave,
                                      start_new_session=True, preexec_fn=lambda: self.claim(),
                                      env={**os.environ, "TERM": "dumb", "HOME": where})
        os.close(slave)
        self.seen = ""

    @staticmethod
    def claim():
        import fcntl
        import termios
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def send(self, text):
        os.write(self.master, text.encode())

    def expect(self, text, seconds=10):
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not come; seen:\n{self.seen[-2000:]}"
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    break
        at = self.seen.find(text)
        assert at >= 0, f"{text!r} did not come; seen:\n{self.seen[-2000:]}"
        self.seen = self.seen[at + len(text):]

    def leaves(self):
        """Ctrl-U, Ctrl-D. A Ctrl-D typed before the line editor has the terminal is lost; one typed while it takes it becomes a
        character of the line, and on a line that is not empty Ctrl-D is no end."""
        if self.child.poll() is None:
            self.send("\x15\x04")
            time.sleep(0.3)
        return self.child.poll() is not None

    def close(self):
        self.child.kill()
        self.child.wait()
        os.close(self.master)


def test_ctrl_c_ends_the_query_not_the_shell(where):
    t = Terminal(where, "--data", where + "/state")
    try:
        t.expect("weir>")
        t.send("CREATE STREAM s (id INT, v STRING) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=1);\n")
        t.expect("weir>")
        t.send("INSERT INTO s (id, v) VALUES (1, CONCAT('fir', 'st'));\n")
        t.expect("weir>")
        t.send("SET 'auto.offset.reset'='earliest';\n")
        t.expect("weir>")
        t.send("SELECT id, v FROM s EMIT CHANGES;\n")
        t.expect("first")
        time.sleep(0.3)
        t.send("\x03")
        t.expect("weir>")
        t.send("SELECT v FROM s EMIT CHANGES LIMIT 1;\n")
        t.expect("first")
        t.expect("weir>")
        harness.until("the shell's end", 60, t.leaves)
        assert t.child.wait(60) == 0
    finally:
        t.close()


if __name__ == "__main__":
    harness.main()
