"""How fast files are imported, beside the JSON channel with the same rows in the same run, and in how much memory.

    ./dev bench files            or, with a release stack in the environment:
    files.py [--csv-rows 1000000] [--xlsx-rows 300000] [--json-rows 200000] [--output build/bench/files.json]

The files are made on the fly and are below 50 MB. JSON requests have 10,000 rows each and are sent as soon as the one before
was accepted, so that the importer never waits for them. The clock runs from the first byte to the end of the last job. Tenant
globex has search off: what is compared is how rows come in. Fails when CSV has less than 0.8 of the rows per second
that JSON has, or when consign-file-reader needs 150 MB.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pymongo
import xlsxwriter

from pipeline import ROOT, assert_loopback, bench_client, machine

RUN = ROOT / ".dev/run" / os.environ.get("CONSIGN_STACK", "dev")
COLUMNS = ["entity_code", "name", "price", "quantity", "brand"]
REQUEST_ROWS = 10_000
LEAST_RATIO, MOST_READER_BYTES, MOST_FILE_BYTES = 0.8, 150e6, 50 * 1024 * 1024


def row_of(prefix, number):
    return [f"{prefix}{number:07}", f"Valve {number % 977}", number % 9973 / 100, number % 500, "acme"]


# ---- what is sent ----

def write_csv(path, prefix, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\r\n")
        file.writelines(",".join(map(str, row_of(prefix, number))) + "\r\n" for number in range(rows))


def write_xlsx(path, prefix, rows):
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        for number in range(rows):
            sheet.write_row(number + 1, 0, row_of(prefix, number))


def json_bodies(source_id, prefix, rows):
    for start in range(0, rows, REQUEST_ROWS):
        products = [dict(zip(COLUMNS, row_of(prefix, number))) for number in range(start, min(rows, start + REQUEST_ROWS))]
        yield json.dumps({"source_id": source_id, "products": products}, separators=(",", ":")).encode()


# ---- measuring ----

def process_of(service):
    return Path("/proc") / (RUN / f"{service}.pid").read_text().split()[0]


def peak_bytes(service):
    for line in (process_of(service) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"{service} has no peak")


def reset_peaks():
    for service in ("ingress", "file-reader"):
        (process_of(service) / "clear_refs").write_text("5")


def wait_for_jobs(client, job_ids, rows):
    deadline = time.monotonic() + 1800
    done = 0
    for job_id in job_ids:
        while (job := client.read(f"/api/b2b/pim/jobs/{job_id}")["job"])["status"] != "completed":
            assert time.monotonic() < deadline and job["status"] != "failed", (job["status"], job["failure"])
            time.sleep(0.05)
        done += job["successful_rows"]
    assert done == rows, f"{done} of {rows} rows were applied"


def import_json(client, prefix, rows):
    bodies = list(json_bodies(client.source_id, prefix, rows))
    start = time.monotonic()
    job_ids = []
    for body in bodies:
        response = client.request("POST", "/api/b2b/pim/import/queue", data=body, headers={"content-type": "application/json"})
        assert response.status_code == 202, response.text
        job_ids.append(response.json()["job_id"])
    wait_for_jobs(client, job_ids, rows)
    return time.monotonic() - start, sum(map(len, bodies))


def import_file(client, path, rows):
    size = path.stat().st_size
    assert size < MOST_FILE_BYTES, f"{path.name} has {size} bytes"
    start = time.monotonic()
    with open(path, "rb") as file:
        response = client.request("POST", "/api/b2b/pim/import", data={"source_id": client.source_id}, files={"file": file})
    assert response.status_code == 202, response.text
    wait_for_jobs(client, [response.json()["job"]["job_id"]], rows)
    return time.monotonic() - start, size


def measure(name, rows, run):
    reset_peaks()
    seconds, sent = run()
    result = {"channel": name, "rows": rows, "bytes": sent, "seconds": seconds, "rows_per_second": rows / seconds,
              "reader_peak_bytes": peak_bytes("file-reader"), "ingress_peak_bytes": peak_bytes("ingress")}
    print(f"{name:8}{rows:>9}{sent / 1e6:>9.1f} MB{seconds:>9.1f} s{result['rows_per_second']:>9.0f} rows/s"
          f"{result['reader_peak_bytes'] / 1e6:>9.0f} MB{result['ingress_peak_bytes'] / 1e6:>9.0f} MB", flush=True)
    return result


def forget(database, prefix):
    """The stack may be somebody's own."""
    database.products.delete_many({"_id": {"$gte": f"globex|{prefix}", "$lt": f"globex|{prefix}~"}})


def measure_all(client, database, options, folder):
    prefix = f"F{uuid.uuid4().hex[:5]}"
    sheet, text = folder / "rows.xlsx", folder / "rows.csv"
    write_csv(text, f"{prefix}C", options.csv_rows)
    write_xlsx(sheet, f"{prefix}X", options.xlsx_rows)
    print(f"{'':8}{'rows':>9}{'sent':>12}{'time':>11}{'':16}{'file-reader':>12}{'ingress':>12}")
    try:
        import_json(client, f"{prefix}W", min(50_000, options.json_rows))
        return [measure("json", options.json_rows,
                        lambda: import_json(client, f"{prefix}J", options.json_rows)),
                measure("csv", options.csv_rows, lambda: import_file(client, text, options.csv_rows)),
                measure("xlsx", options.xlsx_rows, lambda: import_file(client, sheet, options.xlsx_rows))]
    finally:
        forget(database, prefix)


def verdict(results):
    """What is promised and does not hold."""
    by_channel = {result["channel"]: result for result in results}
    ratio = by_channel["csv"]["rows_per_second"] / by_channel["json"]["rows_per_second"]
    peak = max(result["reader_peak_bytes"] for result in results)
    print(f"\nCSV has {ratio:.2f} of the rows per second of JSON; consign-file-reader peaks at {peak / 1e6:.0f} MB")
    if ratio < LEAST_RATIO:
        yield f"CSV is slower than {LEAST_RATIO} of JSON"
    if peak > MOST_READER_BYTES:
        yield f"consign-file-reader needs more than {MOST_READER_BYTES / 1e6:.0f} MB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv-rows", type=int, default=1_000_000)
    parser.add_argument("--xlsx-rows", type=int, default=300_000)
    parser.add_argument("--json-rows", type=int, default=200_000)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench/files.json")
    options = parser.parse_args()

    assert_loopback()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    database = pymongo.MongoClient(os.environ["MONGO_URI"])[os.environ.get("CONSIGN_DATABASE", "consign")]
    with tempfile.TemporaryDirectory(prefix="consign-bench-") as folder:
        results = measure_all(bench_client("globex"), database, options, Path(folder))
    options.output.write_text(json.dumps({"machine": machine(), "results": results}, indent=1) + "\n")
    failures = list(verdict(results))
    print(options.output.relative_to(ROOT))
    sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
