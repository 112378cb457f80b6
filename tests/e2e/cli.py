#!/usr/bin/env python3
"""The program as a user meets it: version, exit statuses, one query over a file, errors that help."""
import glob
import json
import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import harness
from harness import weir, weir_sql


def people(where, times=1):
    name = os.path.join(where, "people.ndjson")
    with open(name, "w", encoding="utf-8") as f:
        for i, town in enumerate(("Roma", "Forlì", "Roma", "Torino", "Roma") * times):
            f.write(json.dumps({"id": i, "town": town, "age": 20 + i}, ensure_ascii=False) + "\n")
    return f"CREATE STREAM people (id INT, town STRING, age INT) WITH (FILE='{name}', FORMAT='JSON');\n"


def least(function, times, enough):
    """The least of several: what the program takes, not what the machine was doing. Stops at the first that is enough."""
    best = function()
    for _ in range(times - 1):
        if best < enough:
            break
        best = min(best, function())
    return best


def cpu_seconds(*arguments):
    """What the program computes; how long the machine lets it wait says nothing of it."""
    def used():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime
    before = used()
    subprocess.run([harness.WEIR, *arguments], check=True, capture_output=True, cwd=harness.ROOT)
    return used() - before


def waited(pid):
    """Seconds for which threads of a process could have run, and others had the processors."""
    total = 0
    for name in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            with open(name, encoding="ascii") as f:
                total += int(f.read().split()[1])
        except OSError:                         # a thread that has ended
            pass
    return total / 1e9


def test_version_is_told_in_milliseconds(where):
    out, _ = weir("--version")
    assert "weir" in out.lower(), out
    took = least(lambda: cpu_seconds("--version"), 30, 0.020)
    assert took < 0.020, f"{took * 1000:.1f} ms"


def test_help_goes_to_stdout(where):
    out, err = weir("--help")
    for word in ("run", "serve", "test", "explain"):
        assert word in out, out + err


def test_unknown_command_is_wrong_usage(where):
    _, err = weir("walk", status=2)
    assert "walk" in err, err


def test_unknown_option_is_wrong_usage(where):
    _, err = weir("run", "--no-such-option", status=2)
    assert "no-such-option" in err, err


def test_missing_file_of_statements(where):
    _, err = weir("run", where + "/absent.sql", status=None)
    assert "absent.sql" in err, err


def test_select_from_a_file_prints_rows(where):
    out, _ = weir_sql(where, people(where) + "SELECT id, town FROM people WHERE town = 'Roma' EMIT CHANGES;\n",
                      "--until-end")
    assert out.count("Roma") == 3 and "Torino" not in out, out


def test_select_without_emit_gives_what_is_there_and_ends(where):
    sql = people(where) + "CREATE TABLE towns AS SELECT town, COUNT(*) AS n FROM people GROUP BY town;\n"
    weir_sql(where, sql, "--until-end")
    out, _ = weir("run", "-e", "SELECT * FROM towns; SELECT id FROM people WHERE town = 'Roma';", "--data", where + "/state")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"town": "Forlì", "n": 1}, {"town": "Roma", "n": 3}, {"town": "Torino", "n": 1},
        {"id": 0}, {"id": 2}, {"id": 4}], out


def test_select_without_emit_waits_for_the_tables_of_its_file(where):
    sql = (people(where, times=50000) + "CREATE TABLE towns AS SELECT town, COUNT(*) AS n FROM people GROUP BY town;\n"
           + "SHOW QUERIES;\n" * 20 +     # by then it runs, and has not read all
           "SELECT n FROM towns WHERE town = 'Roma';\n")
    for until in ("--until-end", "--until-caught-up"):
        os.mkdir(os.path.join(where, until))
        out, _ = weir_sql(os.path.join(where, until), sql, until)
        assert out.splitlines()[-1] == '{"n":150000}', out


def test_limit_ends_the_query(where):
    out, _ = weir_sql(where, people(where) + "SELECT id, town FROM people EMIT CHANGES LIMIT 2;\n")
    assert "Roma" in out and "Forlì" in out and "Torino" not in out, out


def test_first_row_within_100_ms(where):
    sql = os.path.join(where, "first.sql")
    with open(sql, "w", encoding="utf-8") as f:
        f.write(people(where) + "SELECT id, town FROM people EMIT CHANGES;\n")

    def first():
        data = os.path.join(where, f"state{time.monotonic_ns()}")
        begun = time.monotonic()
        child = subprocess.Popen([harness.WEIR, "run", sql, "--data", data], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, cwd=harness.ROOT)
        try:
            for line in child.stdout:
                if "Roma".encode() in line:
                    took = time.monotonic() - begun
                    return took - waited(child.pid)
            raise AssertionError("no row")
        finally:
            child.kill()
            child.wait()
    took = least(first, 30, 0.100)
    assert took < 0.100, f"{took * 1000:.0f} ms"


def test_statement_from_the_command_line(where):
    out, _ = weir("run", "-e", people(where) + "SELECT COUNT(*) AS n, town FROM people GROUP BY town EMIT CHANGES;",
                  "--data", where + "/state", "--until-end")
    assert "Torino" in out, out


def test_define_fills_a_variable(where):
    sql = people(where) + "SELECT id FROM people WHERE town = '${where}' EMIT CHANGES;\n"
    out, _ = weir_sql(where, sql, "--define", "where=Torino", "--until-end")
    assert "3" in out and "4" not in out, out


def test_syntax_error_shows_line_and_caret(where):
    _, err = weir_sql(where, people(where) + "SELECT id FORM people;\n", "--until-end", status=1)
    assert "^" in err and "FORM" in err and "2" in err, err


def test_unknown_column_is_guessed(where):
    _, err = weir_sql(where, people(where) + "SELECT twon FROM people EMIT CHANGES;\n", "--until-end", status=1)
    assert "^" in err and "town" in err.lower().replace("twon", ""), err


def test_unknown_source_is_guessed(where):
    _, err = weir_sql(where, people(where) + "SELECT id FROM peopel EMIT CHANGES;\n", "--until-end", status=1)
    assert "people" in err.lower(), err


def test_unknown_function_is_guessed(where):
    _, err = weir_sql(where, people(where) + "SELECT UCASEE(town) FROM people EMIT CHANGES;\n", "--until-end", status=1)
    assert "ucase" in err.lower(), err


def test_explain_shows_the_plan_and_runs_nothing(where):
    out, _ = weir("explain", "-e", people(where) + "SELECT town, COUNT(*) AS n FROM people GROUP BY town EMIT CHANGES;",
                  cwd=where, program=harness.WEIR)
    assert "people" in out.lower() and len(out.splitlines()) >= 2, out


def test_data_to_stdout_words_to_stderr(where):
    out, _ = weir_sql(where, people(where) + "SELECT id FROM people EMIT CHANGES;\n", "--until-end")
    assert "created" not in out.lower(), out


def test_interrupt_ends_a_service_cleanly(where):
    sql = os.path.join(where, "p.sql")
    with open(sql, "w", encoding="utf-8") as f:
        f.write(people(where) + f"CREATE SINK t WITH (TYPE='csv', PATH='{where}/t.csv', MODE='TABLE') AS\n"
                "  SELECT town, COUNT(*) AS n FROM people GROUP BY town;\n")
    child = harness.start("run", sql, "--data", where + "/state", log=where + "/log")
    harness.until("the table", 60, lambda: os.path.exists(where + "/t.csv") and len(harness.read_csv(where + "/t.csv")) == 3)
    child.terminate()
    assert child.wait(60) == 0, open(where + "/log").read()


if __name__ == "__main__":
    harness.main()
