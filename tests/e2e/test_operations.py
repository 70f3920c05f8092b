"""What operators rely on: health, readiness, metrics, refusals that say what is allowed."""

import re

import pytest
import requests

from consign import assert_problem, fresh
from stack import SERVICES
from tables import write_csv

every_service = pytest.mark.parametrize("service", SERVICES)
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (-?[0-9.e+]+|NaN|\+Inf)")


def samples(text):
    """{name with labels: value} of a page of metrics; every line must be of the format."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            assert match, f"no sample of the Prometheus text format: {line}"
            found[match[1] + (match[2] or "")] = float(match[3])
    return found


@every_service
def test_every_service_says_that_it_is_alive_and_ready(stack, service):
    for page in ("/healthz", "/readyz"):
        assert requests.get(stack.metrics_url(service) + page, timeout=10).status_code == 200


@every_service
def test_every_service_has_metrics_that_prometheus_can_read(stack, service):
    response = requests.get(stack.metrics_url(service) + "/metrics", timeout=10)
    assert response.headers["content-type"].startswith("text/plain")
    found = samples(response.text)
    assert any(name.startswith("process_resident_memory_bytes") for name in found), sorted(found)
    assert any(name.startswith("consign_") for name in found), sorted(found)
    for name in {re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", name) for name in found}:
        assert f"# TYPE {name} " in response.text and f"# HELP {name} " in response.text, name


def test_the_work_of_a_service_shows_in_its_metrics(acme, stack):
    def total(service):
        text = requests.get(stack.metrics_url(service) + "/metrics", timeout=10).text
        return sum(value for name, value in samples(text).items() if name.startswith("consign_"))

    before = {service: total(service) for service in SERVICES}
    job = acme.import_products([{"sku": fresh("P")} for _ in range(10)])
    acme.wait_until_searchable(job["job_id"])
    acme.import_companies([{"external_code": fresh("C")}])
    acme.import_entity("brands", fresh("brand"), {"label": "Acme"})
    acme.import_file("p.csv", write_csv([["entity_code"], [fresh("P")]]))
    after = {service: total(service) for service in SERVICES}
    assert [service for service in SERVICES if after[service] <= before[service]] == []


def test_the_api_port_answers_health_without_a_credential(nobody):
    assert nobody.get("/healthz").status_code == 200
    assert nobody.get("/readyz").status_code == 200


WRONG_METHODS = [
    ("GET", "/api/b2b/customers/import/api", {"POST"}),
    ("POST", "/api/b2b/customers/import/api/cust_import_1714142335123_a4f9k2", {"GET"}),
    ("DELETE", "/api/b2b/pim/import/queue", {"GET", "POST"}),
    ("GET", "/api/b2b/pim/import/api", {"POST"}),
    ("PUT", "/api/b2b/pim/sources", {"GET", "POST"}),
    ("POST", "/api/b2b/pim/sources/supplier-weekly-feed", {"GET", "PUT", "DELETE"}),
    ("PATCH", "/api/b2b/pim/products/SKU-0001", {"GET"}),
    ("GET", "/api/b2b/pim/products/SKU-0001/locks", {"PUT"}),
    ("POST", "/api/b2b/jobs", {"GET"}),
    ("DELETE", "/api/b2b/batches/weekly-2026-17", {"GET"}),
]


@pytest.mark.parametrize("method, path, allowed", WRONG_METHODS, ids=[f"{m} {p}" for m, p, _ in WRONG_METHODS])
def test_a_method_that_a_route_does_not_have_is_405_with_allow(acme, method, path, allowed):
    response = acme.request(method, path)
    assert_problem(response, 405, "method_not_allowed")
    assert allowed <= {word.strip() for word in response.headers["allow"].split(",")}


@pytest.mark.parametrize("path", ["/", "/api", "/api/b2b", "/api/b2b/pim/import/queue/x", "/api/b2b/pim/jobs/",
                                  "/api/b2b/pim/products/a/b/c", "/../etc/passwd", "/api/b2b/pim/products/%2e%2e/x"])
def test_an_address_with_nothing_behind_it_is_404(acme, path):
    response = acme.get(path)
    assert_problem(response, 404, response.json()["code"])


def test_every_answer_names_the_trace_that_the_logs_know_it_by(acme):
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    response = acme.request("GET", "/api/b2b/jobs", headers={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"})
    assert response.headers["traceparent"].split("-")[1] == trace_id
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", acme.get("/api/b2b/jobs").headers["traceparent"])


def test_an_accepted_request_says_where_to_poll(acme):
    response = acme.send_products([{"sku": fresh("P")}])
    assert acme.read(response.headers["location"])["job"]["job_id"] == response.json()["job_id"]
    response = acme.send_companies([{"external_code": fresh("C")}])
    assert acme.read(response.headers["location"])["job"]["job_id"] == response.json()["job_id"]
