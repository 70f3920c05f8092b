"""Links to files: who has one fetches the file, for a time; nobody else does. The links are signed here as docs/DATA.md says,
and the files are put into GridFS by its own driver."""

import hashlib
import hmac
import os
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import gridfs
import pytest

from consign import assert_problem, fresh
from credentials import admin

NAME = "prezzi è 2026.csv"
CONTENT = os.urandom(300_000) + b"\r\n" + os.urandom(300_000)


def signature_of(key, name, expires):
    pepper = hashlib.blake2b(os.environ["CONSIGN_KEY_PEPPER"].encode()).digest()
    secret = hashlib.blake2b(key=pepper, person=b"consign link", digest_size=32).digest()
    return hmac.new(secret, f"{key}\n{name}\n{expires}".encode(), hashlib.sha256).hexdigest()


def link(key, name=NAME, *, seconds=600, **changes):
    expires = int(time.time()) + seconds
    query = {"expires": expires, "signature": signature_of(key, name, expires), **changes}
    return f"/api/b2b/files/{key}/{quote(name)}?" + "&".join(f"{field}={value}" for field, value in query.items())


@pytest.fixture(scope="module")
def put(database):
    bucket = gridfs.GridFSBucket(database, "uploads")

    def put_file(content=CONTENT, *, seconds=3600, content_type="text/csv"):
        key = fresh("file")
        bucket.upload_from_stream_with_id(key, NAME, content, metadata={"tenant": "acme", "contentType": content_type})
        database["uploads.files"].update_one(
            {"_id": key}, {"$set": {"expires_at": datetime.now(timezone.utc) + timedelta(seconds=seconds)}})
        return key

    return put_file


@pytest.fixture(scope="module")
def key(put):
    return put()


def test_a_link_fetches_the_file_without_a_credential(nobody, key):
    response = nobody.get(link(key))
    assert response.status_code == 200
    assert response.content == CONTENT
    assert response.headers["content-type"] == "text/csv"
    assert response.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote(NAME)}"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


def test_a_link_tells_the_size_before_the_file_is_fetched(nobody, key):
    response = nobody.request("HEAD", link(key))
    assert response.status_code == 200
    assert int(response.headers["content-length"]) == len(CONTENT)


def test_an_empty_file_can_be_fetched(nobody, put):
    response = nobody.get(link(put(b"")))
    assert (response.status_code, response.content) == (200, b"")


def test_a_file_that_is_a_web_page_is_not_shown_as_one(nobody, put):
    response = nobody.get(link(put(b"<script>", content_type="text/html")))
    assert response.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("changes", [{"expires": ""}, {"expires": "soon"}, {"expires": 9999999999}, {"signature": ""},
                                     {"signature": "0" * 64}, {"signature": "0" * 63}, {"signature": "x" * 64}],
                         ids=lambda changes: "_".join(map(str, *changes.items())))
def test_a_link_that_was_changed_is_refused(nobody, acme, key, changes):
    for client in (nobody, acme):
        assert_problem(client.get(link(key, **changes)), 403, "link_invalid")


def test_a_signature_is_good_for_its_file_only(nobody, put, key):
    signed = link(key)
    assert_problem(nobody.get(signed.replace(key, put())), 403, "link_invalid")
    assert_problem(nobody.get(signed.replace(".csv", ".html")), 403, "link_invalid")
    assert_problem(nobody.get(signed.split("?")[0]), 403, "link_invalid")


def test_a_link_ends_when_its_time_is_over(nobody, key):
    assert_problem(nobody.get(link(key, seconds=-1)), 403, "link_expired")


def test_a_good_link_to_a_file_that_is_gone_answers_404(nobody, put, database):
    assert_problem(nobody.get(link(fresh("file"))), 404, "file_not_found")
    assert_problem(nobody.get(link(put(seconds=-1))), 404, "file_not_found")


def test_files_and_their_chunks_are_removed_when_their_time_is_over(database):
    for collection in ("uploads.files", "uploads.chunks"):
        index = database[collection].index_information()["expires_at_1"]
        assert index["expireAfterSeconds"] == 0


@pytest.mark.parametrize("option, stored", [([], {"type": "gridfs"}), (["--store", "gridfs"], {"type": "gridfs"}),
                                            (["--store", "s3:our-files"], {"type": "s3", "bucket": "our-files"}),
                                            (["--store", "none"], None)], ids=["default", "gridfs", "s3", "none"])
def test_an_operator_chooses_where_a_tenants_files_lie(database, option, stored):
    tenant = fresh("files").lower()
    admin("tenant", "put", tenant, "--name", "Files", "--languages", "it", "--default-language", "it", "--channel", "web",
          *option)
    assert database.tenants.find_one({"_id": tenant})["store"] == stored


@pytest.mark.parametrize("store", ["", "s3", "s3:", "s3:UPPER", "s3:a/b", "ftp"])
def test_a_store_of_no_meaning_is_refused(store):
    with pytest.raises(AssertionError, match="--store takes"):
        admin("tenant", "put", fresh("files").lower(), "--name", "Files", "--languages", "it", "--default-language", "it",
              "--channel", "web", "--store", store)
