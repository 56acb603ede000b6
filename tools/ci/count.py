#!/usr/bin/env python3
"""Sums up the JUnit reports of a folder: prints "N passed, N failed" as its last line.

ctest's report has one entry for each Catch2 binary; the cases inside are counted from Catch2's
own closing lines, which the report quotes. Node's has one entry for each test.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

ALL_PASSED = re.compile(r"All tests passed \(.* in (\d+) test cases?\)")
SOME_FAILED = re.compile(r"test cases: +(\d+) \|(?: +(\d+) passed)?[ |]*(?: +(\d+) failed)?")


def catch2_counts(output: str) -> tuple[int, int] | None:
    if match := ALL_PASSED.search(output):
        return int(match[1]), 0
    if match := SOME_FAILED.search(output):
        failed = int(match[3] or 0)
        return int(match[1]) - failed, failed
    return None


def count(report: pathlib.Path) -> tuple[int, int, int]:
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        went_wrong = case.find("failure") is not None or case.find("error") is not None
        went_wrong = went_wrong or case.get("status") in ("fail", "notrun")
        if case.find("skipped") is not None and not went_wrong:
            skipped += 1
            continue
        inside = catch2_counts(case.findtext("system-out") or "")
        good, bad = inside or (0 if went_wrong else 1, 0)
        # A binary that crashed after or before its closing line counts as one failure at least.
        bad = max(bad, 1) if went_wrong else bad
        passed, failed = passed + good, failed + bad
    return passed, failed, skipped


def main() -> int:
    reports = sorted(pathlib.Path(sys.argv[1]).glob("*.xml"))
    passed = failed = skipped = 0
    for report in reports:
        try:
            good, bad, left_out = count(report)
        except ElementTree.ParseError as error:
            print(f"{report.name}: unreadable ({error}), counted as one failure")
            good, bad, left_out = 0, 1, 0
        print(f"{report.stem}: {good} passed, {bad} failed, {left_out} skipped")
        passed, failed, skipped = passed + good, failed + bad, skipped + left_out
    closing = f"{passed} passed, {failed} failed"
    print(closing + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
