"""Who may do what, and that no tenant sees another."""

import pytest

from consign import Client, assert_all_applied, assert_problem, fresh
from credentials import admin, make_session, with_app_key, with_session

CUSTOMERS, IMPORT = "customers", "import"

# (method, path, permission that is needed)
ROUTES = [
    ("POST", "/api/b2b/customers/import/api", CUSTOMERS),
    ("GET", "/api/b2b/customers/import/api/cust_import_1714142335123_a4f9k2", CUSTOMERS),
    ("GET", "/api/b2b/customers/import/api/cust_import_1714142335123_a4f9k2/errors", CUSTOMERS),
    ("GET", "/api/b2b/customers/000123", CUSTOMERS),
    ("GET", "/api/b2b/customers/000123/versions", CUSTOMERS),
    ("POST", "/api/b2b/pim/import/queue", IMPORT),
    ("GET", "/api/b2b/pim/import/queue", IMPORT),
    ("GET", "/api/b2b/pim/jobs/queue_import_1714142335123_m3p7q2", IMPORT),
    ("GET", "/api/b2b/pim/jobs/queue_import_1714142335123_m3p7q2/errors", IMPORT),
    ("POST", "/api/b2b/pim/sources", IMPORT),
    ("GET", "/api/b2b/pim/sources/supplier-weekly-feed", IMPORT),
    ("PUT", "/api/b2b/pim/sources/supplier-weekly-feed", IMPORT),
    ("DELETE", "/api/b2b/pim/sources/supplier-weekly-feed", IMPORT),
    ("GET", "/api/b2b/pim/products", IMPORT),
    ("GET", "/api/b2b/pim/products/SKU-0001", IMPORT),
    ("GET", "/api/b2b/pim/products/SKU-0001/versions", IMPORT),
    ("GET", "/api/b2b/pim/products/SKU-0001/versions/1", IMPORT),
    ("PUT", "/api/b2b/pim/products/SKU-0001/locks", IMPORT),
    ("GET", "/api/b2b/jobs", None),
    ("GET", "/api/b2b/batches/weekly-2026-17", None),
]
every_route = pytest.mark.parametrize("method, path", [route[:2] for route in ROUTES],
                                      ids=[f"{method} {path}" for method, path, _ in ROUTES])


@every_route
def test_without_a_credential_every_route_answers_401(nobody, method, path):
    assert_problem(nobody.request(method, path, json={}), 401, "unauthenticated")


@every_route
def test_a_key_without_the_permission_gets_403_on_every_route(limited, method, path):
    assert_problem(limited.request(method, path, json={}), 403, "forbidden")


def wrong_headers(acme, globex):
    key_id, secret = acme.headers["x-api-key-id"], acme.headers["x-api-secret"]
    right = {"x-auth-method": "api-key", "x-api-key-id": key_id, "x-api-secret": secret}
    return {
        "a_wrong_secret": {**right, "x-api-secret": "sk_wrong"},
        "a_secret_of_the_right_prefix": {**right, "x-api-secret": secret[:-1]},
        "a_secret_with_one_character_more": {**right, "x-api-secret": secret + "0"},
        "an_empty_secret": {**right, "x-api-secret": ""},
        "no_secret": {name: value for name, value in right.items() if name != "x-api-secret"},
        "another_tenants_secret": {**right, "x-api-secret": globex.headers["x-api-secret"]},
        "an_unknown_key": {**right, "x-api-key-id": "ak_never_made"},
        "a_very_long_key": {**right, "x-api-key-id": "ak_" + "x" * 5000},
        "a_key_that_is_a_query": {**right, "x-api-key-id": '{"$ne": null}'},
        "no_method": {name: value for name, value in right.items() if name != "x-auth-method"},
        "a_method_of_no_meaning": {**right, "x-auth-method": "none"},
        "an_unsigned_token": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJhY21lIn0."},
    }


@pytest.mark.parametrize("what", ["a_wrong_secret", "a_secret_of_the_right_prefix", "a_secret_with_one_character_more",
                                  "an_empty_secret", "no_secret", "another_tenants_secret", "an_unknown_key",
                                  "a_very_long_key", "a_key_that_is_a_query", "no_method", "a_method_of_no_meaning",
                                  "an_unsigned_token"])
def test_a_credential_that_is_not_exactly_right_answers_401(acme, globex, url, what):
    response = Client(url).request("GET", "/api/b2b/jobs", headers=wrong_headers(acme, globex)[what])
    assert_problem(response, 401, "unauthenticated")


def test_the_body_is_not_looked_at_before_the_credential(nobody):
    response = nobody.request("POST", "/api/b2b/pim/import/queue", data=b"{ not json")
    assert_problem(response, 401, "unauthenticated")


@pytest.fixture(scope="module")
def of_acme(acme):
    """Paths of things that belong to acme."""
    code, batch_id, source_id = fresh("P"), fresh("batch"), acme.make_source()
    job = acme.import_products([{"entity_code": code, "name": "Valvola"}, {"name": "no code"}], source_id=source_id,
                               batch_metadata={"batch_id": batch_id})
    company_job = acme.import_companies([{"external_code": code}])
    return [
        f"/api/b2b/pim/jobs/{job['job_id']}", f"/api/b2b/pim/jobs/{job['job_id']}/errors",
        f"/api/b2b/customers/import/api/{company_job['job_id']}",
        f"/api/b2b/customers/import/api/{company_job['job_id']}/errors",
        f"/api/b2b/pim/products/{code}", f"/api/b2b/pim/products/{code}/versions",
        f"/api/b2b/pim/products/{code}/versions/1", f"/api/b2b/customers/{code}", f"/api/b2b/customers/{code}/versions",
        f"/api/b2b/pim/sources/{source_id}", f"/api/b2b/batches/{batch_id}",
    ]


def test_what_belongs_to_another_tenant_is_404(acme, globex, of_acme):
    assert {path: acme.get(path).status_code for path in of_acme} == dict.fromkeys(of_acme, 200)
    assert {path: globex.get(path).status_code for path in of_acme} == dict.fromkeys(of_acme, 404)


def test_another_tenant_can_neither_change_nor_delete_nor_lock(acme, globex, of_acme):
    source = next(path for path in of_acme if "/sources/" in path)
    product = next(path for path in of_acme if "/products/" in path)
    assert_problem(globex.request("PUT", source, json={"name": "mine now"}), 404, "source_not_found")
    assert_problem(globex.request("DELETE", source), 404, "source_not_found")
    assert_problem(globex.request("PUT", f"{product}/locks", json={"locked_fields": ["name"]}), 404, "product_not_found")
    assert acme.read(source)["source"]["name"] == "Made by a test"
    assert acme.read(product)["product"]["locked_fields"] == []


def test_the_tenant_comes_from_the_credential_and_from_nowhere_else(acme, globex):
    code = fresh("P")
    body = {"source_id": globex.source_id, "tenant": "acme", "tenant_id": "acme",
            "channel_metadata": {"b2b": {"tenant_id": "acme"}},
            "products": [{"entity_code": code, "tenant": "acme", "_id": f"acme|{code}", "name": "Valve"}]}
    response = globex.request("POST", "/api/b2b/pim/import/queue", json=body,
                              headers={"Host": "acme.example.com", "x-tenant": "acme", "x-tenant-id": "acme"},
                              params={"tenant": "acme"})
    globex.finish(response)
    assert globex.product(code)["name"] == {"en": "Valve"}
    assert acme.get(f"/api/b2b/pim/products/{code}").status_code == 404


def test_a_job_list_shows_the_tenants_own_jobs_only(acme, globex):
    batch_id = fresh("batch")
    mine = acme.import_products([{"sku": fresh("P")}], batch_metadata={"batch_id": batch_id})
    theirs = globex.import_products([{"sku": fresh("P")}], batch_metadata={"batch_id": batch_id})
    for client, job in ((acme, mine), (globex, theirs)):
        assert [found["job_id"] for found in client.read("/api/b2b/jobs", batch_id=batch_id)["jobs"]] == [job["job_id"]]
        assert client.batch(batch_id)["rows_total"] == 1


# ---- the names that VTEX gives to credentials ----

@pytest.fixture(scope="module")
def bulk_key():
    """(id, secret) of a key of acme with the permissions of a VTEX app and of an importer."""
    made = admin("key", "create", "--tenant", "acme", "--permissions", "import,B2BBulkImport")
    return made["CONSIGN_KEY_ID"], made["CONSIGN_KEY_SECRET"]


def jobs_of(client, **params):
    return client.get("/api/b2b/jobs", **params)


def test_an_api_key_under_its_vtex_names_imports_rows(url, acme, bulk_key):
    client = with_app_key(url, *bulk_key)
    client.source_id = acme.source_id
    code = fresh("P")
    assert_all_applied(client.import_products([{"entity_code": code}]), 1)
    assert acme.product(code)["version"] == 1


def test_a_key_has_no_more_permissions_under_its_vtex_names(url, bulk_key):
    response = with_app_key(url, *bulk_key).get("/api/b2b/customers/000123")
    assert_problem(response, 403, "forbidden")


@pytest.mark.parametrize("app_key, app_token", [("right", ""), ("right", "sk_wrong"), ("ak_wrong", "right"), ("", "right")])
def test_a_vtex_key_that_is_not_exactly_right_answers_401(url, bulk_key, app_key, app_token):
    client = with_app_key(url, bulk_key[0] if app_key == "right" else app_key, bulk_key[1] if app_token == "right" else app_token)
    assert_problem(jobs_of(client), 401, "unauthenticated")


def test_half_a_vtex_key_answers_401(url, bulk_key):
    for name, value in zip(("X-VTEX-API-AppKey", "X-VTEX-API-AppToken"), bulk_key):
        assert_problem(Client(url).request("GET", "/api/b2b/jobs", headers={name: value}), 401, "unauthenticated")


@pytest.mark.parametrize("as_header", [True, False], ids=["header", "cookie"])
def test_a_session_may_come_under_its_vtex_name(url, as_header):
    token = make_session("acme")[1]
    for value, status in ((token, 200), ("vs_wrong", 401)):
        headers = {"VtexIdclientAutCookie": value} if as_header else {"Cookie": f"a=b; VtexIdclientAutCookie={value}"}
        assert Client(url).request("GET", "/api/b2b/jobs", headers=headers).status_code == status


def test_our_own_session_counts_before_the_one_under_its_vtex_name(url):
    token = make_session("acme")[1]
    client = with_session(url, token)
    client.headers["VtexIdclientAutCookie"] = "of the shop"
    assert jobs_of(client).status_code == 200
    client = with_session(url, "vs_wrong")
    client.headers["VtexIdclientAutCookie"] = token
    assert_problem(jobs_of(client), 401, "unauthenticated")


def test_of_two_credentials_the_first_kind_counts_and_no_other_helps(url, acme, bulk_key):
    client = with_session(url, make_session("globex")[1])
    assert jobs_of(client, an="globex").status_code == 200
    client.headers |= with_app_key(url, *bulk_key).headers
    assert jobs_of(client, an="acme").status_code == 200
    client.headers["X-VTEX-API-AppToken"] = "sk_wrong"
    assert_problem(jobs_of(client), 401, "unauthenticated")
    client.headers |= acme.headers  # with x-auth-method
    assert jobs_of(client, an="acme").status_code == 200
    client.headers["Authorization"] = "Bearer wrong"
    assert jobs_of(client, an="acme").status_code == 200
    del client.headers["x-auth-method"]
    assert_problem(jobs_of(client), 401, "unauthenticated")


@pytest.mark.parametrize("account", ["globex", "", "ACME", "acme2", "%00"])
def test_an_account_that_is_not_the_credentials_answers_403(url, acme, bulk_key, account):
    assert_problem(jobs_of(with_app_key(url, *bulk_key), an=account), 403, "account_mismatch")
    assert_problem(jobs_of(acme, an=account), 403, "account_mismatch")


def test_the_account_is_not_looked_at_before_the_credential(nobody):
    assert_problem(jobs_of(nobody, an="globex"), 401, "unauthenticated")
