#!/usr/bin/python3
"""E-mail sinks against a small mail server that takes, refuses, hangs up and goes away."""
import base64
import collections
import email
import email.policy
import json
import os
import socketserver
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness


class MailServer:
    """SMTP on a free port. `plan`: what the first mails get behind their text, an answer or "drop"; `bad`: addresses it does not know."""

    def __init__(self, plan=(), port=0, bad=(), login=None, certificate=None, greeting="220 ready"):
        self.plan, self.mails, self.tries, server = collections.deque(plan), [], 0, self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")
                self.wfile.flush()

            def line(self):
                return self.rfile.readline().decode().rstrip("\r\n")

            def handle(self):
                self.say(greeting)
                if greeting[0] != "2":
                    return
                self.secure = self.known = False
                while True:
                    line = self.line()
                    word = line[:4].upper()
                    if not line or word == "QUIT":
                        return self.say("221 bye") if line else None
                    if not getattr(self, "on_" + word, self.other)(line):
                        return None

            def on_EHLO(self, _):
                more = ["STARTTLS"] if certificate and not self.secure else []
                more += ["AUTH PLAIN"] if login and self.secure else []
                for i, text in enumerate(["here"] + more):
                    self.say(f"250{'-' if i < len(more) else ' '}{text}")
                return True

            def on_STAR(self, _):
                self.say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*certificate)
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
                self.secure = True
                return True

            def on_AUTH(self, line):
                words = line.split(" ")
                if len(words) < 3:
                    self.say("334 ")
                    words.append(self.line())
                self.known = base64.b64decode(words[2]).split(b"\0")[1:] == [x.encode() for x in login]
                self.say("235 welcome" if self.known else "535 who are you")
                return True

            def on_MAIL(self, line):
                self.sender, self.to = line[10:].split(">")[0].strip("<>"), []
                self.say("530 sign in first" if login and not self.known else "250 ok")
                return True

            def on_RCPT(self, line):
                address = line[8:].strip("<>")
                if address in bad:
                    self.say("550 5.1.1 nobody of that name")
                else:
                    self.to.append(address)
                    self.say("250 ok")
                return True

            def on_DATA(self, _):
                self.say("354 let's hear")
                text = b""
                while not text.endswith(b"\r\n.\r\n") and text != b".\r\n":
                    piece = self.rfile.readline()
                    if not piece:
                        return False
                    text += piece
                server.tries += 1
                answer = server.plan.popleft() if server.plan else "250 taken"
                if answer[0] == "2" or answer == "drop":
                    server.mails.append(Mail(self.sender, self.to, text[:-3].replace(b"\r\n..", b"\r\n.")))
                if answer == "drop":
                    return False
                self.say(answer)
                return True

            def other(self, _):
                self.say("250 ok")
                return True

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", port or harness.free_port()), Handler)
        self.port = self.server.server_address[1]
        self.url = f"smtp://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Mail:
    def __init__(self, sender, to, data):
        self.sender, self.to, self.data = sender, to, data
        self.message = email.message_from_bytes(data, policy=email.policy.default)
        self.subject, self.id = self.message["Subject"], self.message["Message-ID"]
        self.text = self.message.get_content().replace("\r\n", "\n")


ROWS = [{"id": i, "name": f"N{i}", "email": f"n{i}@example.org"} for i in range(5)]


def pipeline(where, url, rows=None, more="", body=None):
    with open(where + "/in.ndjson", "w", encoding="utf-8") as f:
        f.write("".join(json.dumps(r) + "\n" for r in (ROWS if rows is None else rows)))
    sql = where + "/p.sql"
    body = f", BODY='{body}'" if body else ""
    with open(sql, "w", encoding="utf-8") as f:
        f.write(f"CREATE STREAM s (id INT, name STRING, email STRING) WITH (FILE='{where}/in.ndjson', FORMAT='JSON');\n"
                f"CREATE SINK mails WITH (TYPE='email', SERVER='{url}', FROM='The shop <shop@example.org>', TO='${{email}}', "
                f"SUBJECT='Hello ${{name}}', RETRY_BACKOFF_MS='20', RETRY_BACKOFF_MAX_MS='200'{body}{more}) AS\n"
                "  SELECT id, name, email FROM s;\n")
    return sql


def run(where, sql, *more, **options):
    return harness.weir("run", sql, "--data", where + "/state", "--until-end", *more, **options)


def errors(where, sql):
    return run(where, sql, "-e", "SHOW ERRORS;")[0]


def test_a_row_is_a_mail(where):
    s = MailServer()
    run(where, pipeline(where, s.url))
    assert [m.to for m in s.mails] == [[r["email"]] for r in ROWS]
    first = s.mails[0]
    assert first.sender == "shop@example.org" and first.message["From"] == "The shop <shop@example.org>"
    assert first.message["To"] == "n0@example.org" and first.subject == "Hello N0", first.data
    assert first.text == "id: 0\nname: N0\nemail: n0@example.org\n", first.text
    assert first.message["Date"].datetime and first.id.endswith("-0-0@example.org>"), first.data
    assert len({m.id for m in s.mails}) == len(ROWS)
    s.close()


def test_any_text_arrives_as_it_is(where):
    name = "Zoë 漢字 " + "lang " * 60
    rows = [{"id": 1, "name": name, "email": "a@example.org"},
            {"id": 2, "name": ".\n..\nend", "email": "A Name <b@example.org>, c@example.org"},
            {"id": 3, "name": "x\r\nBcc: thief@example.org", "email": "d@example.org"}]
    s = MailServer()
    run(where, pipeline(where, s.url, rows, body="Dear ${name},\n.\nbye"))
    assert s.mails[0].subject.strip() == "Hello " + name.strip(), s.mails[0].subject
    assert s.mails[0].text == f"Dear {name},\n.\nbye", s.mails[0].text
    assert s.mails[1].text == "Dear .\n..\nend,\n.\nbye\n", s.mails[1].data
    assert s.mails[1].to == ["b@example.org", "c@example.org"]
    assert s.mails[2].message["Bcc"] is None and s.mails[2].to == ["d@example.org"], s.mails[2].data
    s.close()


def test_what_the_server_cannot_take_now_goes_again(where):
    s = MailServer(["451 later", "drop", "452 full", "250 taken"])
    run(where, pipeline(where, s.url))
    assert s.tries == len(ROWS) + 3, s.tries
    by_id = collections.OrderedDict((m.id, m) for m in s.mails)
    assert [m.to[0] for m in by_id.values()] == [r["email"] for r in ROWS]
    twice = [m for m in s.mails if m.to == s.mails[0].to]       # taken, and the answer got lost
    assert len(twice) == 2 and twice[0].data == twice[1].data, "not the same mail"
    s.close()


def test_unknown_addresses_are_dead_letters(where):
    rows = ROWS + [{"id": 9, "name": "No", "email": None}, {"id": 10, "name": "What", "email": "not an address"}]
    s = MailServer(["250 taken", "554 5.7.1 not that text"], bad=["n3@example.org"])
    sql = pipeline(where, s.url, rows)
    run(where, sql)
    assert [m.to for m in s.mails] == [["n0@example.org"], ["n2@example.org"], ["n4@example.org"]], [m.to for m in s.mails]
    words = errors(where, sql)
    for reason in ("554 5.7.1 not that text", "550 5.1.1 nobody", "no e-mail address"):
        assert reason in words, words
    assert len(s.mails) == 3
    s.close()


def test_a_server_that_comes_late_and_one_that_lets_nobody_in(where):
    s = MailServer(greeting="554 not today")
    port, sql = s.port, pipeline(where, s.url)
    child = harness.start("run", sql, "--data", where + "/state", "--until-end", log=where + "/log")
    try:
        harness.until("a word about the server", 60, lambda: "554" in open(where + "/log").read())
        s.close()
        time.sleep(0.3)
        s = MailServer(port=port)
        assert child.wait(60) == 0, open(where + "/log").read()
        assert [m.to for m in s.mails] == [[r["email"]] for r in ROWS]
        s.close()
    finally:
        child.kill()


def test_the_same_message_id_after_a_kill(where):
    s = MailServer(["drop"] * 100)
    port, sql = s.port, pipeline(where, s.url)
    child = harness.start("run", sql, "--data", where + "/state", "--until-end", log=where + "/log")
    harness.until("some tries", 60, lambda: s.tries > 2)
    child.kill()
    child.wait()
    s.close()
    before, s = s.mails, MailServer(port=port)
    run(where, sql)
    assert {m.data for m in before} == {s.mails[0].data}, "it was another mail"
    assert [m.to for m in s.mails] == [[r["email"]] for r in ROWS]
    s.close()


def certificate(where):
    names = where + "/cert.pem", where + "/key.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                           "-addext", "subjectAltName=IP:127.0.0.1", "-out", names[0], "-keyout", names[1]],
                          capture_output=True, check=False)
    if made.returncode:
        raise harness.Skip("openssl cannot make a certificate")
    return names


def test_a_password_goes_over_tls_only(where):
    names = certificate(where)
    s = MailServer(login=("me", "secret"), certificate=names)
    run(where, pipeline(where, s.url, more=f", BASIC_AUTH='me:secret', TLS_CA_FILE='{names[0]}'"))
    assert len(s.mails) == len(ROWS)
    s.close()
    plain = MailServer(login=("me", "secret"))      # offers no TLS
    child = harness.start("run", pipeline(where, plain.url, more=", BASIC_AUTH='me:secret'"), "--data", where + "/other", "--until-end",
                          log=where + "/log")
    try:
        harness.until("a word about TLS", 60, lambda: "got no answer" in open(where + "/log").read())
        assert not plain.mails
    finally:
        child.kill()
        child.wait()
        plain.close()


def test_a_certificate_of_nobody_is_not_trusted(where):
    s = MailServer(certificate=certificate(where))
    child = harness.start("run", pipeline(where, s.url), "--data", where + "/state", "--until-end", log=where + "/log")
    try:
        harness.until("a word about the certificate", 60, lambda: "certificate" in open(where + "/log").read())
        assert not s.mails
    finally:
        child.kill()
        child.wait()
        s.close()


def test_a_rate(where):
    s = MailServer()
    begun = time.monotonic()
    run(where, pipeline(where, s.url, more=", RATE='240/min'"))
    assert time.monotonic() - begun > 0.95 and len(s.mails) == len(ROWS)
    s.close()


if __name__ == "__main__":
    harness.main()
