"""Reads and writes the JUnit results of ./dev test.

results.py failures FILE             the failed cases of one suite with their output
results.py summary FOLDER SUITE ...  the closing table and, after it, each failed case with its reason; exit status 1
                                     when anything failed
results.py write FILE OUTPUT NAME=STATUS ...
                                     results of cases that were judged elsewhere: status 0 passed; OUTPUT is what
                                     the failed ones show

A cmocka program is one case for ctest; its own cases are counted from its output.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

CMOCKA_CASE = re.compile(r"^\[\s*(OK|FAILED|SKIPPED)\s*\] ([A-Za-z_]\w*)$", re.MULTILINE)
SHOWN_CHARACTERS = 20000
REASON_LINES = 6


class Case:
    def __init__(self, name, state, output=""):
        self.name = name
        self.state = state
        self.output = output


def cmocka_cases(output):
    """The cases in the output of a cmocka program; it names a failed one twice."""
    states = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}
    return [Case(name, state) for name, state in
            {name: states[word] for word, name in CMOCKA_CASE.findall(output)}.items()]


def read_cases(element):
    failures = [child for child in element if child.tag in ("failure", "error")]
    output = "\n".join(filter(None, [f.text or f.get("message") for f in failures]
                              + [element.findtext("system-out"), element.findtext("system-err")]))
    name = element.get("name")
    if failures or element.get("status") == "fail":
        state = "failed"
    elif element.find("skipped") is not None or element.get("status") in ("disabled", "notrun"):
        state = "skipped"
    else:
        state = "passed"
    cases = cmocka_cases(output)
    if not cases:
        return [Case(name, state, output)]
    for case in cases:
        if case.state == "failed":
            case.output = output
        case.name = f"{name}: {case.name}"
    if state == "failed" and not any(case.state == "failed" for case in cases):
        cases.append(Case(f"{name} (the program itself)", "failed", output))
    return cases


def read_suite(path):
    """All cases of a suite. A suite without results, or whose runner failed without a failed case, is a failure."""
    path = Path(path)
    cases = []
    if path.exists():
        for element in ElementTree.parse(path).getroot().iter("testcase"):
            cases += read_cases(element)
    status_file = path.with_suffix(".status")
    status = status_file.read_text().split()[0] if status_file.exists() else "0"
    if not cases:
        cases.append(Case("the suite left no results", "failed"))
    elif status != "0" and not any(case.state == "failed" for case in cases):
        cases.append(Case(f"the suite's runner ended with status {status}", "failed"))
    return cases


def print_failures(path):
    shown = set()
    for case in read_suite(path):
        if case.state == "failed":
            print(f"--- FAILED {case.name}")
            if case.output not in shown:
                print(case.output[-SHOWN_CHARACTERS:])
            shown.add(case.output)


def reason(case):
    """What pytest marks as the error, else the last lines."""
    lines = [line for line in case.output.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith("E  ")]
    return marked[:REASON_LINES] or lines[-REASON_LINES:]


def print_summary(folder, suites):
    row = "  {:<14} {:>7} {:>7} {:>8} {:>7}  {}"
    passed = 0
    failed = []
    print(row.format("suite", "passed", "failed", "skipped", "time", "result"))
    for suite in suites:
        cases = read_suite(Path(folder) / f"{suite}.xml")
        states = [case.state for case in cases]
        seconds = (Path(folder) / f"{suite}.status").read_text().split()[1]
        passed += states.count("passed")
        failed += [(suite, case) for case in cases if case.state == "failed"]
        print(row.format(suite, states.count("passed"), states.count("failed"), states.count("skipped"),
                         f"{seconds} s", "FAILED" if "failed" in states else "ok"))
    print(f"{passed} passed, {len(failed)} failed")
    for suite, case in failed:
        print(f"FAILED {suite}: {case.name}", *reason(case), sep="\n  ")
    return 1 if failed else 0


def write_results(path, output_file, judgements):
    output_file = Path(output_file)
    output = output_file.read_text(errors="replace") if output_file.exists() else ""
    suite = ElementTree.Element("testsuite")
    for judgement in judgements:
        name, status = judgement.split("=")
        case = ElementTree.SubElement(suite, "testcase", name=name)
        if status != "0":
            printable = "".join(c for c in output if c.isprintable() or c in "\n\t")
            ElementTree.SubElement(case, "failure").text = printable
    ElementTree.ElementTree(suite).write(path, encoding="unicode")


def main(action, *arguments):
    if action == "failures":
        print_failures(*arguments)
    elif action == "summary":
        return print_summary(arguments[0], arguments[1:])
    elif action == "write":
        write_results(arguments[0], arguments[1], arguments[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
