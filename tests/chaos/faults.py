"""What goes wrong, and when: from the seed alone."""

import random
import signal
import time
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from consign import fresh, wait_for
from cluster import Service
from stack import SERVICES

KILLED = ("ingress", "product-importer", "customer-importer", "search-sync", "job-tracker")
IMPORTERS = {"product-importer": ("consign-product-importer", "import.products"),
             "customer-importer": ("consign-customer-importer", "import.customers")}
KINDS = (*(f"kill {name}" for name in KILLED), *(f"freeze {name}" for name in KILLED),
         "restart mongodb", "kill mongodb", "search down", "search 429", "search slow",
         *(f"{what} {link}" for what in ("cut", "delay", "truncate") for link in ("kafka", "mongodb", "search")),
         "rebalance product-importer", "rebalance customer-importer", "reset product-importer", "reset customer-importer",
         "poison")
SLOW_KINDS = ("restart kafka", "restart opensearch")    # a minute and more on a machine that is busy
LONG_RUN = 300                                          # seconds
PAUSES = (0.5, 1.0, 2.0)

WELL = {"delay": 0.0, "refusing": False, "truncating": False, "busy": False}


@dataclass(frozen=True)
class Fault:
    at: float           # seconds since the faults began
    kind: str
    seconds: float      # how long it lasts, where it does

    def __str__(self):
        return f"{self.at:6.1f} s  {self.kind}" + (f" for {self.seconds:.1f} s" if self.seconds else "")


def kill_schedule(seed, seconds):
    """kill -9 of some service every 5 seconds"""
    source = random.Random(f"{seed}/kills")
    return [Fault(at, f"kill {source.choice(KILLED)}", 0) for at in range(0, int(seconds), 5)]


def mixed_schedule(seed, seconds):
    """Every kind comes once before any comes again."""
    source = random.Random(f"{seed}/faults")
    schedule, at, kinds = [], 0.0, []
    while at < seconds:
        if not kinds:
            known = KINDS + SLOW_KINDS if seconds >= LONG_RUN / 3 else KINDS
            kinds = source.sample(known, len(known))
        kind = kinds.pop()
        lasts = 0 if kind.startswith(("kill", "cut", "reset", "poison")) else source.choice((0.5, 1.0, 2.0, 4.0))
        schedule.append(Fault(at, kind, lasts))
        at += lasts + source.choice(PAUSES)
    return schedule


class Faults:
    def __init__(self, cluster, consumers, journal, brokers, say):
        self.cluster, self.consumers, self.journal, self.brokers, self.say = cluster, consumers, journal, brokers, say
        self.counts = {}
        self.starts = {group: consumers.ends(topic) for group, topic in IMPORTERS.values()}
        self.poisoned = 0

    def run(self, schedule, seconds):
        """Faults wait for each other; on a slow machine the last ones have no time any more."""
        begin = time.monotonic()
        for fault in schedule:
            if time.monotonic() > begin + seconds:
                return
            time.sleep(max(0, begin + fault.at - time.monotonic()))
            self.say(f"{fault}, begun at {time.monotonic() - begin:.1f} s")
            action, _, target = fault.kind.partition(" ")
            getattr(self, action)(target, fault.seconds)
            self.counts[action] = self.counts.get(action, 0) + 1

    # ---- processes ----

    def kill(self, name, _):
        if name in SERVICES:
            self.cluster.services[name].signal(signal.SIGKILL)
        else:
            self.cluster.stop_server(name, signal.SIGKILL)
            self.cluster.start_servers()

    def freeze(self, name, seconds):
        process = self.cluster.services[name].process
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def restart(self, name, seconds):
        self.cluster.stop_server(name, signal.SIGTERM)
        time.sleep(seconds)
        self.cluster.start_servers()

    # ---- connections ----

    def cut(self, link, _):
        self.cluster.proxy.set(link, cut=True)

    def delay(self, link, seconds):
        self.cluster.proxy.set(link, delay=0.1)
        time.sleep(seconds)
        self.cluster.proxy.set(link, delay=0.0)

    def truncate(self, link, seconds):
        self.cluster.proxy.set(link, truncating=True)
        time.sleep(seconds / 4)
        self.cluster.proxy.set(link, truncating=False)

    def search(self, how, seconds):
        fields = {"slow": {"delay": 1.0}, "429": {"busy": True}, "down": {"refusing": True}}[how]
        self.cluster.proxy.set("search", cut=True, **fields)
        time.sleep(seconds)
        self.cluster.proxy.set("search", cut=True, **WELL)

    # ---- consumer groups ----

    def rebalance(self, name, seconds):
        """A second instance comes and goes."""
        original = self.cluster.services[name]
        environment = {**original.environment, "CONSIGN_INSTANCE": fresh("second"), "CONSIGN_METRICS_PORT": "0"}
        second = Service(name, original.program, environment, original.log)
        second.start()
        time.sleep(2 + seconds)
        status = second.stop()
        if status != 0:
            self.journal.alarm("end", f"a second {name} ended with status {status} when it was told to stop")

    def reset(self, name, _):
        """The whole group reads again what it has had since the run began."""
        group, topic = IMPORTERS[name]
        service = self.cluster.services[name]
        service.is_wanted = False
        service.signal(signal.SIGKILL)
        service.process.wait()
        places = [TopicPartition(topic, partition, offset) for partition, offset in self.starts[group].items()]
        try:
            wait_for(f"{group} is empty and reset", lambda: self.move(group, places), 60, every=0.5)
        finally:
            service.is_wanted = True

    def move(self, group, places):
        admin = self.consumers.connect()
        try:
            answer = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])
            return all(not place.error for place in answer[group].result(20).topic_partitions)
        except Exception:  # its members are not gone yet
            return False

    def poison(self, _, __):
        self.poisoned += 1
        value = f"poison {self.poisoned} of {fresh('run')}".encode()
        producer = Producer({"bootstrap.servers": self.brokers})
        for name, topic in IMPORTERS.values():
            producer.produce(topic, value, key=f"acme|{self.poisoned % 2}")
        if producer.flush(30) == 0:
            self.journal.add("poison", [(value,)])

    def end_all(self):
        """Whatever still lasts ends here."""
        for link in ("kafka", "mongodb", "search"):
            self.cluster.proxy.set(link, **WELL)
        self.cluster.start_servers()
