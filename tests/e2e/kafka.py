"""What Consign publishes, as any consumer of the topics sees it."""

import time
from dataclasses import dataclass

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from consign import fresh


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    key: str
    headers: dict
    value: bytes


@dataclass(frozen=True)
class SearchBatch:
    """A message of the topic search.batches: [(code, version), ...] in order."""

    job_id: str
    place: tuple  # (chunk, batch)
    items: list


class Feed:
    """Every record that topics got since the feed was opened; without a list, all that is published about imports."""

    def __init__(self, brokers, topics=None):
        self.brokers = brokers
        self.records = []
        self.admin = AdminClient({"bootstrap.servers": brokers})
        self.consumer = Consumer({"bootstrap.servers": brokers, "group.id": fresh("e2e"), "enable.auto.commit": False})
        known = self.admin.list_topics(timeout=30).topics
        self.topics = topics or [name for name in known if name.startswith("import-completed.") or
                                 name == "search.batches" or name.endswith(".dlq")]
        self.partitions = [(name, number) for name in self.topics for number in known[name].partitions]
        self.next = self.ends()
        self.consumer.assign([TopicPartition(*partition, offset) for partition, offset in self.next.items()])

    def close(self):
        self.consumer.close()

    def ends(self):
        """{(topic, partition): the offset behind its last record}"""
        answers = self.admin.list_offsets({TopicPartition(*partition): OffsetSpec.latest() for partition in self.partitions})
        return {(asked.topic, asked.partition): answer.result().offset for asked, answer in answers.items()}

    def poll(self, seconds=0.1):
        for message in self.consumer.consume(1000, seconds):
            assert not message.error(), message.error()
            key = message.key().decode() if message.key() is not None else None
            headers = {name: value.decode() for name, value in message.headers() or []}
            self.records.append(Record(message.topic(), message.partition(), key, headers, message.value()))
            self.next[message.topic(), message.partition()] = message.offset() + 1

    def catch_up(self):
        """Reads everything that stands in the topics at this moment."""
        deadline = time.monotonic() + 60
        ends = self.ends()
        while any(self.next[partition] < end for partition, end in ends.items()):
            assert time.monotonic() < deadline, "the topics could not be read to their end"
            self.poll()

    def find(self, topic, key):
        return [record for record in self.records if record.topic == topic and record.key == key]

    def wait(self, topic, key, seconds=60):
        """The first record of the topic with this key."""
        assert topic in self.topics, f"topic {topic} does not exist"
        deadline = time.monotonic() + seconds
        while not self.find(topic, key):
            assert time.monotonic() < deadline, f"{topic} has no record with the key {key} after {seconds} s"
            self.poll()
        return self.find(topic, key)[0]

    def publish_again(self, records):
        """Puts copies of the records behind all others of their partitions."""
        producer = Producer({"bootstrap.servers": self.brokers})
        for record in records:
            producer.produce(record.topic, record.value, record.key, record.partition, headers=record.headers)
        assert producer.flush(30) == 0

    def search_batches(self, job_id):
        """The search batches of a job, by chunk and batch; they come in any order."""
        self.catch_up()
        batches = [read_search_batch(record.value) for record in self.records if record.topic == "search.batches"]
        return sorted((batch for batch in batches if batch.job_id == job_id), key=lambda batch: batch.place)

    def dead_letters(self):
        self.catch_up()
        return [record for record in self.records if record.topic.endswith(".dlq")]


# ---- proto/consign.proto, as far as it is needed ----

def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def read_fields(data):
    """[(field number, value)] of a protobuf message that has only varints and texts or messages inside."""
    at, fields = 0, []
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        fields.append((tag >> 3, value))
    return fields


def read_search_batch(data):
    job_id, chunk, number_in_chunk, items = "", 0, 0, []
    for number, value in read_fields(data):
        if number == 1:
            job_id = value.decode()
        elif number == 4:
            chunk = value
        elif number == 7:
            number_in_chunk = value
        elif number == 9:
            item = dict(read_fields(value))
            items.append((item[1].decode(), item[2]))
    return SearchBatch(job_id, (chunk, number_in_chunk), items)
