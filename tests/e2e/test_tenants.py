"""Operators make tenants and change them: what they do not name stays as it is."""

import pytest

from consign import fresh
from credentials import admin, run_admin

NEW = ["--name", "Acme", "--languages", "it,en", "--default-language", "it", "--channel", "web"]


@pytest.fixture
def tenant():
    name = fresh("tenant").lower()
    admin("tenant", "put", name, *NEW, "--search-languages", "it", "--lanes", "2", "--store", "none", "--limits", "burst=5,concurrent_jobs=2")
    return name


CHANGES = {
    "name": ("Acme 2", {"name": "Acme 2"}),
    "languages": ("it,de", {"languages": ["it", "de"]}),
    "default-language": ("en", {"default_language": "en"}),
    "search-languages": ("", {"search_languages": []}),
    "channel": ("app", {"default_channel": "app"}),
    "lanes": ("4", {"lanes": 4}),
    "legal-info-checks": ("strict", {"legal_info_checks": "strict"}),
    "store": ("gridfs", {"store": {"type": "gridfs"}}),
    "limits": ("burst=9", {"limits": {"burst": 9}}),
}


@pytest.mark.parametrize("option", CHANGES)
def test_what_is_not_named_stays_as_it_is(option, tenant, database):
    before = database.tenants.find_one(tenant)
    text, changed = CHANGES[option]
    admin("tenant", "put", tenant, f"--{option}", text)
    assert database.tenants.find_one(tenant) == before | changed


def refusal(*arguments):
    with pytest.raises(AssertionError) as raised:
        run_admin("tenant", "put", *arguments)
    return str(raised.value)


@pytest.mark.parametrize("option", ["--name", "--languages", "--default-language", "--channel"])
def test_a_new_tenant_needs(option, database):
    name, at = fresh("tenant").lower(), NEW.index(option)
    assert "a new one needs" in refusal(name, *NEW[:at], *NEW[at + 2:])
    assert not database.tenants.find_one(name)


def test_a_new_tenant_has_the_defaults_that_are_documented(database):
    name = fresh("tenant").lower()
    admin("tenant", "put", name, *NEW)
    assert database.tenants.find_one(name) == {
        "_id": name, "name": "Acme", "languages": ["it", "en"], "default_language": "it", "search_languages": [],
        "default_channel": "web", "lanes": 1, "legal_info_checks": "format", "store": {"type": "gridfs"}, "limits": {}}


@pytest.mark.parametrize("option, text", [("--default-language", "de"), ("--languages", "en"), ("--search-languages", "fr")])
def test_a_change_must_fit_what_is_there(option, text, tenant, database):
    before = database.tenants.find_one(tenant)
    assert "language" in refusal(tenant, option, text)
    assert database.tenants.find_one(tenant) == before
