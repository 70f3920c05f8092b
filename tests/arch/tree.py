"""The source tree as the rules see it."""

import re
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@lru_cache
def tracked_files():
    """Every file that git has or would add."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             check=True, capture_output=True, text=True).stdout
    return sorted(path for path in (ROOT / name for name in listing.split("\0") if name) if path.is_file())


def tracked_text_files():
    """(path, text) of every tracked file that is text."""
    for path in tracked_files():
        try:
            yield path, path.read_text()
        except UnicodeDecodeError:
            continue


def sources(*folders, suffixes=(".c", ".h", ".cpp")):
    return [path for path in tracked_files()
            if path.suffix in suffixes and path.relative_to(ROOT).parts[0] in folders]


def code_of(path):
    """The text with comments and literals blanked out, lines kept."""
    return COMMENT_OR_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), path.read_text())


def includes_of(path):
    """(line number, "<" or '"', header) of every include."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def library_of(path):
    """`bus` for libshared/bus/bus.c, None outside libshared."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "libshared" and len(parts) > 2 else None


def at(path, line, text):
    return f"{path.relative_to(ROOT)}:{line}: {text}"


def assert_none(violations):
    assert not violations, f"{len(violations)} violations\n" + "\n".join(violations)
