"""A small client of Consign, and what the tests need around it: waiting, fresh names, the form of answers."""

import re
import time
import uuid
from datetime import datetime

import requests

JOB_ENDS = ("completed", "failed")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# What a version of a product has besides its content (api.md, "Reading back").
PRODUCT_SYSTEM_FIELDS = {"version", "isCurrent", "status", "published_at", "completeness_score", "locked_fields",
                         "source", "created_at", "updated_at"}


def fresh(prefix="E2E"):
    """A name that no earlier run has used."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def wait_for(what, condition, seconds=60, every=0.05):
    """The first true answer of `condition`, which is asked `every` so many seconds until the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: not so within {seconds} s, last seen: {answer!r}"
        time.sleep(every)


def parse_time(text):
    assert ISO_TIME.fullmatch(text), f"{text!r} is no ISO 8601 time with milliseconds and Z"
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def assert_problem(response, status, code):
    """The form of every refusal: RFC 9457 and the reference's fields. Returns the body."""
    assert response.status_code == status, f"{response.status_code} {response.text[:500]}"
    assert response.headers["content-type"].split(";")[0] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["code"] == code, body
    for field in ("type", "title", "detail", "error", "details", "hint"):
        assert isinstance(body[field], str) and body[field], f"{field} is missing in {body}"
    if status in (429, 503):
        assert int(response.headers["retry-after"]) > 0
    return body


class Client:
    """One credential of one tenant. Safe to use from several threads."""

    def __init__(self, url, key_id=None, secret=None, source_id=None):
        self.url = url
        self.source_id = source_id
        self.headers = {"x-auth-method": "api-key", "x-api-key-id": key_id, "x-api-secret": secret} if key_id else {}

    def request(self, method, path, *, headers=None, timeout=120, **options):
        return requests.request(method, self.url + path, headers={**self.headers, **(headers or {})}, timeout=timeout,
                                **options)

    def get(self, path, **params):
        return self.request("GET", path, params=params)

    def read(self, path, **params):
        """The answer of a GET that must succeed."""
        response = self.get(path, **params)
        assert response.status_code == 200, f"GET {path}: {response.status_code} {response.text[:500]}"
        return response.json()

    # ---- sending ----

    def send_products(self, products, *, source_id=None, headers=None, **envelope):
        body = {"source_id": source_id or self.source_id, **envelope, "products": products}
        return self.request("POST", "/api/b2b/pim/import/queue", json=body, headers=headers)

    def send_companies(self, companies, *, headers=None, **envelope):
        return self.request("POST", "/api/b2b/customers/import/api", json={**envelope, "customers": companies},
                            headers=headers)

    def import_products(self, products, **options):
        """Sends the products and returns their finished job."""
        return self.finish(self.send_products(products, **options))

    def import_companies(self, companies, **options):
        return self.finish(self.send_companies(companies, **options))

    def send_file(self, name, content, *, entity="products", source_id=None, headers=None, **fields):
        """A file as a form; fields of None are not sent."""
        path = {"products": "/api/b2b/pim/import", "customers": "/api/b2b/customers/import"}[entity]
        if entity == "products":
            fields = {"source_id": source_id or self.source_id, **fields}
        form = {field: value for field, value in fields.items() if value is not None}
        return self.request("POST", path, data=form, files={"file": (name, content)}, headers=headers)

    def import_file(self, *arguments, **options):
        return self.finish(self.send_file(*arguments, **options))

    def finish(self, response, seconds=120):
        """The job of an accepted request, when it has ended."""
        assert response.status_code == 202, f"{response.status_code} {response.text[:1000]}"
        answer = response.json()
        return self.wait_for_job(answer.get("job", answer)["job_id"], seconds)

    def send_entity(self, kind, entity_id, data, products=None, *, headers=None, **body):
        """`kind` as in the path: brands, product-types and so on."""
        listed = {} if products is None else {"products": products}
        return self.request("POST", f"/api/b2b/pim/{kind}/{entity_id}/import", json={**body, "data": data, **listed},
                            headers=headers)

    def import_entity(self, *arguments, **options):
        return self.finish(self.send_entity(*arguments, **options))

    def make_source(self, **fields):
        """A new source; returns its id."""
        source_id = fresh("source")
        response = self.request("POST", "/api/b2b/pim/sources", json={"source_id": source_id, "name": "Made by a test",
                                                                      **fields})
        assert response.status_code == 201, f"{response.status_code} {response.text[:500]}"
        return source_id

    # ---- reading ----

    @staticmethod
    def path_of_job(job_id):
        return ("/api/b2b/customers/import/api/" if job_id.startswith("cust_import_") else "/api/b2b/pim/jobs/") + job_id

    def job(self, job_id):
        return self.read(self.path_of_job(job_id))["job"]

    def error_file(self, job_id, **headers):
        """The answer with the failed rows of a job."""
        path = "customers/import/api" if job_id.startswith("cust_import_") else "pim/jobs"
        response = self.request("GET", f"/api/b2b/{path}/{job_id}/error-file", headers=headers)
        assert response.status_code == 200, f"{response.status_code} {response.text[:500]}"
        return response

    def wait_for_job(self, job_id, seconds=120):
        def ended():
            job = self.job(job_id)
            return job if job["status"] in JOB_ENDS else None
        return wait_for(f"job {job_id} ends", ended, seconds)

    def wait_until_searchable(self, job_id, seconds=120):
        """Until every version that the job made has been taken by the search engine."""
        def indexed():
            job = self.job(job_id)
            wanted = job["successful_rows"] - job["unchanged_rows"]
            return job if job["status"] in JOB_ENDS and job["indexed_rows"] >= wanted else None
        return wait_for(f"the rows of {job_id} are searchable", indexed, seconds)

    def product(self, code):
        return self.read(f"/api/b2b/pim/products/{code}")["product"]

    def versions(self, code):
        return self.read(f"/api/b2b/pim/products/{code}/versions")["versions"]

    def entity_versions(self, kind, entity_id):
        return self.read(f"/api/b2b/pim/{kind}/{entity_id}/versions")["versions"]

    def company(self, code):
        return self.read(f"/api/b2b/customers/{code}")["customer"]

    def batch(self, batch_id):
        return self.read(f"/api/b2b/batches/{batch_id}")

    def wait_for_batch(self, batch_id, seconds=120):
        def completed():
            response = self.get(f"/api/b2b/batches/{batch_id}")
            return response.status_code == 200 and response.json()["status"] == "completed" and response.json()
        return wait_for(f"batch {batch_id} completes", completed, seconds)


def assert_all_applied(job, rows):
    """The job took every one of its rows."""
    assert job["status"] == "completed", job
    assert (job["total_rows"], job["processed_rows"], job["successful_rows"], job["failed_rows"]) == (rows, rows, rows, 0), \
        job["import_errors"]
    assert job["import_errors"] == []


def errors_of(job):
    """[(row, code, path)] of a job's import_errors."""
    return [(error["row"], error["code"], error["path"]) for error in job["import_errors"]]


def part(batch_id, number, of, items=None):
    """batch_metadata of one part."""
    metadata = {"batch_id": batch_id, "batch_part": number, "batch_total_parts": of}
    if items is not None:
        metadata["batch_total_items"] = items
    return metadata
