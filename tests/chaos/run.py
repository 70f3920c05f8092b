"""One run: load without faults, then under kills, then under everything; then all of it is looked at."""

import os
import time
from collections import Counter

import pymongo
from confluent_kafka import KafkaException
from consign import fresh

from checker import check
from cluster import Cluster
from faults import LONG_RUN, Faults, kill_schedule, mixed_schedule
from journal import Journal
from kafka import Feed
from load import Load, demo_clients
from observer import Consumers, Observer, SearchIndex, Watcher
from plan import COMPANIES, PRODUCTS
from stack import ROOT, Stack

OUTAGE_SECONDS = 60     # of MongoDB, in a long run
RESOLVE_SECONDS = 120   # for open requests after the load
SETTLE_SECONDS = 240    # for jobs, lag and index; a loaded machine with sanitizers needs time
SHOWN_VIOLATIONS = 50


class Run:
    def __init__(self, seconds, seed):
        self.seconds, self.seed = seconds, seed
        self.results = ROOT / ".dev/results"
        self.results.mkdir(parents=True, exist_ok=True)
        for name in ("chaos.sqlite", "chaos.txt"):
            (self.results / name).unlink(missing_ok=True)
        self.journal = Journal(self.results / "chaos.sqlite")
        self.prefix = fresh("CHAOS")
        self.phases = {}    # name -> (from, to)
        self.catch_up_seconds = None
        self.lines = []

    def say(self, text):
        self.lines.append(text)
        print(text, flush=True)

    def run(self):
        """The violations."""
        stack, brokers = Stack(os.environ["CONSIGN_STACK"]), os.environ["KAFKA_BROKERS"]
        clients, feed, consumers = demo_clients(), Feed(brokers), Consumers(brokers)
        codes = ([("products", f"{self.prefix}-P{number:04}") for number in range(PRODUCTS)] +
                 [("customers", f"{self.prefix}-C{number:04}") for number in range(COMPANIES)])
        with pymongo.MongoClient(os.environ["MONGO_URI"], serverSelectionTimeoutMS=2000, socketTimeoutMS=60000) as mongo:
            database = mongo[os.environ["CONSIGN_DATABASE"]]
            observer = Observer(self.journal, clients, database, feed, SearchIndex("acme"), self.prefix)
            with Cluster(stack, self.journal, os.environ["KAFKA_PROXIED"]) as self.cluster:
                self.faults = Faults(self.cluster, consumers, self.journal, brokers, self.say)
                with Watcher(self.journal, clients, database, codes) as self.watcher:
                    self.disturb(Load(self.journal, clients, self.seed, self.prefix), consumers)
                    begin = time.monotonic()
                    observer.settle(consumers, SETTLE_SECONDS)
                    self.settled_seconds = time.monotonic() - begin
                    self.forwarded = {link: state["bytes"] for link, state in self.cluster.proxy.set("kafka").items()}
            observer.collect(consumers)
        feed.close()
        return check(self.journal)

    def disturb(self, load, consumers):
        outage = OUTAGE_SECONDS + 60 if self.seconds >= LONG_RUN else 0
        share = (self.seconds - outage) / 5
        load.start()
        self.phase("clean", lambda: time.sleep(share))
        self.phase("kills", lambda: self.faults.run(kill_schedule(self.seed, share), share))
        if outage:
            self.phase("outage", lambda: self.outage(load, consumers))
        self.phase("mixed", lambda: self.faults.run(mixed_schedule(self.seed, share * 3), share * 3))
        self.faults.end_all()
        self.phase("end", lambda: load.finish(RESOLVE_SECONDS))

    def phase(self, name, work):
        begin = time.time()
        self.say(f"phase {name}")
        work()
        self.phases[name] = (begin, time.time())

    def outage(self, load, consumers):
        """MongoDB away for a minute under load. Then no new requests, to see how long the backlog takes."""
        self.faults.restart("mongodb", OUTAGE_SECONDS)
        load.pause()
        begin = time.monotonic()
        while time.monotonic() < begin + 120 and not self.is_caught_up(consumers):
            time.sleep(0.2)
        self.catch_up_seconds = time.monotonic() - begin
        load.resume()

    @staticmethod
    def is_caught_up(consumers):
        try:
            return not any(consumers.lag().values())
        except KafkaException:
            return False

    # ---- what is told at the end ----

    def rate(self, phase):
        """Rows per second that became versions while the phase lasted."""
        begin, end = self.phases[phase]
        return self.journal.number("SELECT count(*) FROM versions WHERE at BETWEEN ? AND ?", begin, end) / (end - begin)

    def summary(self, violations):
        count = self.journal.number
        outcomes = dict(self.journal.query("SELECT outcome, count(*) FROM requests GROUP BY outcome"))
        clean, kills = self.rate("clean"), self.rate("kills")
        counts = dict(self.faults.counts)
        lines = [
            f"chaos: {self.seconds} s of load, seed {self.seed}; repeat with --seconds {self.seconds} --seed {self.seed}",
            f"  requests    {outcomes}, {count('SELECT count(*) FROM attempts')} attempts",
            f"  rows        {count('SELECT count(*) FROM rows')} sent, {count('SELECT count(*) FROM versions')} versions, "
            f"{count('SELECT count(*) FROM row_errors')} errors",
            f"  faults      {', '.join(f'{name} {number}' for name, number in sorted(counts.items()))}; "
            f"{self.cluster.restarts} services started again, "
            f"{self.cluster.fenced} of them fenced",
            f"  again       {self.cluster.redeliveries()}",
            f"  watched     {self.watcher.samples} samples of versions, {self.watcher.polls} of jobs",
            f"  forwarded   {self.forwarded} bytes",
            f"  rows/s      {clean:.0f} without faults, {kills:.0f} under a kill every 5 s: {kills / max(clean, 1):.2f}",
            f"  settled     {self.settled_seconds:.1f} s after the load",
        ]
        if self.catch_up_seconds is not None:
            lines.append(f"  outage      MongoDB away for {OUTAGE_SECONDS} s, lag 0 again {self.catch_up_seconds:.1f} s after its return")
        lines.append(f"  violations  {len(violations)} {dict(Counter(invariant for invariant, _ in violations)) or ''}")
        lines += [f"    {invariant}: {what[:400]}" for invariant, what in violations[:SHOWN_VIOLATIONS]]
        return "\n".join(lines)
