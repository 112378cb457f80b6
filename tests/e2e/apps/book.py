"""What the two receivers share: a book of the requests that were taken, and the trouble they are told to make."""
import json
import threading


class Book:
    """Every request that was taken is a line of a file, before it is answered: {"id": …, "rows": [[k, n], …]}."""

    def __init__(self, path):
        self.file, self.lock = open(path, "a", encoding="utf-8"), threading.Lock()
        self.mode, self.taken, self.troubled = "ok", 0, 0
        self.gate = threading.Event()

    def set_mode(self, mode):
        self.mode = mode
        self.gate.set()                         # whatever hangs is let go
        self.gate = threading.Event()

    def trouble(self):
        """None, or what is to be done to the request at hand."""
        if self.mode != "ok":
            with self.lock:
                self.troubled += 1
        return None if self.mode == "ok" else self.mode

    def take(self, key, rows):
        with self.lock:
            self.file.write(json.dumps({"id": key, "rows": [[r["k"], r["n"]] for r in rows]}) + "\n")
            self.file.flush()
            self.taken += 1

    def stats(self):
        return {"taken": self.taken, "troubled": self.troubled}
