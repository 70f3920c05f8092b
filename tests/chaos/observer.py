"""Looks at Consign from outside, over HTTP, Kafka, MongoDB and OpenSearch: all the time while it runs, and once at the end."""

import json
import os
import random
import threading
import time

import requests
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from pymongo.errors import PyMongoError

import model
from consign import JOB_ENDS

COLLECTIONS = {"products": ("products", "product_versions", "entity_code"),
               "customers": ("customers", "customer_versions", "external_code")}
GROUPS = {"consign-product-importer": "import.products", "consign-customer-importer": "import.customers",
          "consign-entity-importer": "import.entities", "consign-file-reader": "import.files", "consign-search-sync": "search.batches",
          "consign-job-tracker": "import.progress"}
COUNTERS = ("processed_rows", "successful_rows", "failed_rows", "created_rows", "indexed_rows")
STATUSES = ("pending", "processing", *JOB_ENDS)


class Watcher:
    """I3 and I6 while the load runs: samples codes and jobs, and raises an alarm in the journal."""

    def __init__(self, journal, clients, database, codes):
        self.journal, self.clients, self.database, self.codes = journal, clients, database, codes
        self.random = random.Random(0)
        self.jobs = {}
        self.samples = self.polls = 0
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.repeat, args=(look,), daemon=True)
                        for look in (self.look_at_versions, self.look_at_jobs)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def repeat(self, look):
        while not self.ended.wait(0.2):
            try:
                look()
            except (OSError, PyMongoError, AssertionError, ValueError):
                pass  # what is asked does not answer now

    def look_at_versions(self):
        kind, code = self.random.choice(self.codes)
        key = f"{self.random.choice(list(self.clients))}|{code}"
        current, history, _ = COLLECTIONS[kind]
        before = self.database[current].find_one({"_id": key}, {"version": 1, "isCurrent": 1})
        old = list(self.database[history].find({"_id": {"$gte": f"{key}|", "$lt": f"{key}}}"}}, {"version": 1, "isCurrent": 1}))
        after = self.database[current].find_one({"_id": key}, {"version": 1, "isCurrent": 1})
        self.samples += 1
        for what in wrong_sample(before, [(document["version"], document["isCurrent"]) for document in old], after):
            self.journal.alarm("I3", f"{key}: {what}")

    def look_at_jobs(self):
        for tenant, client in self.clients.items():
            for job in client.read("/api/b2b/jobs", limit=100)["jobs"]:
                self.polls += 1
                for what in wrong_step(self.jobs.get(job["job_id"]), job):
                    self.journal.alarm("I6", f"{tenant}'s job {job['job_id']} {what}")
                self.jobs[job["job_id"]] = job


def wrong_sample(before, old, after):
    """Three reads, one after the other: the current version, its history [(number, is current)], the current version."""
    first = before["version"] if before else 0
    last = after["version"] if after else 0
    numbers = sorted(number for number, _ in old)
    if any(is_current for _, is_current in old):
        yield "a version in the history is current"
    if any(document and not document["isCurrent"] for document in (before, after)):
        yield "the current version says it is not"
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the history has the versions {numbers}"
    if not first - 1 <= len(numbers) <= max(last - 1, 0):
        yield f"{len(numbers)} old versions between the current versions {first} and {last}"


def wrong_step(before, now):
    """From one look at a job to the next."""
    if now["processed_rows"] != now["successful_rows"] + now["failed_rows"]:
        yield "does not add up"
    if before:
        for name in COUNTERS:
            if now[name] < before[name]:
                yield f"went back: {name} from {before[name]} to {now[name]}"
        if STATUSES.index(now["status"]) < STATUSES.index(before["status"]):
            yield f"went back from {before['status']} to {now['status']}"


class Consumers:
    """How far the consumer groups are."""

    def __init__(self, brokers):
        self.brokers = brokers

    def connect(self):
        """A new client each time, as one that has seen Kafka restart is refused; it must live until its answers are there."""
        return AdminClient({"bootstrap.servers": self.brokers, "log_level": 0})

    def ends(self, topic):
        admin = self.connect()
        partitions = admin.list_topics(topic, timeout=20).topics[topic].partitions
        answers = admin.list_offsets({TopicPartition(topic, number): OffsetSpec.latest() for number in partitions})
        return {asked.partition: answer.result(20).offset for asked, answer in answers.items()}

    def positions(self, group, topic):
        admin = self.connect()
        answer = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(20)
        return {place.partition: place.offset for place in answer.topic_partitions if place.topic == topic}

    def lag(self):
        """{group: messages}"""
        found = {}
        for group, topic in GROUPS.items():
            positions = self.positions(group, topic)
            found[group] = sum(end - max(positions.get(partition, 0), 0) for partition, end in self.ends(topic).items())
        return found


class SearchIndex:
    def __init__(self, tenant):
        self.url = f"{os.environ['SEARCH_URL']}/{os.environ.get('CONSIGN_INDEX_PREFIX', 'consign')}-products-{tenant}"

    def versions(self, codes):
        """{code: version} of those of the codes that stand in the index, as its documents say."""
        requests.post(f"{self.url}/_refresh", timeout=30)
        body = {"size": len(codes), "_source": ["version"], "query": {"ids": {"values": codes}}}
        answer = requests.post(f"{self.url}/_search", json=body, timeout=30).json()
        return {hit["_id"]: hit["_source"]["version"] for hit in answer["hits"]["hits"]} if "hits" in answer else {}


class Observer:
    def __init__(self, journal, clients, database, feed, index, prefix):
        self.journal, self.clients, self.database = journal, clients, database
        self.feed, self.index, self.prefix = feed, index, prefix

    def settle(self, consumers, seconds):
        """Waits until there is nothing left to do: jobs ended, lag 0, index as current. The checker says what is missing."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.is_settled(consumers):
            time.sleep(0.5)

    def is_settled(self, consumers):
        try:
            return not any(consumers.lag().values()) and self.jobs_ended() and self.index_is_current()
        except Exception:  # some server is on its way up
            return False

    def jobs_ended(self):
        statuses = ("pending", "processing")
        return not any(client.read("/api/b2b/jobs", limit=1, status=status)["jobs"]
                       for client in self.clients.values() for status in statuses)

    def current_products(self, tenant):
        found = self.database.products.find(self.range(tenant), {"entity_code": 1, "version": 1})
        return {document["entity_code"]: document["version"] for document in found}

    def index_is_current(self):
        current = self.current_products("acme")
        return not current or self.index.versions(list(current)) == current

    def range(self, tenant):
        return {"_id": {"$gte": f"{tenant}|{self.prefix}-", "$lt": f"{tenant}|{self.prefix}."}}

    def collect(self, consumers):
        """Writes into the journal what there is."""
        for tenant in self.clients:
            for kind, (current, history, code) in COLLECTIONS.items():
                for name in (current, history):
                    self.journal.add("versions", (version_row(tenant, kind, document[code], document)
                                                  for document in self.database[name].find(self.range(tenant))))
            self.journal.add("row_errors", [
                (tenant, error["job_id"], error["raw_data"].get("mark")) for error in
                self.database.import_errors.find({"tenant": tenant}, {"job_id": 1, "raw_data": 1})
                if str((error.get("raw_data") or {}).get("mark")).startswith(f"{self.prefix}/")])
        self.collect_jobs()
        self.journal.add("indexed", [("acme", code, number) for code, number in
                                     self.index.versions(list(self.current_products("acme"))).items()])
        self.collect_records(consumers)
        self.journal.add("lag", consumers.lag().items())

    def collect_jobs(self):
        jobs = self.journal.query("SELECT DISTINCT job_id, tenant FROM attempts JOIN requests ON requests.id = request "
                                  "WHERE status IN (200, 202)")
        for number, (job_id, tenant) in enumerate(jobs):
            answer = self.clients[tenant].get(self.clients[tenant].path_of_job(job_id))
            if answer.status_code == 404:
                continue    # the checker misses it
            job = answer.json()["job"]
            self.journal.add("jobs", [(job_id, tenant, job["status"], job["total_rows"], job["processed_rows"],
                                       job["successful_rows"], job["failed_rows"])])
            if number % 10 == 0:
                self.knock_at_other_doors(tenant, job_id)

    def knock_at_other_doors(self, tenant, job_id):
        for other, client in self.clients.items():
            if other != tenant and client.get(client.path_of_job(job_id)).status_code != 404:
                self.journal.alarm("I7", f"{other} can see {tenant}'s job {job_id}")

    def collect_records(self, consumers):
        self.feed.admin = consumers.connect()
        self.feed.catch_up()
        self.journal.add("events", [(record.topic, record.key, record.headers["ce_id"]) for record in self.feed.records
                                    if record.topic.startswith("import-completed.")])
        self.journal.add("dead_letters", [(record.topic, record.value) for record in self.feed.records
                                          if record.topic.endswith(".dlq")])


def version_row(tenant, kind, code, document):
    content = model.content_of(document)
    return (tenant, kind, code, document["version"], document["isCurrent"], document.get("mark"),
            json.dumps(content), document["updated_at"].timestamp())
