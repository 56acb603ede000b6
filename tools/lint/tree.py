#!/usr/bin/env python3
"""Checks the tree against its own description.

* The top level holds exactly what is allowed there.
* README.md, section "Project structure": each path in its code block exists, and each folder of
  the first level, and of the second below libs, services, tests and tools, is in it.
"""

import pathlib
import re
import subprocess
import sys

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
    "deploy", "k8s", "libs", "proto", "services", "tests", "tools",
}
DESCRIBED_INSIDE = ("libs", "services", "tests", "tools")


def tracked_files() -> list[pathlib.PurePosixPath]:
    output = subprocess.run(
        ["git", "ls-files"], check=True, capture_output=True, text=True).stdout
    return [pathlib.PurePosixPath(line) for line in output.splitlines()]


def described(readme: str) -> list[str]:
    section = re.search(r"^## Project structure$.*?```text\n(.*?)```", readme, re.DOTALL | re.M)
    if not section:
        return []
    return [line.split()[0].rstrip("/") for line in section[1].splitlines() if line.strip()]


def main() -> int:
    faults = []
    files = tracked_files()
    top = {file.parts[0] for file in files}
    for name in sorted(top - TOP_LEVEL):
        if not name.startswith("."):
            faults.append(f"{name}: not allowed at the top level")
    faults += [f"{name}: missing at the top level" for name in sorted(TOP_LEVEL - top)]

    paths = described(pathlib.Path("README.md").read_text(encoding="utf-8"))
    if not paths:
        faults.append('README.md: no section "Project structure" with a text block')
    faults += [f"README.md names {path}, which is not there"
               for path in paths if not pathlib.Path(path).exists()]
    folders = {file.parts[0] for file in files if len(file.parts) > 1}
    folders |= {"/".join(file.parts[:2]) for file in files
                if len(file.parts) > 2 and file.parts[0] in DESCRIBED_INSIDE}
    faults += [f"README.md does not name {folder}"
               for folder in sorted(folders - set(paths)) if not folder.startswith(".")]

    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
