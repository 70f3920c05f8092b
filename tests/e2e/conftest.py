"""The stack that the tests talk to stands in the environment, as ./dev env prints it; ./dev test e2e provides one."""

import os

import pymongo
import pytest
import requests

from consign import Client
from kafka import Feed
from stack import Stack

NEEDED = ["CONSIGN_URL", "CONSIGN_KEY_PEPPER", "KAFKA_BROKERS", "MONGO_URI", "SEARCH_URL", "ACME_KEY_ID", "ACME_SECRET",
          "GLOBEX_KEY_ID", "GLOBEX_SECRET", "LIMITED_KEY_ID", "LIMITED_SECRET"]


def pytest_sessionstart(session):
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.exit(f'not set: {", ".join(missing)}; ./dev test e2e sets them, or eval "$(./dev env)"', returncode=2)


@pytest.fixture(scope="session")
def url():
    return os.environ["CONSIGN_URL"]


@pytest.fixture(scope="session")
def acme(url):
    """A client with all permissions; default language Italian, search on."""
    return Client(url, os.environ["ACME_KEY_ID"], os.environ["ACME_SECRET"], source_id="supplier-weekly-feed")


@pytest.fixture(scope="session")
def globex(url):
    """Another tenant with all permissions; default language English, search off."""
    client = Client(url, os.environ["GLOBEX_KEY_ID"], os.environ["GLOBEX_SECRET"])
    client.source_id = client.make_source()
    return client


@pytest.fixture(scope="session")
def limited(url):
    """A key of acme without any permission."""
    return Client(url, os.environ["LIMITED_KEY_ID"], os.environ["LIMITED_SECRET"], source_id="supplier-weekly-feed")


@pytest.fixture(scope="session")
def nobody(url):
    """No credential at all."""
    return Client(url, source_id="supplier-weekly-feed")


@pytest.fixture(scope="session")
def database():
    with pymongo.MongoClient(os.environ["MONGO_URI"]) as client:
        yield client[os.environ.get("CONSIGN_DATABASE", "consign")]


@pytest.fixture(scope="session", autouse=True)
def feed():
    """What was published since the tests began."""
    feed = Feed(os.environ["KAFKA_BROKERS"])
    yield feed
    feed.close()


@pytest.fixture(scope="session")
def stack():
    return Stack(os.environ.get("CONSIGN_STACK", "dev"))


class SearchIndex:
    """A tenant's index of products, asked directly."""

    def __init__(self, tenant):
        self.url = f"{os.environ['SEARCH_URL']}/{os.environ.get('CONSIGN_INDEX_PREFIX', 'consign')}-products-{tenant}"

    def refresh(self):
        """What was indexed so far is found from now on."""
        requests.post(f"{self.url}/_refresh", timeout=30)

    def versions(self, codes):
        """{code: version} of those of the codes that stand in the index."""
        self.refresh()
        body = {"size": len(codes), "version": True, "_source": False, "query": {"ids": {"values": codes}}}
        response = requests.post(f"{self.url}/_search", json=body, timeout=30)
        if response.status_code in (404, 503):  # the index is not there, or being made
            return {}
        return {hit["_id"]: hit["_version"] for hit in response.json()["hits"]["hits"]}


@pytest.fixture(scope="session")
def acme_index():
    return SearchIndex("acme")


@pytest.fixture(scope="session")
def globex_index():
    return SearchIndex("globex")
