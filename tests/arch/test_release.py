"""What a release build is made with, seen on the programs themselves."""

import re
import subprocess

import pytest
from tree import ROOT

BINARIES = sorted(path for path in (ROOT / "build/release/bin").glob("consign-*") if "bench" not in path.name)


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True, text=True, timeout=60).stdout


def test_there_is_a_release_build_to_look_at():
    assert BINARIES, "./dev build release"


@pytest.mark.parametrize("binary", BINARIES, ids=lambda path: path.name)
def test_a_released_program_is_hardened(binary):
    header, segments, dynamic = readelf("-h", binary), readelf("-l", binary), readelf("-d", binary)
    symbols = readelf("--dyn-syms", binary)
    assert "DYN (Position-Independent Executable" in header
    assert "GNU_RELRO" in segments and re.search(r"FLAGS.*(BIND_NOW|NOW)", dynamic)
    assert re.search(r"GNU_STACK\s.*\sRW\s", segments), "the stack is executable"
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__(memcpy|snprintf|vsnprintf|memset|fprintf|printf)_chk", symbols), "FORTIFY_SOURCE is off"
    # Debian's start-up code has no CET note, so the linked program has none; its functions are marked all the same.
    assert binary.read_bytes().count(b"\xf3\x0f\x1e\xfa") > 10, "-fcf-protection is off"


@pytest.mark.parametrize("binary", BINARIES, ids=lambda path: path.name)
def test_a_released_program_has_no_crash_points(binary):
    switch = b"CONSIGN_CRASHPOINT"
    assert switch.decode() in (ROOT / "tests/fault/crash_points.c").read_text()
    assert switch not in binary.read_bytes()
