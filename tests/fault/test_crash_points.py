"""Each service dies by SIGKILL before and after everything that it does outside: nothing is lost, nothing is twice."""

import os
import time

import pymongo
import pytest

from checker import check
from consign import Client, wait_for
from fleet import LEASE_SECONDS, Backlog, Fleet
from journal import Journal
from kafka import Feed as Topics
from observer import Consumers, Observer
from partner import SECONDS, Partner
from points import SERVICES, cases_of
from run import SearchIndex
from stack import Stack

CASES = [case for name in SERVICES for case in cases_of(name)]


@pytest.fixture(scope="module")
def fleet():
    with Fleet(Stack(os.environ["CONSIGN_STACK"]), {"file-reader": {"CONSIGN_CHUNK_ROWS": "2"}}) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def topics():
    topics = Topics(os.environ["KAFKA_BROKERS"])
    yield topics
    topics.close()


@pytest.fixture(scope="module")
def acme():
    client = Client(os.environ["CONSIGN_URL"], os.environ["ACME_KEY_ID"], os.environ["ACME_SECRET"])
    client.source_id = client.make_source()
    return client


@pytest.fixture(scope="module")
def partner(acme, topics):
    """Sends all feeds of this suite; what came of them is looked at as a whole, at the end."""
    return Partner(acme, "acme", Journal())


@pytest.fixture(scope="module")
def backlog():
    return Backlog(os.environ["KAFKA_BROKERS"])


class Bench:
    """A service and a feed for it. Every process of the service handles one part at the most, and ends by SIGKILL."""

    def __init__(self, fleet, partner, backlog, name):
        self.service, self.effects, self.backlog = fleet.services[SERVICES[name].service], SERVICES[name], backlog
        self.feed = partner.feed(self.effects)

    def send(self, number):
        """The part waits for the service, which does not run; a request cannot wait."""
        self.service.kill()
        topic = self.effects.topic
        if topic:
            end = self.backlog.end_of(topic)
            self.feed.send(number)
            wait_for("the part is there", lambda: self.backlog.end_of(topic) >= end + self.effects.messages, SECONDS, 0.01)

    def die(self, number, point):
        self.service.begin(point)
        if not self.effects.topic:
            self.wait_until_called()
            assert not self.feed.attempt(number), "a request was answered though its service died"
        self.service.assert_died(point)

    def finish(self, number, armed=None):
        """The next process does what is left of the part."""
        self.service.begin(armed)
        if not self.effects.topic:
            self.wait_until_called()
            self.feed.repeat(number)
        self.feed.wait_for(number, self.effects.is_behind_jobs)
        self.wait_until_idle()
        assert self.service.runs(), f"{self.service.name} ended with status {self.service.process.returncode}"

    def wait_until_called(self):
        """A request that is repeated sooner is told that the first one is still under way."""
        self.service.wait_until_ready()
        wait_for("the lease of the key is over", lambda: time.monotonic() > self.feed.ended + LEASE_SECONDS, every=0.01)

    def wait_until_idle(self):
        """What it stored is committed, too: it can be killed and nothing comes again."""
        if self.effects.topic:
            wait_for(f"{self.service.name} has nothing left to do",
                     lambda: self.backlog.of(self.service.name, self.effects.topic) == 0, SECONDS, 0.01)


@pytest.fixture
def bench(fleet, partner, backlog):
    """Makes a bench for what has that name in the table; all services run and this one has nothing to do."""
    def make(name):
        fleet.run()
        bench = Bench(fleet, partner, backlog, name)
        bench.wait_until_idle()
        return bench
    return make


@pytest.mark.parametrize("name", SERVICES)
def test_every_effect_of_a_part_stands_in_the_table(bench, name):
    bench = bench(name)
    for position in bench.effects.positions:
        bench.send(position)
        bench.finish(position, "trace")
        assert bench.service.functions() == list(bench.effects.first[position])


@pytest.mark.parametrize("name", SERVICES)
def test_every_effect_of_a_part_that_comes_again_stands_in_the_table(bench, name):
    bench = bench(name)
    for position in bench.effects.positions:
        bench.send(position)
        bench.die(position, bench.effects.done)
        bench.finish(position, "trace")
        assert bench.service.functions() == list(bench.effects.repeated)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_service_that_dies_there_leaves_its_part_to_the_next_process(bench, case):
    bench = bench(case.name)
    for position, delivery in case.parts():
        bench.send(position)
        for point in case.deaths(position, delivery):
            bench.die(position, point)
        bench.finish(position, case.point if case.lives(position, delivery) else None)
    bench.feed.assert_complete()


@pytest.mark.usefixtures("fleet")
def test_after_all_of_it_nothing_is_lost_and_nothing_is_twice(partner, topics):
    with pymongo.MongoClient(os.environ["MONGO_URI"]) as mongo:
        database = mongo[os.environ["CONSIGN_DATABASE"]]
        consumers = Consumers(os.environ["KAFKA_BROKERS"])
        observer = Observer(partner.journal, {"acme": partner.client}, database, topics, SearchIndex("acme"), partner.prefix)
        observer.settle(consumers, 3 * SECONDS)
        observer.collect(consumers)
    assert partner.feeds
    assert check(partner.journal) == []
    for job_id in (job_id for feed in partner.feeds if feed.kind == "brands" for job_id in feed.jobs.values()):
        events = topics.find("import-completed.entities", job_id)
        assert len({event.headers["ce_id"] for event in events}) == 1, f"{job_id} has the events {events}"
