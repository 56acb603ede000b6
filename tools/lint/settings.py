#!/usr/bin/env python3
"""Keeps the printed tables of settings equal to the code's own.

deploy/.env.example is `mediarouter settings --format env`; the table in README.md, between its
"settings" marks, is `mediarouter settings --format markdown`.

usage: settings.py [--write] MEDIAROUTER-BINARY
"""

import pathlib
import re
import subprocess
import sys

ENV_EXAMPLE = pathlib.Path("deploy/.env.example")
README = pathlib.Path("README.md")
MARKS = re.compile(r"(<!-- settings: begin[^\n]*-->\n).*?(<!-- settings: end -->)", re.DOTALL)


def printed(binary: str, form: str) -> str:
    return subprocess.run([binary, "settings", "--format", form], check=True, capture_output=True,
                          text=True).stdout.strip() + "\n"


def main() -> int:
    write = "--write" in sys.argv
    binary = sys.argv[-1]
    table = printed(binary, "markdown")
    readme = README.read_text(encoding="utf-8")
    if not MARKS.search(readme):
        print(f"{README}: the marks of the settings table are missing")
        return 1
    wanted = {
        ENV_EXAMPLE: printed(binary, "env"),
        README: MARKS.sub(lambda match: match[1] + "\n" + table + "\n" + match[2], readme),
    }
    stale = [path for path, text in wanted.items()
             if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if write:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            print(f"{path}: differs from the code's settings; "
                  f"run tools/lint/settings.py --write {binary}")
    return 1 if stale and not write else 0


if __name__ == "__main__":
    sys.exit(main())
