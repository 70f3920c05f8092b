"""Input that is wrong, hostile or both: refused with its place, and nothing of it is applied."""

import json
import os
import re
import select
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from consign import assert_problem, errors_of, fresh

QUEUE = "/api/b2b/pim/import/queue"


def nested(levels):
    return "[" * levels + "]" * levels


def keys(count):
    return "{" + ",".join(f'"k{i}":{i}' for i in range(count)) + "}"


# A second row that makes the whole request 400: (text of the row, code).
BAD_ROWS = {
    "not_json": ('{"entity_code": tru}', "json_syntax"),
    "a_number_for_a_row": ("7", "json_not_object"),
    "null_for_a_row": ("null", "json_not_object"),
    "a_list_for_a_row": ("[]", "json_not_object"),
    "depth_33": ('{"deep":%s}' % nested(30), "json_too_deep"),
    "a_number_of_10000_digits": ('{"price":%s}' % ("9" * 10000), "json_bad_number"),
    "a_number_beyond_a_double": ('{"price":1e999}', "json_bad_number"),
    "a_number_with_a_leading_zero": ('{"price":012}', "json_bad_number json_syntax"),
    "not_a_number": ('{"price":NaN}', "json_bad_number json_syntax"),
    "the_same_key_twice": ('{"name":"a","name":"b"}', "json_duplicate_key"),
    "the_same_key_twice_inside": ('{"pricing":{"list":1,"list":2}}', "json_duplicate_key"),
    "the_same_key_twice_in_other_letters": ('{"name":"a","n\\u0061me":"b"}', "json_duplicate_key"),
    "an_object_id": ('{"_id":{"$oid":"507f1f77bcf86cd799439011"}}', "json_bad_key"),
    "a_where_clause": ('{"$where":"sleep(1000)"}', "json_bad_key"),
    "an_operator_inside": ('{"price":{"$gt":0}}', "json_bad_key"),
    "a_dotted_key": ('{"pricing.list":1}', "json_bad_key"),
    "a_prototype": ('{"__proto__":{"admin":true}}', "json_bad_key"),
    "nul_in_a_key": ('{"na\\u0000me":"a"}', "json_bad_key"),
    "1001_keys": ('{"meta":%s}' % keys(1001), "json_too_many_keys"),
    "a_lone_surrogate": ('{"name":"\\ud800"}', "json_encoding json_syntax"),
    "a_raw_line_break_in_a_text": ('{"name":"a\nb"}', "json_syntax"),
}


@pytest.mark.parametrize("row, codes", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_row_that_cannot_be_read_refuses_the_request_and_is_named_by_its_index(acme, row, codes):
    batch_id, good = fresh("batch"), fresh("P")
    body = (f'{{"source_id":"supplier-weekly-feed","batch_metadata":{{"batch_id":"{batch_id}"}},'
            f'"products":[{{"entity_code":"{good}"}},{row}]}}')
    response = acme.request("POST", QUEUE, data=body.encode())
    problem = assert_problem(response, 400, response.json()["code"])
    assert problem["code"] in codes.split()
    assert problem.get("index") == 1 or problem.get("offset", 0) > 0, f"neither index nor offset in {problem}"
    assert acme.read("/api/b2b/jobs", batch_id=batch_id)["jobs"] == []
    assert acme.get(f"/api/b2b/pim/products/{good}").status_code == 404


def test_a_company_that_cannot_be_read_is_named_alike(acme):
    body = '{"customers":[{"external_code":"a"},{"external_code":"b"},{"external_code":"c","$set":{}}]}'
    problem = assert_problem(acme.request("POST", "/api/b2b/customers/import/api", data=body.encode()), 400, "json_bad_key")
    assert problem["index"] == 2
    assert problem["path"].startswith("/customers/2")


BAD_BODIES = {
    "white_space": (b"  \r\n", "json_syntax body_missing"),
    "text": (b"hello", "json_syntax json_not_object"),
    "a_form": (b"source_id=a&products=b", "json_syntax json_not_object"),
    "a_list": (b"[]", "json_not_object"),
    "a_text_in_json": (b'"products"', "json_not_object"),
    "a_truncated_body": (b'{"source_id":"a","products":[{"entity_code":"x"}', "json_syntax"),
    "something_behind_the_end": (b'{"source_id":"a","products":[]} {}', "json_syntax"),
    "a_trailing_comma": (b'{"source_id":"a","products":[{"sku":"x"},]}', "json_syntax json_not_object"),
    "utf_16": ('{"source_id":"a","products":[]}'.encode("utf-16"), "json_encoding json_syntax"),
    "windows_1252": ('{"source_id":"più","products":[{"sku":"x"}]}'.encode("cp1252"), "json_encoding"),
    "overlong_utf_8": (b'{"source_id":"\xc0\xaf","products":[{"sku":"x"}]}', "json_encoding"),
    "a_lot_of_brackets": (b"[" * (16 << 20), "json_too_deep json_not_object"),
    "a_lot_of_braces": (b'{"a":' * (1 << 20), "json_too_deep json_syntax"),
    "the_rows_twice": (b'{"source_id":"a","products":[{"sku":"x"}],"products":[]}', "json_duplicate_key"),
    "an_operator_beside_the_rows": (b'{"$where":"1","source_id":"a","products":[{"sku":"x"}]}', "json_bad_key"),
    "rows_that_are_an_object": (b'{"source_id":"a","products":{}}', "field_missing field_type"),
    "rows_that_are_a_text": (b'{"source_id":"a","products":"x"}', "field_missing field_type"),
}


@pytest.mark.parametrize("body, codes", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_body_that_is_no_import_request_is_refused_with_400(acme, body, codes):
    response = acme.request("POST", QUEUE, data=body, headers={"content-type": "application/json"})
    problem = assert_problem(response, 400, response.json()["code"])
    assert problem["code"] in codes.split()
    assert {"offset", "index", "path"} & set(problem), f"no place in {problem}"


def test_an_empty_body_is_refused_with_400(acme):
    response = acme.request("POST", QUEUE, headers={"content-type": "application/json"})
    assert_problem(response, 400, "body_missing")


def test_depth_32_and_1000_keys_are_taken(acme):
    code = fresh("P")
    body = (f'{{"source_id":"supplier-weekly-feed","products":[{{"entity_code":"{code}","deep":{nested(29)},'
            f'"wide":{keys(1000)}}}]}}')
    assert acme.finish(acme.request("POST", QUEUE, data=body.encode()))["successful_rows"] == 1
    stored = acme.product(code)
    assert json.dumps(stored["deep"]) == nested(29)
    assert len(stored["wide"]) == 1000


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x",
                                          "application/json; charset=iso-8859-1"])
def test_a_body_of_another_kind_is_refused_with_415(acme, content_type):
    response = acme.request("POST", QUEUE, data=b"{}", headers={"content-type": content_type})
    assert_problem(response, 415, "media_type")


# ---- what is one row's fault ----

def test_a_row_or_a_name_of_1_mb_is_an_error_of_its_row(acme):
    big_row, big_name, good = fresh("P"), fresh("P"), fresh("P")
    rows = [{"entity_code": big_row, "attributes": {"it": [{"key": f"k{i}", "label": "l", "value": "v" * 100}
                                                           for i in range(8000)]}},
            {"entity_code": big_name, "name": "x" * 1000000}, {"entity_code": good, "name": "x"}]
    job = acme.import_products(rows)
    assert (job["status"], job["successful_rows"], job["failed_rows"]) == ("completed", 1, 2)
    assert [error[:2] for error in errors_of(job)] == [(0, "row_too_large"), (1, "row_too_large")]
    assert acme.product(good)["version"] == 1


def test_system_fields_in_a_row_are_ignored(acme):
    code = fresh("P")
    forged = {"_id": "globex|x", "tenant": "globex", "version": 99, "isCurrent": False, "hash": "x", "status": "published",
              "published_at": "2020-01-01T00:00:00.000Z", "completeness_score": 100, "created_at": "2020-01-01T00:00:00.000Z",
              "updated_at": "x", "source": {"source_id": "x"}, "import": {"job_id": "x"}, "locked_fields": ["price"]}
    job = acme.import_products([{"entity_code": code, "price": 1, **forged}])
    assert job["successful_rows"] == 1
    stored = acme.product(code)
    assert (stored["version"], stored["isCurrent"], stored["status"], stored["completeness_score"]) == (1, True, "draft", 20)
    assert stored["source"]["source_id"] == "supplier-weekly-feed"
    assert stored["created_at"] > "2024"
    assert stored["locked_fields"] == []


# ---- HTTP ----

def raw_request(text, body=b"", *, read_all=True):
    """Sends bytes as they are; returns what came back until the server closed, or the first bytes."""
    address = urlsplit(os.environ["CONSIGN_URL"])
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        try:
            connection.sendall(text.replace("\n", "\r\n").encode() + body)
        except (ConnectionResetError, BrokenPipeError):
            pass
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
                if not read_all:
                    break
        except ConnectionResetError:
            pass
        return answer


def credentials(client):
    return "".join(f"{name}: {value}\n" for name, value in client.headers.items())


def status_of(answer):
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer.split()[1])


def body_of_one_product(code):
    return json.dumps({"source_id": "supplier-weekly-feed", "products": [{"entity_code": code}]}).encode()


AMBIGUOUS_FRAMINGS = {
    "two_content_lengths": "content-length: {n}\ncontent-length: 5\n",
    "a_short_content_length_first": "content-length: 5\ncontent-length: {n}\n",
    "content_length_with_transfer_encoding": "content-length: {n}\ntransfer-encoding: chunked\n",
    "a_negative_content_length": "content-length: -1\n",
    "a_content_length_that_is_no_number": "content-length: {n}x\n",
    "an_unknown_transfer_encoding": "transfer-encoding: gzip\n",
}


@pytest.mark.parametrize("framing", AMBIGUOUS_FRAMINGS.values(), ids=AMBIGUOUS_FRAMINGS.keys())
def test_bytes_behind_a_request_of_unclear_length_never_become_a_second_request(acme, framing):
    body = body_of_one_product(fresh("P"))
    smuggled = f"GET /api/b2b/jobs HTTP/1.1\r\nhost: x\r\n{credentials(acme)}\r\n".encode()
    answer = raw_request(f"POST {QUEUE} HTTP/1.1\nhost: x\ncontent-type: application/json\n{credentials(acme)}"
                         f"{framing.format(n=len(body))}\n", body + smuggled)
    assert answer.count(b"HTTP/1.1 ") <= 1, "the bytes behind the body were taken for a second request"
    assert b"next_cursor" not in answer


def test_http_2_is_not_spoken(acme):
    answer = raw_request("PRI * HTTP/2.0\n\nSM\n\n", b"\0\0\0\4\0\0\0\0\0")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 5"), answer[:200]
    answer = raw_request(f"GET /api/b2b/jobs HTTP/1.1\nhost: x\n{credentials(acme)}connection: upgrade, http2-settings\n"
                         "upgrade: h2c\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\n\n", read_all=False)
    assert status_of(answer) == 200


def test_a_client_that_leaves_in_mid_body_leaves_nothing(acme, database):
    batch_id = fresh("batch")
    body = json.dumps({"source_id": "supplier-weekly-feed", "batch_metadata": {"batch_id": batch_id},
                       "products": [{"entity_code": fresh("P")}]}).encode()
    address = urlsplit(os.environ["CONSIGN_URL"])
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            connection.sendall((f"POST {QUEUE} HTTP/1.1\nhost: x\ncontent-type: application/json\n{credentials(acme)}"
                                f"content-length: {len(body) + 1000}\n\n").replace("\n", "\r\n").encode() + body)
    assert acme.get("/healthz").status_code == 200
    assert database.import_jobs.count_documents({"tenant": "acme", "batch_id": batch_id}) == 0


def memory_mb(pid, what):
    """VmRSS: now; VmHWM: the most since the process began or its marks were cleared."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", status)[1]) >> 10


def stream(connection, piece, count):
    """Sends a piece again and again as chunks until the server answers or closes; returns how many were taken."""
    chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
    for number in range(count):
        if select.select([connection], [], [], 0)[0]:
            return number
        try:
            connection.sendall(chunk)
        except (ConnectionResetError, BrokenPipeError):
            return number
    return count


def test_a_gigabyte_of_brackets_without_a_length_is_cut_off_at_the_limit_and_fills_no_memory(acme, stack):
    address, pid = urlsplit(os.environ["CONSIGN_URL"]), stack.pid("ingress")
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = memory_mb(pid, "VmRSS")
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall((f"POST {QUEUE} HTTP/1.1\nhost: x\ncontent-type: application/json\n{credentials(acme)}"
                            "transfer-encoding: chunked\n\n").replace("\n", "\r\n").encode())
        sent = stream(connection, b"[" * (1 << 20), 1024)
        answer = connection.recv(65536)
    assert status_of(answer) == 413
    assert b"body_too_large" in answer
    assert sent < 2 * 128, f"{sent} MB were taken"
    assert memory_mb(pid, "VmHWM") - before < 4 * 128
    assert acme.get("/healthz").status_code == 200


def test_a_body_of_1_gb_is_refused_with_413_without_being_read(acme):
    answer = raw_request(f"POST {QUEUE} HTTP/1.1\nhost: x\ncontent-type: application/json\n{credentials(acme)}"
                         f"content-length: {1 << 30}\n\n", b"[" * 1000)
    assert status_of(answer) == 413
    assert b"body_too_large" in answer


def open_idle(url, count):
    """Connections that send nothing; most wait for a place."""
    address, idle = urlsplit(url), []
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex((address.hostname, address.port))
        idle.append(connection)
    return idle


def test_10000_idle_connections_are_held_to_the_limit_and_cut(stack, capsys):
    with stack.ingress(CONSIGN_REQUEST_TIMEOUT_MS="2000") as url:
        idle = open_idle(url, 10000)
        try:
            answer = requests.get(url + "/metrics", timeout=120)  # it waits for a place among them
        finally:
            for connection in idle:
                connection.close()
        found = dict(line.split() for line in answer.text.splitlines() if line.startswith("process_"))
        memory_mb, files = float(found["process_resident_memory_bytes"]) / 2**20, float(found["process_open_fds"])
        with capsys.disabled():
            print(f"\n10000 idle connections: ingress has {files:.0f} files open and {memory_mb:.0f} MB")
        assert 1000 < files < 2100
        assert memory_mb < 256
        assert requests.get(url + "/healthz", timeout=120).status_code == 200
