"""The texts of tests/data/json, and one request cut off at every byte, posted to the real ingress: each gets its answer,
none crashes it, and its memory stays bounded."""

import json
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
import requests

from consign import assert_problem, fresh
from stack import ROOT

QUEUE = "/api/b2b/pim/import/queue"
MOST_MB = 192  # more than before; a sanitizer holds back some of what was freed


def expand(text):
    """The bytes that a text of the tables stands for: %hh is a byte, %{text*count} a repetition."""
    def repeat(match):
        return match[1] * int(match[2])
    return unquote_to_bytes(re.sub(r"%\{((?:(?!%\{).)*?)\*(\d+)\}", repeat, text))


def table(name):
    """[(code or None for accepted, offset, bytes)]"""
    found = []
    for line in (ROOT / "tests/data/json" / name).read_text().splitlines():
        if line and not line.startswith("#"):
            answer, text = line.split("\t")
            code, _, offset = answer.partition("@")
            found.append((None, None, expand(text)) if code == "accepted" else (code, int(offset), expand(text)))
    return found


def row(value):
    """A row of a fresh code with the value in it: the text before the value, and the whole."""
    start = b'{"entity_code":"%s","x":' % fresh("P").encode()
    return start, start + value + b"}"


BEFORE_ROWS = b'{"source_id":"supplier-weekly-feed","products":['


def request(rows):
    return BEFORE_ROWS + b",".join(rows) + b"]}"


class Posting:
    """Counts what is posted, and notes what is answered otherwise than the tables say."""

    def __init__(self, client):
        self.client, self.session, self.count, self.wrong = client, requests.Session(), 0, []

    def post(self, body):
        self.count += 1
        return self.session.post(self.client.url + QUEUE, data=body, timeout=120,
                                 headers={**self.client.headers, "content-type": "application/json"})

    def expect(self, body, code, offset):
        response = self.post(body)
        answer = response.json()
        seen = (None, None) if response.status_code == 202 else (answer["code"], answer.get("offset", -1))
        if code is None and response.status_code != 202 or (code, offset) != seen:
            self.wrong.append((body[:200], code, offset, response.status_code, answer))
        elif code:
            assert_problem(response, 400, code)


def vm_mb(pid, what):
    return int(re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


@pytest.fixture
def watched(acme, stack, capsys):
    """What posts; at the end the ingress is the same process, and has not taken much memory at any time."""
    pid = stack.pid("ingress")
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM counts from here
    before = vm_mb(pid, "VmHWM")
    posting = Posting(acme)
    yield posting
    after = vm_mb(pid, "VmHWM")
    assert stack.pid("ingress") == pid
    with capsys.disabled():
        print(f"\n{posting.count} requests, 0 crashes; ingress had {before:.0f} MB before and at most {after:.0f} MB")
    assert posting.wrong == []
    assert after - before < MOST_MB


def test_every_value_and_body_of_the_tables_gets_its_answer(watched):
    for code, offset, value in table("values.tsv"):
        if code:
            start, text = row(value)
            watched.expect(request([text]), code, len(BEFORE_ROWS + start) + offset)
    for code, offset, body in table("bodies.tsv"):
        if body:
            watched.expect(body.replace(b'"@"', f'"{fresh("P")}"'.encode()) if code is None else body, code, offset)


def test_a_request_cut_off_at_every_byte_is_refused(watched):
    body = request([row(b'{"a":["\\u00e8\\ud83d\\ude00\\"",-1.5e-3,true,null,{}]}')[1], row(b'"pi\xc3\xb9"')[1]])
    for length in range(1, len(body)):
        response = watched.post(body[:length])
        assert_problem(response, 400, response.json()["code"])
        assert 0 <= response.json()["offset"] <= length


def as_stored(value):
    """Whole numbers are doubles beyond 64 bits."""
    return float(value) if isinstance(value, int) and not -2**63 <= value < 2**63 else value


def test_every_value_that_is_taken_is_stored_as_python_reads_it(acme):
    values = [value for code, _, value in table("values.tsv") if code is None]
    prefix = fresh("P")
    rows = [b'{"entity_code":"%s-%d","x":%s}' % (prefix.encode(), number, value) for number, value in enumerate(values)]
    job = acme.finish(acme.request("POST", QUEUE, data=request(rows)))
    assert (job["successful_rows"], job["failed_rows"]) == (len(values), 0), job["import_errors"]
    for number, value in enumerate(values):
        assert acme.product(f"{prefix}-{number}")["x"] == as_stored(json.loads(value)), value[:200]
