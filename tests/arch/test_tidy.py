"""clang-tidy with the few checks of /.clang-tidy, all of them fatal."""

import hashlib
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from tree import ROOT, sources

BUILD = ROOT / "build/dev"
CLEAN = ROOT / ".dev/cache/tidy"
SECONDS_PER_FILE = 120


def fingerprint(path, shared):
    """What clang-tidy's answer depends on; a file that was clean is not asked about again."""
    return hashlib.sha256(shared + str(path).encode() + path.read_bytes()).hexdigest()


def tidy(path, mark):
    if mark.exists():
        return ""
    run = subprocess.run(["clang-tidy-14", "--quiet", "-p", str(BUILD), str(path)], cwd=ROOT, capture_output=True,
                         text=True, timeout=SECONDS_PER_FILE)
    if run.returncode == 0:
        mark.touch()
        return ""
    return run.stdout or run.stderr


def test_clang_tidy_finds_nothing():
    database = BUILD / "compile_commands.json"
    if not database.exists():
        pytest.fail("build/dev is not configured; ./dev build dev does it")
    compiled = {entry["file"] for entry in json.loads(database.read_text())}
    shared = hashlib.sha256(b"".join(path.read_bytes() for path in
                                     [ROOT / ".clang-tidy", *sources("libshared", "services", suffixes=(".h",))]))
    CLEAN.mkdir(parents=True, exist_ok=True)
    files = [path for path in sources("libshared", "services", suffixes=(".c",)) if str(path) in compiled]
    marks = [CLEAN / fingerprint(path, shared.digest()) for path in files]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [text for text in pool.map(tidy, files, marks) if text]
    for stale in set(CLEAN.iterdir()) - set(marks):
        stale.unlink()
    assert not found, "\n".join(found)
