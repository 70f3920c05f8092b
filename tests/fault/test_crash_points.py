"""Each service dies by SIGKILL before and after everything that it does outside: nothing is lost, nothing is twice."""

import os

import pymongo
import pytest

from checker import check
from consign import Client, wait_for
from fleet import Backlog, Fleet
from journal import Journal
from kafka import Feed as Topics
from observer import Consumers, Observer
from partner import PARTS, SECONDS, Partner
from points import POSITIONS, SERVICES, cases_of
from run import SearchIndex
from stack import Stack

CASES = [case for service in SERVICES for case in cases_of(service)]
PARTS_OF_SERVICES = [(service, position) for service, effects in SERVICES.items() for position in effects.first]


@pytest.fixture(scope="module")
def fleet():
    with Fleet(Stack(os.environ["CONSIGN_STACK"]), {}) as fleet:
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


def send_all(service, effects, feed, numbers):
    if numbers:
        service.disarm()
    for number in numbers:
        feed.send(number)
        feed.wait_for(number, effects.is_behind_jobs)


def send_to_the_halted(service, effects, feed, position, backlog):
    """The parts before the position are done; that of the position waits for the service, which does not run."""
    send_all(service, effects, feed, range(1, position))
    service.halt()
    if effects.topic:
        end = backlog.end_of(effects.topic)
        feed.send(position)
        wait_for("the part is there", lambda: backlog.end_of(effects.topic) >= end + effects.messages, SECONDS, 0.01)


def die(service, effects, feed, position, point):
    if effects.topic:
        service.die(point)
        return
    service.begin(point, is_called=True)
    assert not feed.attempt(position), "a request was answered though its service died"
    service.assert_died(point)


def resume(service, effects, feed, position, armed=None):
    service.begin(armed)
    if not effects.topic:
        feed.repeat(position)


def finish(service, effects, feed, position, backlog):
    """The part of the position is done, and nothing is left to the service."""
    feed.wait_for(position, effects.is_behind_jobs)
    if effects.topic:
        wait_for(f"{service.name} has nothing left to do", lambda: backlog.of(service.name, effects.topic) == 0, SECONDS, 0.01)


@pytest.mark.parametrize("name, position", PARTS_OF_SERVICES, ids=lambda value: POSITIONS.get(value, value))
def test_every_effect_of_a_part_stands_in_the_table(fleet, partner, backlog, name, position):
    service, effects, feed = fleet.running(name), SERVICES[name], partner.feed(SERVICES[name].kind)
    send_to_the_halted(service, effects, feed, position, backlog)
    resume(service, effects, feed, position, "trace")
    finish(service, effects, feed, position, backlog)
    assert service.functions() == list(effects.first[position])
    send_all(service, effects, feed, range(position + 1, PARTS + 1))


@pytest.mark.parametrize("name", SERVICES)
def test_every_effect_of_a_part_that_comes_again_stands_in_the_table(fleet, partner, backlog, name):
    service, effects, feed = fleet.running(name), SERVICES[name], partner.feed(SERVICES[name].kind)
    send_to_the_halted(service, effects, feed, PARTS, backlog)
    die(service, effects, feed, PARTS, effects.done)
    resume(service, effects, feed, PARTS, "trace")
    finish(service, effects, feed, PARTS, backlog)
    assert service.functions() == list(effects.repeated)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_service_that_dies_there_leaves_its_part_to_the_next_process(fleet, partner, backlog, case):
    service, effects, feed = fleet.running(case.service), case.effects, partner.feed(case.effects.kind)
    send_to_the_halted(service, effects, feed, case.position, backlog)
    for point in case.deaths[:-1] if case.lives else case.deaths:
        die(service, effects, feed, case.position, point)
    resume(service, effects, feed, case.position, case.point if case.lives else None)
    finish(service, effects, feed, case.position, backlog)
    send_all(service, effects, feed, range(case.position + 1, PARTS + 1))
    feed.assert_complete()


def test_after_all_of_it_nothing_is_lost_and_nothing_is_twice(fleet, partner, topics):
    del fleet
    with pymongo.MongoClient(os.environ["MONGO_URI"]) as mongo:
        database = mongo[os.environ["CONSIGN_DATABASE"]]
        consumers = Consumers(os.environ["KAFKA_BROKERS"])
        observer = Observer(partner.journal, {"acme": partner.client}, database, topics, SearchIndex("acme"), partner.prefix)
        observer.settle(consumers, 3 * SECONDS)
        observer.collect(consumers)
    assert partner.count > 0
    assert check(partner.journal) == []
