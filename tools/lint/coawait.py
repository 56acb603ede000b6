#!/usr/bin/env python3
"""Finds what g++ 12 compiles wrongly around co_await.

A capturing lambda or a brace-initialised temporary inside a full expression that also holds a
co_await is destroyed twice (use after free, at any optimisation level). The cure is a named local:

    auto work = [&x] { ... };
    co_await Run(std::move(work));

Braces are refused for any type, since this script cannot tell an aggregate from a class with
constructors; `Type(...)` does for those. `// NOLINT(coawait)` on the line of the co_await permits.

usage: coawait.py [FILE...]      without files: all C++ of the tree
"""

import pathlib
import re
import subprocess
import sys

TOKENS = re.compile(
    r'R"(?P<delimiter>[^()\s\\]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/',
    re.DOTALL)
OPEN, CLOSE = "([{", ")]}"
CONDITION = re.compile(r"\b(?:if|while|for|switch)\s*(?:constexpr\s*)?$")
# What stands before the brace of a block, not of an initialiser.
BLOCK = re.compile(
    r"(?:\)|[;{}:]|\b(?:else|do|try|noexcept|mutable|const|override|final)|->[\w\s:<>,*&]+"
    r"|\b(?:namespace|class|struct|enum|union)\b[^;{}()]*|^)\s*$")
CAPTURING = re.compile(r"(?<![\w)\]])\s*\[(?!\[)\s*[^\]\s][^\]]*\]\s*(?:\(|\{|mutable)")
BRACES = re.compile(r"(?:[\w>]|[(,])\s*\{")


def blank(text: str) -> str:
    """Comments and literals become spaces, so that offsets and lines stay."""
    return TOKENS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def expression_start(code: str, position: int) -> int:
    depth = 0
    while position > 0:
        char = code[position - 1]
        if char in CLOSE:
            if char == "}" and depth == 0 and not re.match(r"\s*[,.)]", code[position:]):
                return position
            depth += 1
        elif char in OPEN:
            if depth > 0:
                depth -= 1
            elif char == "(" and CONDITION.search(code[max(0, position - 40):position - 1]):
                return position
            elif char == "{" and BLOCK.search(code[max(0, position - 200):position - 1]):
                return position
        elif char == ";" and depth == 0:
            return position
        position -= 1
    return 0


def expression_end(code: str, position: int) -> int:
    depth = 0
    while position < len(code):
        char = code[position]
        if char in OPEN:
            depth += 1
        elif char in CLOSE:
            depth -= 1
            if depth < 0:
                return position
        elif char == ";" and depth == 0:
            return position
        position += 1
    return position


def faults(text: str) -> list[tuple[int, str]]:
    code = blank(text)
    lines = text.split("\n")
    found = {}
    for match in re.finditer(r"\bco_await\b", code):
        line = code.count("\n", 0, match.start()) + 1
        if "NOLINT(coawait)" in lines[line - 1]:
            continue
        start = expression_start(code, match.start())
        expression = code[start:expression_end(code, start)]
        if CAPTURING.search(expression):
            found[line] = "a capturing lambda in an expression with co_await: name it first"
        elif BRACES.search(expression):
            found[line] = "a braced temporary in an expression with co_await: name it first"
    return sorted(found.items())


def main() -> int:
    files = sys.argv[1:] or subprocess.run(
        ["git", "ls-files", "*.cc", "*.h"], check=True, capture_output=True, text=True,
    ).stdout.split()
    count = 0
    for name in files:
        for line, what in faults(pathlib.Path(name).read_text(encoding="utf-8")):
            print(f"{name}:{line}: {what}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
