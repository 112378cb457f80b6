#!/usr/bin/env python3
"""docs/sinks.md keeps what it says: every statement of it is one, and its applications and commands do what it shows."""
import os
import re
import socket
import subprocess
import sys
import textwrap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness

with open(os.path.join(harness.ROOT, "docs/sinks.md"), encoding="utf-8") as page:
    PAGE = page.read()
for port in sorted(set(re.findall(r"--port (\d+)", PAGE))):
    PAGE = re.sub(rf"\b{port}\b", str(harness.free_port()), PAGE)


def blocks():
    """(the line before, the text) of each indented block."""
    for m in re.finditer(r"^(\S[^\n]*)\n\n((?:(?:    [^\n]*)?\n)+)", PAGE, re.M):
        if m.group(2).startswith("    "):
            yield m.group(1), textwrap.dedent(m.group(2)).strip("\n") + "\n"


def statements():
    """The page's loose statements: not those in files."""
    return [text for before, text in blocks() if text.startswith("CREATE") and not re.match(r"^`\S+`.*:$", before)]


def files(where):
    for before, text in blocks():
        named = re.search(r"`(\S+\.\w+)`[^`]*:$", before)
        if named:
            with open(os.path.join(where, named.group(1)), "w", encoding="utf-8") as f:
                f.write(text)


def test_every_statement_is_understood(where):
    files(where)
    with open(where + "/shop.sql", encoding="utf-8") as f:
        shop = f.read()
    found = [s for s in statements() if s not in shop]
    assert len(found) >= 10, "the page has lost its examples, or the test cannot find them"
    for text in found:
        with open(where + "/one.sql", "w", encoding="utf-8") as f:
            f.write(shop + text)
        harness.weir("explain", "one.sql", cwd=where)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def commands():
    for _, text in blocks():
        for part in re.split(r"^\$ ", text, flags=re.M)[1:] if text.startswith("$ ") else []:
            command, _, output = part.partition("\n")
            yield command, output


def matches(expected, found):
    """"…" stands for anything."""
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("…"))
    return re.fullmatch(pattern, found.strip(), re.S)


def test_every_command_does_what_is_shown(where):
    if subprocess.run(["/usr/bin/python3", "-c", "import flask"], capture_output=True, check=False).returncode:
        raise harness.Skip("Debian's flask is not installed")
    files(where)
    env = {**os.environ, "PATH": os.path.dirname(harness.WEIR) + ":" + os.environ["PATH"]}
    children, run = [], 0
    try:
        for command, output in commands():
            port = re.search(r"--port (\d+)", command)
            if command.endswith("&"):
                children.append(subprocess.Popen(command[:-1].split(), cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                harness.until(command, 60, lambda: listens(int(port.group(1))))
                continue
            done = subprocess.run(["sh", "-c", command], cwd=where, env=env, text=True, capture_output=True, timeout=120, check=False)
            run += 1
            assert done.returncode == 0 and matches(output, done.stdout + done.stderr), \
                f"$ {command}\n{done.stdout}{done.stderr}\ninstead of\n{output}"
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert run >= 4, "the page has lost its commands, or the test cannot find them"


if __name__ == "__main__":
    harness.main()
