"""A partner who sends feeds in parts and notes in the journal what was sent and answered."""

import json
import time

import requests

from consign import JOB_ENDS, fresh, part, wait_for

SECONDS = 20


class Partner:
    def __init__(self, client, tenant, journal):
        self.client, self.tenant, self.journal = client, tenant, journal
        self.prefix = fresh("CP")
        self.feeds = []

    def feed(self, effects):
        """The feed that a service with these effects is to handle."""
        name = f"{self.prefix}-{len(self.feeds) + 1:04}"
        self.feeds.append(FEEDS[effects.kind](self, effects, name))
        return self.feeds[-1]


class Feed:
    """The parts of a batch. Each has a key of its own, with which it is repeated when it was not answered."""

    def __init__(self, partner, effects, name):
        self.client, self.tenant, self.journal = partner.client, partner.tenant, partner.journal
        self.kind, self.positions, self.name = effects.kind, effects.positions, name
        self.marks = f"{partner.prefix}/{name}"
        self.ended = 0      # the last attempt, by the monotonic clock
        self.jobs = {}      # of the parts that were taken

    def metadata(self, number):
        return part(self.name, self.positions.index(number) + 1, len(self.positions))

    def attempt(self, number):
        """The job id; None when there was no answer, or none that says what became of the part."""
        status, body = None, {}
        try:
            response = self.post(number, {"idempotency-key": f"{self.name}/{number}"})
            status, body = response.status_code, response.json()
        except requests.RequestException:
            pass
        self.ended = time.monotonic()
        if status == 202:
            self.jobs[number] = body.get("job", body)["job_id"]
        self.answered(number, status, body.get("code"))
        return self.jobs.get(number)

    def answered(self, number, status, code):
        pass

    def send(self, number):
        assert self.attempt(number), f"part {number} of {self.name} was not taken"

    def repeat(self, number):
        wait_for(f"part {number} of {self.name} is taken", lambda: self.attempt(number), SECONDS, 0.02)

    def wait_for(self, number, searchable=False):
        """Until the job of the part has ended; with `searchable`, until what it changed is found, too."""
        def ended():
            job = self.client.job(self.jobs[number])
            wanted = job["successful_rows"] - job["unchanged_rows"] if searchable else 0
            return job["status"] in JOB_ENDS and job["indexed_rows"] >= wanted
        wait_for(f"part {number} of {self.name} ends", ended, SECONDS, 0.02)

    def assert_complete(self):
        """The batch ends, each part with one job."""
        batch = self.client.wait_for_batch(self.name, SECONDS)
        assert sorted(job["job_id"] for job in batch["jobs"]) == sorted(self.jobs.values())


class Rows(Feed):
    """Each part brings the same two codes, the first of them twice, and a bad row; all of it stands in the journal."""

    CODES = (("A", False), ("B", False), ("A", False), ("bad", True))

    def __init__(self, partner, effects, name):
        super().__init__(partner, effects, name)
        self.sent = {}      # when each part was sent first
        self.journal.add("batches", [(self.tenant, name)])

    def rows(self, number):
        """[(row, is bad)]"""
        return [(self.row(f"{self.name}-{code}", number, position, is_bad), is_bad)
                for position, (code, is_bad) in enumerate(self.CODES)]

    def row(self, code, number, position, is_bad):
        mark = {"mark": f"{self.marks}/{number}:{position}", "facts": {f"part {number}": position}}
        if self.kind == "customers":
            return {"external_code": code, **mark, "tags": "x" if is_bad else [f"t{number}"]}
        return {"entity_code": code, **mark, "price": "x" if is_bad else 10 * number + position}

    def post(self, number, headers):
        self.note(number)
        send = self.client.send_companies if self.kind == "customers" else self.client.send_products
        return send([row for row, _ in self.rows(number)], headers=headers, merge_mode="partial",
                    batch_metadata=self.metadata(number))

    def note(self, number):
        if number in self.sent:
            return
        request, self.sent[number] = f"{self.name}/{number}", time.time()
        kind = "customers" if self.kind == "customers" else "products"
        self.journal.add("rows", [(row["mark"], request, position, row.get("entity_code") or row["external_code"], is_bad,
                                   json.dumps(row)) for position, (row, is_bad) in enumerate(self.rows(number))])
        self.journal.add("requests", [(request, self.tenant, kind, "queue", "partial", request, self.name, self.sent[number],
                                       None, "unknown")])

    def answered(self, number, status, code):
        request = f"{self.name}/{number}"
        self.journal.add("attempts", [(request, self.sent[number], time.time(), status, code, self.jobs.get(number))])
        if status == 202:
            self.journal.change("UPDATE requests SET outcome = 'accepted', ended = ? WHERE id = ?", time.time(), request)


class File(Rows):
    """The same as CSV, with rows for three chunks of two."""

    CODES = (*Rows.CODES, ("B", False))

    def row(self, code, number, position, is_bad):
        return {"entity_code": code, "mark": f"{self.marks}/{number}:{position}",
                "price": "x" if is_bad else 10 * number + position}

    def post(self, number, headers):
        self.note(number)
        rows = [row for row, _ in self.rows(number)]
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
        return self.client.send_file("feed.csv", "\n".join(lines), headers=headers, merge_mode="partial",
                                     batch_metadata=json.dumps(self.metadata(number)))


class Brand(Feed):
    """Each part is the same brand, which a product embeds, and lists a product that nobody knows."""

    def __init__(self, partner, effects, name):
        super().__init__(partner, effects, name)
        self.code = fresh("EMBEDS")
        self.client.import_products([{"entity_code": self.code, "brand": name}])

    def post(self, number, headers):
        return self.client.send_entity("brands", self.name, {"label": f"part {number}"}, [f"unknown-{self.name}"],
                                       headers=headers)

    def assert_complete(self):
        jobs = self.client.read("/api/b2b/jobs", entity="brands", limit=100)["jobs"]
        assert {job["job_id"] for job in jobs if job["entity_id"] == self.name} == set(self.jobs.values())
        labels = [f"part {number}" for number in reversed(self.positions)]
        versions = self.client.entity_versions("brands", self.name)
        assert [(version["version"], version["label"]) for version in versions] == list(zip(range(len(labels), 0, -1), labels))
        versions = self.client.versions(self.code)
        assert [version["version"] for version in versions] == list(range(len(labels) + 1, 0, -1))
        assert [version["brand"]["label"] for version in versions[:-1]] == labels
        for job_id in self.jobs.values():
            job = self.client.job(job_id)
            assert (job["total_rows"], job["processed_rows"], job["successful_rows"], job["failed_rows"]) == (3, 3, 2, 1)


FEEDS = {"products": Rows, "customers": Rows, "file": File, "brands": Brand}
