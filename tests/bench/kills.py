"""What a kill -9 of some service every 5 seconds costs, while there is always more to import than can be done.

    ./dev bench kills               or, with a release stack in the environment:
    kills.py [--seconds 30] [--output build/bench/kills.json]

Jobs of 10,000 small products are kept open all the time, each of which changes every one of them. Rows per second are counted
without kills and with them, twice in turn; the services on the path die one after the other. Fails when less than 0.6 of the
rate is left, or a row is lost or counted twice.
"""

import argparse
import itertools
import json
import os
import sys
import threading
import time
import uuid
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests/bench", "tests/e2e", "tests/chaos")]

from cluster import Cluster  # noqa: E402
from consign import Client  # noqa: E402
from journal import Journal  # noqa: E402
from pipeline import assert_loopback, machine, request_body, small_product  # noqa: E402
from stack import Stack  # noqa: E402

ROWS, BACKLOG = 10000, 6
KILL_EVERY_SECONDS = 5
POLL_SECONDS = 0.25  # the list of jobs costs the two processors something, too
ROUNDS = 2
KILLED = ("product-importer", "ingress", "search-sync", "job-tracker")
LEAST_RATIO = 0.6


class Background:
    """Does something in a thread of its own, until it is told to end."""

    def __init__(self):
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()


class Flood(Background):
    """Keeps so many jobs open; a request that fails is repeated with its key."""

    def __init__(self, client):
        super().__init__()
        prefix = uuid.uuid4().hex[:8]
        self.client, self.jobs = client, {}  # job id -> what was last seen of it
        self.bodies = itertools.cycle([request_body(client.source_id, [small_product(f"K-{prefix}-{n:05}", price) for n in range(ROWS)])
                                       for price in (9.8, 10.2)])

    def run(self):
        while not self.ending.is_set():
            if len(self.read()) < BACKLOG:
                self.jobs[self.send()] = None
            else:
                time.sleep(POLL_SECONDS)

    def send(self):
        body = next(self.bodies)
        headers = {"content-type": "application/json", "idempotency-key": uuid.uuid4().hex}
        while True:
            try:
                answer = self.client.request("POST", "/api/b2b/pim/import/queue", data=body, headers=headers)
                if answer.status_code == 202:
                    return answer.json()["job_id"]
                assert answer.status_code in (409, 503), answer.text
            except requests.RequestException:
                pass  # ingress was killed
            time.sleep(0.05)

    def read(self):
        """The open jobs among the sent ones, as they are now; what is seen of each is kept."""
        while True:
            try:
                for job in self.client.read("/api/b2b/jobs", limit=100)["jobs"]:
                    if job["job_id"] in self.jobs:
                        self.jobs[job["job_id"]] = job
                return [job for job in list(self.jobs.values()) if job is None or job["status"] not in ("completed", "failed")]
            except (requests.RequestException, AssertionError):
                time.sleep(0.05)  # ingress was killed

    def rows(self):
        """Applied so far."""
        self.read()
        return sum(job["processed_rows"] for job in list(self.jobs.values()) if job)

    def wait(self, seconds=300):
        deadline = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < deadline, "jobs do not end"
            time.sleep(0.1)


def rate(flood, seconds):
    rows, start = flood.rows(), time.monotonic()
    time.sleep(seconds)
    return (flood.rows() - rows) / (time.monotonic() - start)


class Killer(Background):
    def __init__(self, cluster):
        super().__init__()
        self.cluster, self.kills = cluster, 0

    def run(self):
        for name in itertools.cycle(KILLED):
            self.cluster.services[name].signal(9)
            self.kills += 1
            if self.ending.wait(KILL_EVERY_SECONDS):
                return


def measure(client, seconds):
    journal = Journal()
    clean, killed, kills = [], [], 0
    with Cluster(Stack(os.environ["CONSIGN_STACK"]), journal) as cluster:
        with Flood(client) as flood:
            rate(flood, 10)  # all programs have worked once
            for _ in range(ROUNDS):
                clean.append(rate(flood, seconds))
                with Killer(cluster) as killer:
                    killed.append(rate(flood, seconds))
                kills += killer.kills
        flood.wait()
    jobs = flood.jobs.values()
    assert all(job["status"] == "completed" and job["successful_rows"] == ROWS for job in jobs), jobs
    assert not journal.query("SELECT * FROM alarms"), journal.query("SELECT * FROM alarms")
    return {"clean": clean, "killed": killed, "ratio": sum(killed) / sum(clean), "kills": kills, "jobs": len(jobs), "rows": len(jobs) * ROWS}


def shown(rates):
    return " and ".join(f"{rate:.0f}" for rate in rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench/kills.json")
    options = parser.parse_args()

    assert_loopback()
    client = Client(os.environ["CONSIGN_URL"], os.environ["GLOBEX_KEY_ID"], os.environ["GLOBEX_SECRET"])
    client.source_id = client.make_source()
    result = measure(client, options.seconds)
    print(f"{shown(result['clean'])} rows/s without kills, {shown(result['killed'])} rows/s under {result['kills']} kills, "
          f"one every {KILL_EVERY_SECONDS} s: {result['ratio']:.2f}; {result['rows']} rows in {result['jobs']} jobs, none lost or twice")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"machine": machine(), **result}, indent=1) + "\n")
    if result["ratio"] < LEAST_RATIO:
        sys.exit(f"less than {LEAST_RATIO} of the rate is left")


if __name__ == "__main__":
    main()
