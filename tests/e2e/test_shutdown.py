"""SIGTERM under load: a service says at once that it is not ready, ends what it has in hand, and leaves with status 0; what
it has done is not done again, and the load ends complete."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from consign import assert_all_applied, fresh, part, wait_for
from kafka import Feed
from stack import SERVICES, caught
from tables import write_csv
from test_operations import samples

SENDERS = 4
DRAINED_S = 30

# What each takes from Kafka.
TOPICS = {"product-importer": "import.products", "customer-importer": "import.customers", "entity-importer": "import.entities",
          "search-sync": "search.batches", "job-tracker": "import.progress", "file-reader": "import.files"}

# It does not wait for more, which might be all there is.
SETTINGS = {"search-sync": {"CONSIGN_SEARCH_QUIET_MS": "0"}}


class Load:
    """Partners that send requests of one kind; one that is not accepted is sent again with its key."""

    def __init__(self, client, service, requests=20, rows=250):
        self.client, self.requests, self.rows = client, requests, rows
        self.send = {"customer-importer": self.companies, "entity-importer": self.entities,
                     "file-reader": self.files}.get(service, self.products)
        self.prefix = fresh("STOP")
        self.statuses = {number: [] for number in range(requests)}  # of the answers; None: the connection broke
        self.pool = ThreadPoolExecutor(SENDERS)
        self.sending = []

    def codes(self, number):
        return [f"{self.prefix}-{number:02}-{row:03}" for row in range(self.rows)]

    def products(self, number, headers):
        rows = [{"entity_code": code, "note": "x" * 1000} for code in self.codes(number)]
        return self.client.send_products(rows, headers=headers, batch_metadata=part(self.prefix, number + 1, self.requests))

    def companies(self, number, headers):
        rows = [{"external_code": code, "note": "x" * 1000} for code in self.codes(number)]
        return self.client.send_companies(rows, headers=headers)

    def entities(self, number, headers):
        return self.client.send_entity("brands", f"{self.prefix}-{number}", {"label": "Acme"}, self.codes(0), headers=headers)

    def files(self, number, headers):
        rows = [["entity_code", "vendor_note"]] + [[code, "x" * 1000] for code in self.codes(number)]
        return self.client.send_file(f"{self.prefix}.csv", write_csv(rows), headers=headers)

    def attempt(self, number):
        """The job id, or None."""
        response = None
        try:
            response = self.send(number, {"Idempotency-Key": f"{self.prefix}-{number}"})
        except requests.ConnectionError:
            pass
        status = response.status_code if response is not None else None
        self.statuses[number].append(status)
        assert status in (None, 202, 409, 503), response.text
        return response.json().get("job", response.json())["job_id"] if status == 202 else None

    def start(self):
        if self.send == self.entities:
            self.client.import_products([{"entity_code": code} for code in self.codes(0)])

        def insist(number):
            return wait_for(f"request {number} is accepted", lambda: self.attempt(number), 180, every=0.1)
        self.sending = [self.pool.submit(insist, number) for number in range(self.requests)]

    def jobs(self):
        """All, when they have ended."""
        job_ids = [request.result() for request in self.sending]
        self.pool.shutdown()
        return [self.client.wait_for_job(job_id, 180) for job_id in job_ids]


class Watch:
    """Asks a service for readiness and metrics, over and over, until it is gone."""

    def __init__(self, url):
        self.url = url
        self.seen = []  # statuses of /readyz
        self.metrics = {}
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        try:
            with requests.Session() as session:
                while True:
                    self.seen.append(session.get(self.url + "/readyz", timeout=30).status_code)
                    page = session.get(self.url + "/metrics", timeout=30)
                    if page.status_code == 200:
                        self.metrics = samples(page.text)
        except requests.ConnectionError:
            pass

    def has_seen_the_stop(self):
        """It has said that it is not ready any more."""
        return 503 in self.seen


def metric(stack, service, name):
    return samples(requests.get(stack.metrics_url(service) + "/metrics", timeout=30).text).get(name, 0)


def lag(feed, service):
    """Messages of the topic that the group has not committed."""
    partitions = [TopicPartition(topic, number) for topic, number in feed.partitions]
    asked = ConsumerGroupTopicPartitions(f"consign-{service}", partitions)
    committed = next(iter(feed.admin.list_consumer_group_offsets([asked]).values())).result().topic_partitions
    ends = feed.ends()
    return sum(ends[place.topic, place.partition] - max(place.offset, 0) for place in committed)


def announcements(feed, job):
    """The events of the job, once there are some."""
    kind = job["entity"] if job["entity"] in ("products", "customers") else "entities"
    feed.wait(f"import-completed.{kind}", job["job_id"])
    feed.catch_up()
    return feed.find(f"import-completed.{kind}", job["job_id"])


@pytest.fixture(scope="module")
def processes(stack):
    with stack.taken_over(SETTINGS) as processes:
        for service in SERVICES:
            wait_for(f"{service} is ready", lambda: stack.is_ready(service))
        yield processes


@contextmanager
def restarted(processes, stack, service):
    """Inside, the service is told to stop, as a process, while a watch asks how it is. Afterwards it runs again."""
    watch, process = Watch(stack.metrics_url(service)), processes.running[service]
    wait_for("the watch sees it", lambda: watch.seen)
    yield process, watch
    status = process.wait(DRAINED_S)
    watch.thread.join()
    processes.start(service)
    assert status == 0
    assert watch.has_seen_the_stop(), "it was gone before it said that it was not ready"


@pytest.mark.parametrize("service", TOPICS)
def test_a_consumer_that_is_told_to_stop_under_load_ends_well_and_repeats_nothing(service, acme, processes, stack, feed):
    consumed = "consign_messages_consumed_total"
    topic = Feed(feed.brokers, [TOPICS[service]])
    load = Load(acme, service, requests=60 if service == "search-sync" else 20)  # it is quicker than what feeds it
    wait_for(f"{service} has nothing to do", lambda: lag(topic, service) == 0)
    before, ends = metric(stack, service, consumed), topic.ends()
    with restarted(processes, stack, service) as (process, watch):
        load.start()
        wait_for(f"{service} is at work", lambda: metric(stack, service, consumed) > before, every=0.002)
        process.terminate()

    jobs = load.jobs()
    for job in jobs:
        assert job["status"] == "completed" and job["failed_rows"] == 0, job
    wait_for(f"{service} has nothing left to do", lambda: lag(topic, service) == 0)
    afterwards = metric(stack, service, consumed)
    assert afterwards > 0, "all was done before it was told to stop"
    published = sum(topic.ends().values()) - sum(ends.values())
    done = watch.metrics[consumed] - before + afterwards
    assert done <= published, f"{done - published} messages were taken twice"
    assert metric(stack, service, "consign_chunks_repeated_total") == 0
    assert {len(announcements(feed, job)) for job in jobs} == {1}
    topic.close()


class SlowBody:
    """A request that the partner sends in two halves. The first is more than the connection holds: when it is sent, ingress
    has the request in hand."""

    def __init__(self, client):
        self.half_is_sent, self.may_go_on = threading.Event(), threading.Event()
        self.content = json.dumps({"source_id": client.source_id, "products": [
            {"entity_code": fresh("SLOW"), "note": "x" * 10000} for _ in range(2000)]}).encode()
        self.answer = ThreadPoolExecutor(1).submit(client.request, "POST", "/api/b2b/pim/import/queue", data=self.halves(),
                                                   headers={"Content-Type": "application/json"})

    def halves(self):
        middle = len(self.content) // 2
        yield self.content[:middle]
        self.half_is_sent.set()
        assert self.may_go_on.wait(DRAINED_S)
        yield self.content[middle:]


def test_an_ingress_that_is_told_to_stop_under_load_answers_what_it_has_in_hand(acme, processes, stack, database):
    slow, load = SlowBody(acme), Load(acme, "ingress", requests=8, rows=2500)
    assert slow.half_is_sent.wait(DRAINED_S)
    accepting = {"tenant": "acme", "batch_id": load.prefix, "acceptance": "accepting"}
    with restarted(processes, stack, "ingress") as (process, watch):
        load.start()
        with caught(process.pid, "a request is being accepted", lambda: database.import_jobs.find_one(accepting)) as in_hand:
            process.terminate()
        wait_for("it says that it stops", watch.has_seen_the_stop, every=0.001)
        slow.may_go_on.set()
        assert slow.answer.result().status_code == 202
    jobs = load.jobs()
    assert load.statuses[in_hand["batch_part"] - 1] == [202]
    for job in jobs:
        assert_all_applied(job, load.rows)
    assert database.import_jobs.count_documents({"tenant": "acme", "batch_id": load.prefix}) == load.requests


def test_a_file_that_takes_longer_than_a_stop_may_is_left_to_the_next_reader(globex, processes, stack, feed):
    rows = 20_000
    content = write_csv([["entity_code", "vendor_note"]] + [[fresh("STOP"), "x" * 1000] for _ in range(rows)])
    processes.running["file-reader"].terminate()
    assert processes.running["file-reader"].wait(DRAINED_S) == 0
    processes.start("file-reader", CONSIGN_DRAIN_TIMEOUT_MS="100")
    wait_for("it is ready", lambda: stack.is_ready("file-reader"))
    chunks = Feed(feed.brokers, ["import.products"])
    with restarted(processes, stack, "file-reader") as (process, _):
        job_id = globex.send_file("p.csv", content).json()["job"]["job_id"]
        with caught(process.pid, "the first chunks are published", lambda: chunks.catch_up() or chunks.records):
            process.terminate()
        process.wait(DRAINED_S)
        assert globex.job(job_id)["total_rows"] is None, "the file was read to its end"
    chunks.close()
    assert_all_applied(globex.wait_for_job(job_id, 180), rows)
