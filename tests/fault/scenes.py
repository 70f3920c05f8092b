"""What happens to Consign in the tests of its guards: each scene is a partner's day, with one thing that goes wrong."""

import os
import time

import pymongo
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from consign import JOB_ENDS, fresh, wait_for

from checker import check
from cluster import Cluster
from faults import Faults
from journal import Journal
from kafka import Feed
from load import Delivery, Load, demo_clients
from observer import Consumers, Observer, SearchIndex
from plan import Request
from stack import Stack

SETTLE_SECONDS = 15
LATE_SECONDS = 5    # a request that is let go reaches the index long before


class Scene:
    """A cluster, its load and its observer; `variants`: {service: folder of the build that its program is taken from}."""

    def __init__(self, variants):
        self.variants = variants
        self.journal, self.prefix = Journal(), fresh("SCENE")
        self.clients, self.consumers = demo_clients(), Consumers(os.environ["KAFKA_BROKERS"])
        self.load = Load(self.journal, self.clients, 0, self.prefix, streams=0)
        self.sent = 0

    def play(self, *happenings):
        """The violations that the checker finds after each `happening(scene)`."""
        feed = Feed(os.environ["KAFKA_BROKERS"])
        with pymongo.MongoClient(os.environ["MONGO_URI"]) as mongo:
            observer = Observer(self.journal, self.clients, mongo[os.environ["CONSIGN_DATABASE"]], feed, SearchIndex("acme"), self.prefix)
            with Cluster(Stack(os.environ["CONSIGN_STACK"]), self.journal, os.environ["KAFKA_PROXIED"], self.variants) as self.cluster:
                self.faults = Faults(self.cluster, self.consumers, self.journal, os.environ["KAFKA_BROKERS"], print)
                for happening in happenings:
                    happening(self)
                observer.settle(self.consumers, SETTLE_SECONDS)
            observer.collect(self.consumers)
        feed.close()
        return check(self.journal)

    def send(self, codes, bad=()):
        """Products of these codes, accepted, those in `bad` with rows that will be refused; the job's id."""
        self.sent += 1
        request = Request(f"{self.prefix}/{self.sent}", "acme", "products", "queue", "replace", [], f"{self.prefix}/{self.sent}", "plain", 0)
        for position, code in enumerate(codes):
            is_bad = code in bad
            request.marks.append(f"{request.id}:{position}")
            request.rows.append(({"entity_code": f"{self.prefix}-{code}", "mark": request.marks[-1],
                                  "price": "x" if is_bad else position}, is_bad))
        Delivery(self.load, request, is_followed=False).run(None)
        ((job_id,),) = self.journal.query("SELECT DISTINCT job_id FROM attempts WHERE request = ? AND status = 202", request.id)
        return job_id

    def wait_for_job(self, job_id):
        wait_for(f"job {job_id} ends", lambda: self.clients["acme"].job(job_id)["status"] in JOB_ENDS)

    def hold(self, name):
        """Stops a service until `let_go`."""
        service = self.cluster.services[name]
        service.is_wanted = False
        service.signal(9)
        service.process.wait()

    def let_go(self, name):
        self.cluster.services[name].is_wanted = True


def products(count):
    return [f"P{number:04}" for number in range(count)]


# ---- what happens ----

def everything_is_delivered_again(scene):
    """The group's offsets go back to the begin of the run, after all is applied."""
    scene.wait_for_job(scene.send(products(600)))
    scene.wait_for_job(scene.send(products(20)))
    scene.faults.reset("product-importer", 0)


def progress_is_told_twice(scene):
    """All that the tracker reads of a job stands in Kafka twice, the one right behind the other. Its chunks differ in their counts."""
    scene.hold("job-tracker")
    feed = Feed(os.environ["KAFKA_BROKERS"], ["import.progress"])
    scene.send(products(3000), bad=products(1))
    wait_for("the rows are applied", lambda: scene.consumers.lag()["consign-product-importer"] == 0)
    feed.catch_up()
    assert len(feed.records) > 1
    producer = Producer({"bootstrap.servers": os.environ["KAFKA_BROKERS"]})
    for record in feed.records:
        for _ in range(2):
            producer.produce(record.topic, record.value, key=record.key, headers=record.headers, partition=record.partition)
    assert producer.flush(30) == 0
    originals = [TopicPartition(*partition, offset) for partition, offset in feed.next.items()]
    admin = AdminClient({"bootstrap.servers": os.environ["KAFKA_BROKERS"]})     # must live until the answer is there
    for answer in admin.delete_records(originals).values():
        answer.result(30)
    feed.close()
    scene.let_go("job-tracker")


def a_request_reaches_the_index_late(scene):
    """It is on its way while its sender is killed; the next sender has indexed a newer version when it arrives."""
    service, proxy, index = scene.cluster.services["search-sync"], scene.cluster.proxy, SearchIndex("acme")
    before = proxy.set("search", holding=True)["search"]["bytes"]
    scene.wait_for_job(scene.send(["LATE"]))
    wait_for("search-sync has sent its request", lambda: proxy.set("search")["search"]["held"])
    scene.hold("search-sync")
    scene.wait_for_job(scene.send(["LATE"]))
    service.environment["SEARCH_URL"] = os.environ["SEARCH_URL"]
    scene.let_go("search-sync")
    code = f"{scene.prefix}-LATE"
    wait_for("the newer version is indexed", lambda: index.versions([code]) == {code: 2})
    proxy.set("search", holding=False)
    wait_for("the late request goes on", lambda: proxy.set("search")["search"]["bytes"] > before)
    deadline = time.monotonic() + LATE_SECONDS
    while index.versions([code]) == {code: 2} and time.monotonic() < deadline:
        time.sleep(0.1)
