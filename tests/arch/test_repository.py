"""What a file of the repository may say, and what must agree with what."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tree import ROOT, assert_none, at, tracked_files, tracked_text_files

BINARIES = Path(os.environ.get("CONSIGN_BIN_DIR", ROOT / "build/dev/bin"))

# Spelled in pieces, so that this file does not break its own rule.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE_PATHS = re.compile(r"(?<![\w.$}/:-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me/[a-z]", "Us" + "ers/[a-z]"]) + r")\b")
REGISTRIES = re.compile("|".join(re.escape(name) for name in [
    "crates" + ".io", "repo.maven" + ".apache.org", "repo1.maven" + ".org", "pypi" + ".org", "pythonhosted" + ".org",
    "registry.npmjs" + ".org", "proxy.golang" + ".org", "deb.debian" + ".org", "rubygems" + ".org"]))
SECRETS = re.compile(r"\b(sk_[0-9a-f]{32,}|-----BEGIN [A-Z ]*PRIVATE KEY-----)")


def lines_that_match(pattern):
    return [at(path, number, line.strip()[:120]) for path, text in tracked_text_files()
            for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


def shell_scripts():
    for path, text in tracked_text_files():
        if path.suffix == ".sh" or re.match(r"#!.*\b(ba)?sh\b", text):
            yield path


def test_nothing_is_left_for_later():
    assert_none(lines_that_match(UNFINISHED))


def test_no_file_names_a_folder_of_one_machine():
    assert_none(lines_that_match(MACHINE_PATHS))


def test_no_file_names_a_package_registry():
    assert_none(lines_that_match(REGISTRIES))


def test_no_file_holds_a_secret():
    assert_none(lines_that_match(SECRETS))


def test_no_build_output_is_tracked():
    assert_none([at(path, 1, "built") for path in tracked_files() if path.suffix in (".o", ".a", ".so", ".pyc", ".jar", ".class")])


def test_shell_scripts_parse():
    found = []
    for path in shell_scripts():
        run = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
        found += run.stderr.splitlines()
    assert_none(found)


def test_shellcheck_finds_nothing():
    if not shutil.which("shellcheck"):
        pytest.fail("shellcheck is not installed; ./dev setup does it")
    # The parts of ./dev see each other's variables; shellcheck looks at one file.
    run = subprocess.run(["shellcheck", "--shell=bash", "--exclude=SC2034,SC2154", "--format=gcc",
                          *[str(path) for path in shell_scripts()]], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_python_parses():
    found = []
    for path in tracked_files():
        if path.suffix == ".py":
            try:
                compile(path.read_text(), str(path), "exec")
            except SyntaxError as error:
                found.append(str(error))
    assert_none(found)


@pytest.mark.parametrize("page, command", [("CONFIGURATION.md", "config-docs"), ("errors.md", "errors-docs")])
def test_a_generated_page_is_what_the_program_prints(page, command):
    admin = BINARIES / "consign-admin"
    if not admin.exists():
        pytest.fail(f"{admin.relative_to(ROOT)} is not built")
    printed = subprocess.run([str(admin), command], check=True, capture_output=True, text=True, timeout=30).stdout
    page = ROOT / "docs" / page
    assert page.exists() and page.read_text() == printed, f"consign-admin {command} > {page.relative_to(ROOT)} renews it"


def test_every_refusal_of_a_file_is_documented():
    documented = (ROOT / "docs/FILES.md").read_text()
    assert_none([at(path, 1, f"{code} is not in docs/FILES.md") for path in sorted((ROOT / "libshared/sheet").glob("*.c"))
                 for code in re.findall(r'"((?:FILE|CSV|XLSX|XLS)_[A-Z_]+)"', path.read_text())
                 if f"`{code}`" not in documented])
