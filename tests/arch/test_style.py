"""The house style, as far as a program can tell."""

import re
import subprocess

from tree import ROOT, assert_none, at, code_of, sources, tracked_files

LONGEST_FUNCTION = 60
LONGEST_FILE = 400
LONGEST_TEST_FILE = 600
MOST_PARAMETERS = 5

# A definition at the left margin: its head, with indented continuation lines, and its body up to the brace at the margin.
FUNCTION = re.compile(r"^[A-Za-z_](?:[^;{}=#\n]|\n[ \t])*\)\n\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)

# Calls that end a process, block a thread, take no limit or have a better form here.
FORBIDDEN_CALLS = re.compile(r"\b(exit|_exit|quick_exit|sleep|usleep|atoi|atol|atof|alloca|strcpy|strcat|sprintf|"
                             r"vsprintf|gets|strtok|system|popen)\s*\(")


def test_no_function_is_longer_than_60_lines():
    violations = []
    for path in sources("libshared", "services", suffixes=(".c", ".cpp")):
        code = code_of(path)
        for match in FUNCTION.finditer(code):
            lines = match.group(1).count("\n")
            if lines > LONGEST_FUNCTION:
                violations.append(at(path, code.count("\n", 0, match.start()) + 1, f"{lines} lines"))
    assert_none(violations)


def test_no_file_is_too_long_to_read_at_once():
    violations = []
    for path in sources("libshared", "services", "tests"):
        limit = LONGEST_TEST_FILE if path.relative_to(ROOT).parts[0] == "tests" else LONGEST_FILE
        lines = path.read_text().count("\n")
        if lines > limit:
            violations.append(at(path, lines, f"{lines} lines, {limit} are allowed"))
    assert_none(violations)


def test_no_function_takes_more_than_5_parameters():
    violations = []
    for path in sources("libshared", "services", suffixes=(".c",)):
        code = code_of(path)
        for match in FUNCTION.finditer(code):
            head = code[match.start():match.start(1)]
            parameters = head[head.index("(") + 1:head.rindex(")")]
            # The output and the error at the end of a fallible function, and the context of a callback, do not count.
            count = parameters.count(",") + 1 - 2 * ("struct err *err" in parameters) - ("void *ctx" in parameters)
            if count > MOST_PARAMETERS:
                violations.append(at(path, code.count("\n", 0, match.start()) + 1, f"{count} parameters"))
    assert_none(violations)


def test_no_code_calls_what_ends_blocks_or_overflows():
    violations = []
    for path in sources("libshared", "services"):
        for line, text in enumerate(code_of(path).splitlines(), 1):
            match = FORBIDDEN_CALLS.search(text)
            if match:
                violations.append(at(path, line, match.group(1)))
    assert_none(violations)


COMPARISON = re.compile(r"(?<!sodium_)\b(memcmp|strn?cmp|strn?casecmp|str_eq|str_is)\(.*(hash|secret|signature|expected|mac\b)")


def test_what_proves_a_caller_is_compared_in_constant_time():
    sources = [(path, path.read_text()) for path in tracked_files() if path.match("libshared/auth/*.c")]
    assert_none([at(path, number, line.strip()) for path, text in sources
                 for number, line in enumerate(text.splitlines(), 1) if COMPARISON.search(line)])
    assert {path.name for path, text in sources if "sodium_memcmp(" in text} >= {"api_key.c", "signature.c"}


def test_no_struct_hides_behind_a_typedef():
    violations = []
    for path in sources("libshared", "services", suffixes=(".c", ".h")):
        for line, text in enumerate(code_of(path).splitlines(), 1):
            if re.match(r"\s*typedef\s+(struct|union|enum)\b", text):
                violations.append(at(path, line, text.strip()))
    assert_none(violations)


def test_no_file_is_named_for_leftovers():
    assert_none([at(path, 1, "say what it is for") for path in sources("libshared", "services", "tests")
                 if re.match(r"(util|helper|misc|common|stuff)s?\b", path.stem)])


def test_every_header_is_guarded_by_pragma_once():
    assert_none([at(path, 1, "#pragma once is missing") for path in sources("libshared", "services", "tests", suffixes=(".h",))
                 if not re.match(r"#pragma once\n", path.read_text())])


def test_the_sources_are_formatted():
    files = [str(path.relative_to(ROOT)) for path in sources("libshared", "services", "tests")]
    run = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *files], cwd=ROOT, capture_output=True, text=True)
    assert_none([line for line in run.stderr.splitlines() if "error:" in line])
    assert run.returncode == 0, run.stderr
