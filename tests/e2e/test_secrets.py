"""What is secret stands in no log and not in the database."""

import os

from consign import Client, fresh
from credentials import HmacKey, make_session, with_session, with_token
from stack import SERVICES


def test_no_secret_is_ever_logged(url, stack, acme):
    key, (_, session) = HmacKey("acme"), make_session("acme")
    wrong = Client(url, os.environ["ACME_KEY_ID"], "sk_" + fresh("wrong"))
    token = key.token()
    assert [client.get("/api/b2b/jobs").status_code
            for client in (acme, wrong, with_session(url, session), with_token(url, token))] == [200, 401, 200, 200]
    secrets = {name: os.environ[name] for name in ("CONSIGN_KEY_PEPPER", "ACME_SECRET", "GLOBEX_SECRET", "LIMITED_SECRET")}
    secrets |= {"wrong secret": wrong.headers["x-api-secret"], "session": session, "token": token, "token's secret": key.secret}
    logs = {service: stack.log(service) for service in SERVICES}
    assert "not let in" in logs["ingress"]
    assert [(service, name) for service, log in logs.items() for name, secret in secrets.items() if secret in log] == []


def test_no_secret_of_a_caller_is_stored_as_it_is(database):
    session, key = make_session("acme")[1], HmacKey("acme")
    secrets = {name: os.environ[name] for name in ("ACME_SECRET", "GLOBEX_SECRET", "LIMITED_SECRET")}
    secrets |= {"session": session, "token's secret": key.secret}
    stored = {name: repr(list(database[name].find())) for name in ("api_keys", "sessions", "jwt_keys", "tenants")}
    assert all(len(stored[name]) > 100 for name in ("api_keys", "sessions", "jwt_keys"))
    assert [(place, name) for place, text in stored.items() for name, secret in secrets.items() if secret in text] == []
