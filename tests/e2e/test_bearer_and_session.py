"""The credentials of single sign-on and of the portal, from consign-admin to the imported row."""

import hashlib
import hmac
import time

import pytest

from consign import Client, assert_all_applied, assert_problem, fresh, wait_for
from credentials import HmacKey, RsaKey, admin, encode, make_session, with_session, with_token


@pytest.fixture(scope="module")
def hmac_key():
    return HmacKey("acme")


@pytest.fixture(scope="module")
def rsa_key():
    return RsaKey("acme")


@pytest.fixture(scope="module")
def session_token():
    return make_session("acme")[1]


def status_of(client):
    return client.get("/api/b2b/jobs").status_code


# ---- what they are for ----

@pytest.mark.parametrize("kind", ["hmac_key", "rsa_key"])
def test_rows_are_imported_with_a_bearer_token(url, request, acme, kind):
    client = with_token(url, request.getfixturevalue(kind).token())
    code = fresh("C")
    assert_all_applied(client.import_companies([{"external_code": code, "company_name": "By token"}]), 1)
    assert acme.company(code)["company_name"] == "By token"


def test_rows_are_imported_with_a_session_of_the_portal(url, acme, session_token):
    client = with_session(url, session_token)
    code = fresh("C")
    assert_all_applied(client.import_companies([{"external_code": code, "company_name": "By session"}]), 1)
    assert acme.company(code)["company_name"] == "By session"


def test_a_token_and_a_session_of_another_tenant_see_nothing(url, acme):
    job = acme.import_companies([{"external_code": fresh("C")}])
    path = f"/api/b2b/customers/import/api/{job['job_id']}"
    assert acme.get(path).status_code == 200
    assert_problem(with_token(url, RsaKey("globex").token()).get(path), 404, "job_not_found")
    assert_problem(with_session(url, make_session("globex")[1]).get(path), 404, "job_not_found")


# ---- permissions ----

def test_a_token_has_no_permission_that_its_key_lacks(url):
    key = HmacKey("acme", permissions="customers")
    client = with_token(url, key.token(permissions=["customers", "import", "admin"]))
    assert client.get("/api/b2b/customers/000123").status_code in (200, 404)
    assert_problem(client.get("/api/b2b/pim/sources"), 403, "forbidden")


def test_a_token_may_ask_for_less_than_its_key_has(url, hmac_key):
    client = with_token(url, hmac_key.token(permissions=["customers"]))
    assert status_of(client) == 200
    assert_problem(client.get("/api/b2b/pim/sources"), 403, "forbidden")


def test_a_session_without_the_permission_gets_403(url):
    client = with_session(url, make_session("acme", "customers")[1])
    assert status_of(client) == 200
    assert_problem(client.get("/api/b2b/pim/sources"), 403, "forbidden")


# ---- what is refused ----

def wrong_tokens(hmac_key, rsa_key):
    now = int(time.time())
    good = hmac_key.token()
    head, payload, signature = good.split(".")
    none = encode(b'{"alg":"none","kid":"%s"}' % hmac_key.kid.encode()).decode()
    confused = encode(b'{"alg":"HS256","kid":"%s"}' % rsa_key.kid.encode()).decode() + "." + payload
    confused += "." + encode(hmac.new(rsa_key.public.encode(), confused.encode(), hashlib.sha256).digest()).decode()
    return {
        "unsigned": f"{none}.{payload}.",
        "unsigned_with_a_signature": f"{none}.{payload}.{signature}",
        "signed_with_the_public_key_as_secret": confused,
        "expired": hmac_key.token(exp=now - 60),
        "without_an_end": hmac_key.token(exp=None),
        "from_the_future": hmac_key.token(nbf=now + 120),
        "of_another_issuer": hmac_key.token(iss="https://sso.example.org"),
        "for_another_audience": hmac_key.token(aud=["another"]),
        "for_another_tenant": hmac_key.token(tenant="globex"),
        "without_a_tenant": rsa_key.token(tenant=None),
        "of_an_unknown_key": hmac_key.token(header={"alg": "HS256", "kid": "never-made"}),
        "of_another_key": hmac_key.token(header={"alg": "RS256", "kid": rsa_key.kid}),
        "with_a_query_for_a_key": hmac_key.token(header={"alg": "HS256", "kid": {"$ne": None}}),
        "truncated": good[:-1],
        "without_a_signature": f"{head}.{payload}",
        "dots": "..",
        "of_100_kb": "a" * 100_000,
        "empty": "",
    }


@pytest.mark.parametrize("what", [
    "unsigned", "unsigned_with_a_signature", "signed_with_the_public_key_as_secret", "expired", "without_an_end",
    "from_the_future", "of_another_issuer", "for_another_audience", "for_another_tenant", "without_a_tenant",
    "of_an_unknown_key", "of_another_key", "with_a_query_for_a_key", "truncated", "without_a_signature", "dots", "of_100_kb",
    "empty"])
def test_a_token_that_is_not_exactly_right_answers_401(url, hmac_key, rsa_key, what):
    response = with_token(url, wrong_tokens(hmac_key, rsa_key)[what]).get("/api/b2b/jobs")
    assert_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "ApiKey, Bearer"


@pytest.mark.parametrize("token", ["", "vs_wrong", "x" * 5000, '{"$ne":null}'])
def test_a_session_that_was_never_made_answers_401(url, token):
    assert_problem(with_session(url, token).get("/api/b2b/jobs"), 401, "unauthenticated")


def test_the_id_of_a_session_does_not_open_it(url):
    session_id, token = make_session("acme")
    assert_problem(with_session(url, session_id).get("/api/b2b/jobs"), 401, "unauthenticated")
    assert status_of(with_session(url, token)) == 200


# ---- their end ----

def test_a_session_ends_on_time(url):
    client = with_session(url, make_session("acme", "customers", "--ttl", "3")[1])
    assert status_of(client) == 200
    wait_for("the session ends", lambda: status_of(client) == 401, seconds=15)


def test_a_revoked_session_opens_nothing(url):
    session_id, token = make_session("acme")
    admin("session", "revoke", session_id)
    assert_problem(with_session(url, token).get("/api/b2b/jobs"), 401, "unauthenticated")


def test_tokens_end_with_their_key(url):
    key = HmacKey("acme")
    admin("jwt-key", "revoke", key.kid)
    assert_problem(with_token(url, key.token()).get("/api/b2b/jobs"), 401, "unauthenticated")


# ---- several at once ----

def test_the_method_that_is_named_decides_which_credential_counts(url, acme, hmac_key, session_token):
    client = Client(url)
    client.headers = {**acme.headers, "Authorization": "Bearer wrong", "Cookie": "vinc_b2b_session=vs_wrong"}
    assert status_of(client) == 200
    client.headers = {**client.headers, "x-auth-method": "session"}
    assert status_of(client) == 401
    client.headers = {**client.headers, "Cookie": f"vinc_b2b_session={session_token}"}
    assert status_of(client) == 200
    client.headers = {**client.headers, "x-auth-method": "bearer"}
    assert status_of(client) == 401
    client.headers = {**client.headers, "Authorization": f"bearer {hmac_key.token()}"}
    assert status_of(client) == 200


def test_a_wrong_token_is_not_made_good_by_a_session_beside_it(url, session_token):
    client = with_session(url, session_token)
    assert status_of(client) == 200
    client.headers["Authorization"] = "Bearer wrong"
    assert_problem(client.get("/api/b2b/jobs"), 401, "unauthenticated")


# ---- secrecy ----

def test_no_log_line_holds_a_credential(url, stack, hmac_key, session_token):
    token = hmac_key.token()
    wrong = hmac_key.token(tenant="globex")
    assert status_of(with_token(url, token)) == 200
    assert status_of(with_token(url, wrong)) == 401
    assert status_of(with_session(url, session_token)) == 200
    log = stack.log("ingress")
    assert "the token names another tenant than its key's" in log
    for secret in (token, wrong, session_token, hmac_key.secret, *token.split(".")[1:]):
        assert secret not in log


def test_the_database_holds_no_secret_and_no_session_token(database, hmac_key, session_token):
    stored = database.jwt_keys.find_one({"_id": hmac_key.kid})
    assert hmac_key.secret.encode() not in stored["sealed_secret"]
    assert database.sessions.count_documents({}) > 0
    assert session_token not in repr(list(database.sessions.find()))
