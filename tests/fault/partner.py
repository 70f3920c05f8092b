"""A partner who sends feeds of three parts and notes in the journal what was sent and answered."""

import json
import time

import requests

from consign import JOB_ENDS, fresh, part, wait_for

PARTS = 3
SECONDS = 20


class Partner:
    def __init__(self, client, tenant, journal):
        self.client, self.tenant, self.journal = client, tenant, journal
        self.prefix = fresh("CP")
        self.count = 0

    def feed(self, kind="products"):
        self.count += 1
        return Feed(self, kind, f"{self.prefix}-{self.count:04}")


class Feed:
    """Each part brings the same two codes, the first of them twice, and a bad row."""

    def __init__(self, partner, kind, name):
        self.partner, self.client, self.journal = partner, partner.client, partner.journal
        self.kind, self.name = kind, name
        self.jobs, self.noted = {}, set()
        self.journal.add("batches", [(partner.tenant, name)])

    def rows(self, number):
        for position, (code, is_bad) in enumerate((("A", False), ("B", False), ("A", False), ("bad", True))):
            mark = f"{self.partner.prefix}/{self.name}/{number}:{position}"
            code = f"{self.name}-{code}"
            if self.kind == "products":
                yield {"entity_code": code, "mark": mark, "facts": {f"part {number}": position},
                       "price": "x" if is_bad else 10 * number + position}, is_bad
            else:
                yield {"external_code": code, "mark": mark, "facts": {f"part {number}": position},
                       "tags": "x" if is_bad else [f"t{number}"]}, is_bad

    def note(self, number):
        request, rows = self.request(number), list(self.rows(number))
        self.journal.add("rows", [(row["mark"], request, position, row.get("entity_code") or row["external_code"], is_bad,
                                   json.dumps(row)) for position, (row, is_bad) in enumerate(rows)])
        self.journal.add("requests", [(request, self.partner.tenant, self.kind, "queue", "partial", request, self.name,
                                       time.time(), None, "unknown")])
        self.noted.add(number)

    def request(self, number):
        return f"{self.name}/{number}"

    def attempt(self, number):
        """The job id; None when there was no answer, or none that says what became of the part."""
        if number not in self.noted:
            self.note(number)
        request, sent = self.request(number), time.time()
        status, body = None, {}
        try:
            response = self.post(number, {"idempotency-key": request})
            status, body = response.status_code, response.json()
        except requests.RequestException:
            pass
        self.journal.add("attempts", [(request, sent, time.time(), status, body.get("code"), body.get("job_id"))])
        if status == 202:
            self.jobs[number] = body["job_id"]
            self.journal.change("UPDATE requests SET outcome = 'accepted', ended = ? WHERE id = ?", time.time(), request)
        return self.jobs.get(number)

    def post(self, number, headers):
        rows = [row for row, _ in self.rows(number)]
        send = self.client.send_products if self.kind == "products" else self.client.send_companies
        return send(rows, headers=headers, merge_mode="partial", batch_metadata=part(self.name, number, PARTS))

    def send(self, number):
        assert self.attempt(number), f"part {number} of {self.name} was not taken"

    def repeat(self, number):
        """As a partner does who was not answered: with the same key, until it is."""
        wait_for(f"part {number} of {self.name} is taken", lambda: self.attempt(number), SECONDS, 0.02)

    def wait_for(self, number, searchable=False):
        """Until the job of the part has ended; with `searchable`, until what it changed is found, too."""
        def ended():
            job = self.client.job(self.jobs[number])
            wanted = job["successful_rows"] - job["unchanged_rows"] if searchable else 0
            return job["status"] in JOB_ENDS and job["indexed_rows"] >= wanted
        wait_for(f"part {number} of {self.name} ends", ended, SECONDS, 0.02)

    def assert_complete(self):
        """The batch of all parts ends, each of them with one job."""
        batch = self.client.wait_for_batch(self.name, SECONDS)
        assert sorted(job["job_id"] for job in batch["jobs"]) == sorted(self.jobs.values())
