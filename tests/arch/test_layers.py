"""Which part may know which."""

import re
import subprocess

from tree import ROOT, assert_none, at, code_of, includes_of, library_of, sources

ORDER = re.search(r"foreach\(library ([a-z ]+)\)", (ROOT / "libshared/CMakeLists.txt").read_text()).group(1).split()
BASE_ONLY = ("domain", "message")

# Header of a third party -> the only libraries that may include it.
OWNERS = {
    r"librdkafka/": {"bus"},
    r"mongoc(/|\.h)": {"store"},
    r"curl/": {"search", "blob"},
    r"h2o(/|\.h)": {"web"},
    r"protobuf-c/|.*\.pb-c\.h": {"message"},
    r"simdjson": {"json"},
    r"sodium(/|\.h)": {"auth", "domain"},
    r"openssl/": {"auth", "web"},
    r"(csv|zip|expat|xlsxwriter)\.h": {"sheet"},
    r"pthread\.h|threads\.h": {"web", "runtime", "bus", "store", "auth", "quota"},
}
IMPURE_HEADERS = re.compile(r"(time|sys/time|sys/random|sys/socket|fcntl|unistd|poll|signal|pthread|threads)\.h")
IMPURE_CALLS = re.compile(r"\b(clock_[a-z]+|time|gettimeofday|rand|random|getrandom|randombytes[a-z_]*|fopen|printf|"
                          r"fprintf|getenv|log_[a-z]+)\s*\(")


def third_party_violations(pattern, owners):
    for path in sources("libshared", "services"):
        for line, _, header in includes_of(path):
            if re.match(pattern, header) and library_of(path) not in owners:
                yield at(path, line, f"{header} belongs to {', '.join(sorted(owners))}")


def test_only_the_library_that_wraps_it_includes_a_third_party_header():
    assert_none([violation for pattern, owners in OWNERS.items()
                 for violation in third_party_violations(pattern, owners)])


def test_a_library_includes_only_libraries_above_it():
    violations = []
    for path in sources("libshared"):
        library = library_of(path)
        allowed = {"base"} if library in BASE_ONLY else set(ORDER[:ORDER.index(library)])
        for line, _, header in includes_of(path):
            used = header.split("/")[0]
            if "/" in header and used in ORDER and used != library and used not in allowed:
                violations.append(at(path, line, f"{library} may not use {header}"))
    assert_none(violations)


def test_no_library_knows_a_service_and_no_service_knows_another():
    folders = {path.name for path in (ROOT / "services").iterdir() if path.is_dir()}
    violations = []
    for path in sources("libshared", "services"):
        for line, _, header in includes_of(path):
            if "services/" in header or header.split("/")[0] in folders:
                violations.append(at(path, line, header))
    assert_none(violations)


def test_the_domain_does_no_io_reads_no_clock_and_draws_no_random_number():
    violations = []
    for path in sources("libshared"):
        if library_of(path) != "domain":
            continue
        for line, _, header in includes_of(path):
            if IMPURE_HEADERS.fullmatch(header):
                violations.append(at(path, line, header))
        for line, text in enumerate(code_of(path).splitlines(), 1):
            match = IMPURE_CALLS.search(text)
            if match:
                violations.append(at(path, line, match.group()))
    assert_none(violations)


def test_every_source_includes_its_own_header_first():
    violations = []
    for path in sources("libshared", suffixes=(".c",)):
        own = path.with_suffix(".h")
        if own.exists():
            line, _, first = next(includes_of(path), (1, "", "nothing"))
            # The private header of a library includes its public one.
            if first not in (f"{library_of(path)}/{own.name}", f"{library_of(path)}/{library_of(path)}_internal.h"):
                violations.append(at(path, line, f"{first} before {own.name}"))
    assert_none(violations)


PARSERS = {"csv_reader", "xlsx_reader", "xls_reader"}
PROGRAMS = sorted(path for path in (ROOT / "build/dev/bin").glob("consign-*") if path.is_file())


def test_only_the_sandboxed_program_holds_parsers_of_files():
    assert PROGRAMS, "there is no dev build; ./dev build dev makes it"
    holding = set()
    for program in PROGRAMS:
        listing = subprocess.run(["nm", program], check=True, capture_output=True, text=True, timeout=60).stdout
        if PARSERS & {line.split()[-1] for line in listing.splitlines()}:
            holding.add(program.name)
    assert holding == {"consign-sheet-reader"}
