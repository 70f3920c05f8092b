"""How fast an import is, from the HTTP request to all its versions being durable.

    ./dev bench pipeline            or, with a release stack in the environment:
    pipeline.py [--products 10000] [--repetitions 3] [--output build/bench/pipeline.json]

Every figure stands beside that of consign-bench-ceiling (ceiling.c), a bare libmongoc program that writes documents of
the same size to the same server in the same run. Look at the ratio: rows per second depend on the machine. Per shape and
tenant there is one warm-up and then the repetitions; medians are shown. Tenant acme has search on, so that its documents
are indexed while others are imported; globex has it off.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import bson
import pymongo
import requests

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from consign import Client  # noqa: E402

CEILING = Path(os.environ["CONSIGN_BIN_DIR"]) / "consign-bench-ceiling"
INGRESS_PID = ROOT / ".dev/run" / os.environ.get("CONSIGN_STACK", "dev") / "ingress.pid"


def assert_loopback():
    for name in ("CONSIGN_URL", "KAFKA_BROKERS", "MONGO_URI", "SEARCH_URL"):
        address = os.environ[name] if "://" in os.environ[name] else f"//{os.environ[name]}"
        if urlsplit(address).hostname not in ("127.0.0.1", "localhost", "::1"):
            sys.exit(f"{name}={os.environ[name]}: benchmarks run against loopback only")


# ---- what is sent ----

def small_product(code, price):
    """About 350 bytes of JSON, as an ERP sends for a price list."""
    return {"entity_code": code, "sku": code, "name": {"it": 'Valvola a sfera 1/2"', "en": 'Ball valve 1/2"'},
            "description": {"it": "Valvola in ottone, passaggio totale.", "en": "Full-bore."}, "brand": "acme",
            "category": "cat_valves", "price": price, "quantity": 420,
            "images": [{"url": f"https://cdn.example.com/{code}.jpg", "position": 0}]}


def full_product(code, price):
    """The reference's product with every field, about 9 KB."""
    return {**FULL_PRODUCT, "entity_code": code, "sku": code, "pricing": {**FULL_PRODUCT["pricing"], "list": price}}


FULL_PRODUCT = json.loads((ROOT / "tests/data/examples/full-product-request.json").read_text())["products"][0]
SHAPES = {"350 B": small_product, "9 KB": full_product}


def request_body(source_id, products):
    request = {"source_id": source_id, "products": products}
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()


# ---- measuring ----

def ingress_memory(field):
    pid = INGRESS_PID.read_text().split()[0]
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"/proc/{pid}/status has no {field}")


def reset_ingress_peak():
    pid = INGRESS_PID.read_text().split()[0]
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def poll_job(client, path, condition):
    """The job, as soon as the condition holds; asked 50 times a second."""
    deadline = time.monotonic() + 600
    while not condition(job := client.read(path)["job"]):
        assert time.monotonic() < deadline and job["status"] != "failed", (job["status"], job["failure"])
        time.sleep(0.02)
    return job


def import_once(client, body, rows):
    """Seconds from the first byte of the request to: the 202, the end of the job, the last row searchable."""
    reset_ingress_peak()
    start = time.monotonic()
    response = client.request("POST", "/api/b2b/pim/import/queue", data=body, headers={"content-type": "application/json"})
    assert response.status_code == 202, response.text
    seconds = {"accepted": time.monotonic() - start}
    job_id = response.json()["job_id"]
    path = f"/api/b2b/pim/jobs/{job_id}"
    job = poll_job(client, path, lambda job: job["status"] == "completed")
    seconds["durable"] = time.monotonic() - start
    peak = ingress_memory("VmHWM")
    assert job["successful_rows"] == rows, job["import_errors"][:1]
    if job["search_batches_queued"] > 0:
        poll_job(client, path, lambda job: job["indexed_rows"] == rows)
        seconds["searchable"] = time.monotonic() - start
    return seconds, peak


def ceiling_once(model, rows):
    run = subprocess.run([CEILING, model, str(rows)], check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def store_model(database, tenant, code, folder, name):
    """One of our stored documents, for the ceiling to make its own of."""
    path = folder / f"{name}.bson"
    path.write_bytes(bson.encode(database.products.find_one({"_id": f"{tenant}|{code}"})))
    return path


def measure(client, tenant, shape, options, database):
    """Warm-up and repetitions of a create and an update round, each followed by the ceiling's."""
    make, samples = SHAPES[shape], []
    for repetition in range(options.repetitions + 1):
        prefix = f"BENCH-{uuid.uuid4().hex[:8]}"
        codes = [f"{prefix}-{number:05}" for number in range(options.products)]
        bodies = {name: request_body(client.source_id, [make(code, price) for code in codes])
                  for name, price in (("create", 9.8), ("update", 10.4))}
        try:
            sample = {name: import_once(client, body, options.products) for name, body in bodies.items()}
            model = store_model(database, tenant, codes[0], options.output.parent, shape.replace(" ", ""))
            ceiling = ceiling_once(model, options.products)
        finally:
            forget(database, tenant, prefix, codes)
        if repetition > 0:
            samples.append({"request_bytes": len(bodies["create"]), "rounds": sample, "ceiling": ceiling})
        print("." if repetition else "warm-up ", end="", flush=True)
    print(f" {shape}, tenant {tenant}")
    return [summarise(name, shape, tenant, samples, options.products) for name in ("create", "update")]


def forget(database, tenant, prefix, codes):
    """The stack may be somebody's own."""
    for collection in (database.products, database.product_versions):
        collection.delete_many({"_id": {"$gte": f"{tenant}|{prefix}", "$lt": f"{tenant}|{prefix}~"}})
    index = f"{os.environ['SEARCH_URL']}/{os.environ.get('CONSIGN_INDEX_PREFIX', 'consign')}-products-{tenant}"
    requests.post(f"{index}/_delete_by_query", params={"conflicts": "proceed", "refresh": "true"}, timeout=300,
                  json={"query": {"ids": {"values": codes}}})


def summarise(name, shape, tenant, samples, rows):
    def median_of(stage):
        values = [sample["rounds"][name][0].get(stage) for sample in samples]
        return statistics.median(values) if None not in values else None

    durable = median_of("durable")
    ceiling = statistics.median(sample["ceiling"][f"{name}_seconds"] for sample in samples)
    return {
        "shape": shape, "tenant": tenant, "round": name, "rows": rows, "repetitions": len(samples),
        "request_bytes": samples[0]["request_bytes"], "document_bytes": samples[0]["ceiling"]["document_bytes"],
        "accepted_seconds": median_of("accepted"), "durable_seconds": durable, "searchable_seconds": median_of("searchable"),
        "rows_per_second": rows / durable, "ceiling_rows_per_second": rows / ceiling, "ratio": ceiling / durable,
        "durable_seconds_each": [sample["rounds"][name][0]["durable"] for sample in samples],
        "ceiling_seconds_each": [sample["ceiling"][f"{name}_seconds"] for sample in samples],
        "ingress_peak_bytes": max(sample["rounds"][name][1] for sample in samples),
    }


# ---- telling ----

def show(results):
    print(f"\n{'shape':8}{'tenant':9}{'round':9}{'request':>10}{'202 after':>11}{'rows/s':>9}{'ceiling':>9}{'ratio':>7}"
          f"{'searchable':>12}{'ingress peak':>14}")
    for result in results:
        searchable = result["searchable_seconds"]
        print(f"{result['shape']:8}{result['tenant']:9}{result['round']:9}{result['request_bytes'] / 1e6:7.1f} MB"
              f"{result['accepted_seconds']:9.2f} s{result['rows_per_second']:9.0f}{result['ceiling_rows_per_second']:9.0f}"
              f"{result['ratio']:7.2f}{f'{searchable:10.2f} s' if searchable else '-':>12}"
              f"{result['ingress_peak_bytes'] / 1e6:11.0f} MB")


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {"processor": model, "processors": os.cpu_count(), "load_at_start": os.getloadavg()[0], "commit": commit}


def bench_client(tenant):
    client = Client(os.environ["CONSIGN_URL"], os.environ[f"{tenant.upper()}_KEY_ID"],
                    os.environ[f"{tenant.upper()}_SECRET"])
    client.source_id = client.make_source(auto_publish_enabled=True, min_score_threshold=80)
    return client


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench/pipeline.json")
    options = parser.parse_args()

    assert_loopback()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    facts, results = machine(), []
    database = pymongo.MongoClient(os.environ["MONGO_URI"])[os.environ.get("CONSIGN_DATABASE", "consign")]
    print(f"{options.products} products a request, {options.repetitions} repetitions, {facts['processors']} processors")
    clients = {tenant: bench_client(tenant) for tenant in ("acme", "globex")}
    for shape in SHAPES:
        for tenant, client in clients.items():
            results += measure(client, tenant, shape, options, database)
    show(results)
    options.output.write_text(json.dumps({"machine": facts, "results": results}, indent=1) + "\n")
    print(f"\n{options.output.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
