"""How long a small import takes while another tenant floods the queue.

    ./dev bench fairness            or, with a release stack in the environment:
    fairness.py [--rows 10000] [--backlog 6] [--samples 30] [--output build/bench/fairness.json]

Three tenants are made whose keys lie on known partitions of import.products: `heavy`, which keeps a backlog of large jobs,
`apart`, on another partition, and `beside`, on the same one. The two small ones send one product after the other and wait for
each job to end: first alone, then beside the flood. One importer serves all partitions, as in the worst case. It fails when the median
of `apart` beside the flood is above a second, or above a fifth of that of `beside` where the machine is too slow for a second: then
its partition waits for more than its turn.
"""

import argparse
import json
import os
import statistics
import sys
import threading
import time
import uuid
from pathlib import Path

from confluent_kafka.admin import AdminClient

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.path.insert(0, str(ROOT / "tests/bench"))

from consign import Client  # noqa: E402
from credentials import admin  # noqa: E402
from pipeline import assert_loopback, machine, request_body, small_product  # noqa: E402

TENANTS = ("heavy", "apart", "beside")
APART_SECONDS, APART_SHARE = 1.0, 0.2


def murmur2(key):
    """Kafka's hash of a key, 32 bits without the sign."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(key)
    for at in range(0, len(key) - len(key) % 4, 4):
        k = int.from_bytes(key[at:at + 4], "little") * m & mask
        h = h * m & mask ^ (k ^ k >> 24) * m & mask
    rest = key[len(key) - len(key) % 4:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def choose_ids(partitions):
    """A fresh id for each tenant, on the partition that it is to have."""
    chosen = {}
    while len(chosen) < len(TENANTS):
        name = TENANTS[len(chosen)]
        tenant = f"bench-{name}-{uuid.uuid4().hex[:8]}"
        partition = murmur2(f"{tenant}|0".encode()) % partitions
        shares = partition == chosen.get("heavy", (None, None))[1]
        if name == "heavy" or shares == (name == "beside"):
            chosen[name] = (tenant, partition)
    return {name: tenant for name, (tenant, _) in chosen.items()}


def make_client(tenant):
    admin("tenant", "put", tenant, "--name", tenant, "--languages", "it", "--default-language", "it", "--channel", "bench")
    key = admin("key", "create", "--tenant", tenant, "--permissions", "import")
    client = Client(os.environ["CONSIGN_URL"], key["CONSIGN_KEY_ID"], key["CONSIGN_KEY_SECRET"])
    client.source_id = client.make_source()
    return client


# ---- the flood ----

class Flood:
    """Keeps so many jobs of the heavy tenant open."""

    def __init__(self, client, rows, backlog):
        self.client, self.backlog, self.jobs, self.stopping = client, backlog, [], threading.Event()
        prefix = uuid.uuid4().hex[:8]
        self.body = request_body(client.source_id, [small_product(f"F-{prefix}-{n:05}", 9.8) for n in range(rows)])
        self.thread = threading.Thread(target=self.run)

    def is_open(self, job_id):
        return self.client.job(job_id)["status"] not in ("completed", "failed")

    def top_up(self):
        self.jobs = [job_id for job_id in self.jobs if self.is_open(job_id)]
        while len(self.jobs) < self.backlog:
            response = self.client.request("POST", "/api/b2b/pim/import/queue", data=self.body,
                                           headers={"content-type": "application/json"})
            assert response.status_code == 202, response.text
            self.jobs.append(response.json()["job_id"])

    def run(self):
        while not self.stopping.wait(0.1):
            self.top_up()

    def __enter__(self):
        self.top_up()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        for job_id in self.jobs:
            self.client.wait_for_job(job_id, seconds=600)


# ---- measuring ----

def latency(client):
    """Seconds from the request to the end of its job of one product."""
    start = time.monotonic()
    response = client.send_products([small_product(f"S-{uuid.uuid4().hex[:8]}", 9.8)])
    assert response.status_code == 202, response.text
    job_id = response.json()["job_id"]
    while client.job(job_id)["status"] != "completed":
        assert time.monotonic() - start < 600
        time.sleep(0.01)
    return time.monotonic() - start


def sample(title, client, count):
    seconds = sorted(latency(client) for _ in range(count))
    p50, p95 = statistics.median(seconds), seconds[min(count - 1, round(count * 0.95))]
    print(f"{title:32}p50 {p50 * 1000:8.0f} ms   p95 {p95 * 1000:8.0f} ms   of {count}", flush=True)
    return {"p50": p50, "p95": p95, "samples": count}


def check(results):
    apart, beside = (results[name]["beside the flood"]["p50"] for name in ("apart", "beside"))
    limit = max(APART_SECONDS, APART_SHARE * beside)
    if apart > limit:
        sys.exit(f"the flood holds up another partition: p50 {apart:.1f} s, at most {limit:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--backlog", type=int, default=6)
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench/fairness.json")
    options = parser.parse_args()

    assert_loopback()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    topics = AdminClient({"bootstrap.servers": os.environ["KAFKA_BROKERS"]}).list_topics(timeout=10).topics
    partitions = len(topics["import.products"].partitions)
    clients = {name: make_client(tenant) for name, tenant in choose_ids(partitions).items()}
    results = {name: {"alone": sample(f"{name}, alone", clients[name], options.samples)} for name in ("apart", "beside")}
    with Flood(clients["heavy"], options.rows, options.backlog):
        results["apart"]["beside the flood"] = sample("apart, beside the flood", clients["apart"], options.samples)
        results["beside"]["beside the flood"] = sample("beside, beside the flood", clients["beside"], max(3, options.samples // 10))
    options.output.write_text(json.dumps({"machine": machine(), "partitions": partitions, "rows": options.rows,
                                          "backlog": options.backlog, "results": results}, indent=1) + "\n")
    check(results)


if __name__ == "__main__":
    main()
