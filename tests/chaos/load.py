"""The load: several partners of several tenants at once, who log in the journal whatever they send and are told."""

import http.client
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from consign import JOB_ENDS, Client
from plan import Stream

ROUTES = {("products", "queue"): "/api/b2b/pim/import/queue", ("products", "api"): "/api/b2b/pim/import/api",
          ("customers", "queue"): "/api/b2b/customers/import/api"}
MAY_BE_REPEATED = (409, 503)


def demo_clients():
    """A partner of each demo tenant, with a source of its own for its products."""
    clients = {tenant: Client(os.environ["CONSIGN_URL"], os.environ[f"{tenant.upper()}_KEY_ID"], os.environ[f"{tenant.upper()}_SECRET"])
               for tenant in ("acme", "globex")}
    for client in clients.values():
        client.source_id = client.make_source()
    return clients


class Load:
    def __init__(self, journal, clients, seed, prefix, streams=3):
        self.journal, self.clients, self.prefix = journal, clients, prefix
        self.ending = threading.Event()
        self.going_on = threading.Event()
        self.going_on.set()
        self.give_up_at = None      # after the end: until when open requests are repeated
        self.threads = [threading.Thread(target=self.run, args=(Stream(seed, prefix, tenant, number),), daemon=True)
                        for tenant in clients for number in range(streams)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def finish(self, seconds):
        """No new requests; those with a key are repeated until their end is known."""
        self.give_up_at = time.monotonic() + seconds
        self.ending.set()
        for thread in self.threads:
            thread.join(max(0, self.give_up_at + 150 - time.monotonic()))

    def pause(self):
        """No new requests; what is under way goes on."""
        self.going_on.clear()

    def resume(self):
        self.going_on.set()

    def run(self, stream):
        try:
            with ThreadPoolExecutor(2) as pool:
                for request in stream:
                    self.going_on.wait()
                    if self.ending.is_set():
                        return
                    Delivery(self, request).run(pool)
        except Exception as error:  # a broken partner must not look like a quiet one
            self.journal.alarm("load", f"stream {stream.name}: {type(error).__name__} {error}")
            raise


class Delivery:
    """One request, with all its repetitions."""

    def __init__(self, load, request, is_followed=True):
        self.is_followed = is_followed
        self.load, self.journal, self.request = load, load.journal, request
        self.client = load.clients[request.tenant]
        self.body = json.dumps(self.envelope()).encode()

    def envelope(self):
        request = self.request
        rows = [content for content, _ in request.rows]
        body = {"merge_mode": request.mode, **({"batch_metadata": request.batch} if request.batch else {})}
        if request.kind == "products":
            return {**body, "source_id": self.client.source_id, "products": rows}
        return {**body, "customers": rows}

    def run(self, pool):
        self.log_request()
        hasty = self.request.manner if self.request.manner in ("cut", "hang up") else None
        if self.request.manner == "twice":
            other = pool.submit(self.attempt)
            answers = [self.attempt(), other.result()]
            answer = max(answers, key=lambda answer: answer[0] in (200, 202))
        else:
            answer = self.attempt(hasty)
        answer = self.repeat(answer)
        if self.request.manner == "again" and answer[0] in (200, 202):
            self.attempt()
        self.log_outcome(answer)
        if answer[0] in (200, 202) and self.is_followed:
            self.follow(answer[1])

    def repeat(self, answer):
        """With a key a request is repeated until the answer is definite."""
        while self.request.key and (answer[0] is None or answer[0] in MAY_BE_REPEATED):
            if self.load.give_up_at and time.monotonic() > self.load.give_up_at:
                return answer
            time.sleep(0.3)
            answer = self.attempt()
        return answer

    def log_request(self):
        request = self.request
        self.journal.add("rows", [(mark, request.id, position, content.get("entity_code") or content["external_code"], is_bad,
                                   json.dumps(content))
                                  for position, (mark, (content, is_bad)) in enumerate(zip(request.marks, request.rows))])
        batch = request.batch and request.batch["batch_id"]
        self.journal.add("requests", [(request.id, request.tenant, request.kind, request.channel, request.mode, request.key,
                                       batch, time.time(), None, "unknown")])
        if batch and self.journal.number("SELECT count(*) FROM requests WHERE batch = ?", batch) == \
                request.batch["batch_total_parts"]:
            self.journal.add("batches", [(request.tenant, batch)])

    def log_outcome(self, answer):
        status = answer[0]
        # Without a key, a 503 may have come at the very moment of the commit (API.md, "Importing").
        outcome = ("accepted" if status in (200, 202) else
                   "unknown" if status is None or status == 503 else "refused")
        first = self.journal.number("SELECT min(ended) FROM attempts WHERE request = ? AND status IN (200, 202)",
                                    self.request.id)
        self.journal.change("UPDATE requests SET outcome = ?, ended = ? WHERE id = ?", outcome, first, self.request.id)

    def attempt(self, hasty=None):
        """(status, job id); the status is None when there was no answer."""
        sent = time.time()
        status, code, job_id = None, None, None
        try:
            status, body = self.exchange(hasty)
            job_id, code = body.get("job_id"), body.get("code")
        except (OSError, http.client.HTTPException, ValueError):
            pass
        self.journal.add("attempts", [(self.request.id, sent, time.time(), status, code, job_id)])
        return status, job_id

    def exchange(self, hasty):
        address = urlsplit(self.client.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=100)
        headers = {**self.client.headers, "content-type": "application/json", "content-length": str(len(self.body))}
        if self.request.key:
            headers["idempotency-key"] = self.request.key
        try:
            connection.putrequest("POST", ROUTES[self.request.kind, self.request.channel], skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            if hasty == "cut":
                connection.send(self.body[:len(self.body) // 2])
                time.sleep(self.request.patience)
                raise OSError("cut by plan")
            connection.send(self.body)
            if hasty == "hang up":
                connection.sock.settimeout(max(self.request.patience, 0.001))
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def follow(self, job_id):
        """Bounds what a partner has under way: waits for the job, but not for ever."""
        patience = time.monotonic() + 5
        while time.monotonic() < patience and not self.load.ending.is_set():
            try:
                if self.client.job(job_id)["status"] in JOB_ENDS:
                    return
            except (OSError, AssertionError, ValueError):
                pass
            time.sleep(0.1)
