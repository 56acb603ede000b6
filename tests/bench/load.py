"""Load generators, and the median of runs that alternate between two sides."""

import json
import pathlib
import re
import statistics
import subprocess

from machine import postgres_program


class Load:
    def __init__(self, runs, seconds):
        self.runs = runs
        self.seconds = seconds

    def side_by_side(self, *sides):
        """Medians of the sides' figures, each measured in turn, so that they share the weather."""
        figures = [[] for _ in sides]
        for _ in range(self.runs):
            for side, found in zip(sides, figures):
                found.append(side())
        return [statistics.median(found) for found in figures]

    def wrk(self, url, connections, headers=None, post=None, folder=None):
        """Answers per second; anything but 2xx is a fault of the measurement."""
        argv = ["wrk", "-t1", f"-c{connections}", f"-d{self.seconds}s", "--timeout", "20s"]
        for name, value in (headers or {}).items():
            argv += ["-H", f"{name}: {value}"]
        if post is not None:
            script = pathlib.Path(folder, "post.lua")
            body = json.dumps(post)
            script.write_text(f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\n'
                              'wrk.headers["Content-Type"] = "application/json"\n')
            argv += ["-s", str(script)]
        output = subprocess.run([*argv, url], check=True, capture_output=True, text=True).stdout
        if "Non-2xx" in output or re.search(r"Socket errors: (?!connect 0, read 0, write 0)", output):
            raise RuntimeError(f"wrk on {url}:\n{output}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])

    def pgbench(self, database, script, clients):
        """Transactions per second."""
        output = subprocess.run(
            [postgres_program("pgbench"), *database.where, "-n", "-M", "prepared", "-j", "1",
             "-c", str(clients), "-T", str(self.seconds), "-f", script, database.name],
            check=True, capture_output=True, text=True).stdout
        return float(re.search(r"^tps = ([\d.]+)", output, re.M)[1])
