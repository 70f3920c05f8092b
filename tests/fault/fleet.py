"""The services of the stack, each in the variant that has crash points."""

import os
import signal
import subprocess
from pathlib import Path

import requests

from cluster import Service
from consign import wait_for
from observer import Consumers
from stack import ROOT, SERVICES

PROGRAMS = Path(os.environ.get("CONSIGN_BIN_DIR", ROOT / "build/dev/bin")) / "crash-points"
LEASE_SECONDS = 0.1
# Nobody waits here for what gives real servers time to come back.
SETTINGS = {"CONSIGN_RETRY_MIN_MS": "20", "CONSIGN_IDEMPOTENCY_LEASE_MS": f"{LEASE_SECONDS * 1000:.0f}",
            "CONSIGN_SEARCH_QUIET_MS": "20"}
MARK = "crash point "


class Crasher(Service):
    """A service whose crash points can be armed."""

    def begin(self, armed=None):
        self.environment.pop("CONSIGN_CRASHPOINT", None)
        if armed:
            self.environment["CONSIGN_CRASHPOINT"] = armed
        self.traced_from = self.log.stat().st_size
        self.start()

    def wait_until_ready(self):
        wait_for(f"{self.name} is ready", self.is_ready, every=0.01)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.runs():
            self.process.kill()
            self.process.wait()

    def assert_died(self, point, seconds=30):
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = "none"
        assert status == -signal.SIGKILL, f"{self.name} should die at {point}; its status is {status}"

    def functions(self):
        """The calls with crash points since it was started with CONSIGN_CRASHPOINT=trace, in order."""
        with open(self.log, "rb") as log:
            log.seek(self.traced_from)
            lines = log.read().decode().splitlines()
        return [line[len(MARK):-len(".before")] for line in lines if line.startswith(MARK) and line.endswith(".before")]

    def is_ready(self):
        try:
            return requests.get(f"http://127.0.0.1:{self.environment['CONSIGN_METRICS_PORT']}/readyz", timeout=2).ok
        except requests.RequestException:
            return False


class Fleet:
    """Takes the services of the stack over and gives them back at the end."""

    def __init__(self, stack, settings):
        self.stack = stack
        processes = {name: Path(f"/proc/{stack.pid(name)}") for name in SERVICES}
        self.services = {name: self.take_over(name, process, settings.get(name, {})) for name, process in processes.items()}
        for name, process in processes.items():
            wait_for(f"{name} of the stack ends", lambda process=process: not process.exists())

    def take_over(self, name, process, settings):
        environment = dict(entry.split("=", 1) for entry in (process / "environ").read_text().split("\0") if "=" in entry)
        os.kill(int(process.name), signal.SIGTERM)
        log = ROOT / ".dev/run" / self.stack.name / "logs" / f"{name}.log"
        return Crasher(name, str(PROGRAMS / f"consign-{name}"), {**environment, **SETTINGS, **settings}, log)

    def __enter__(self):
        self.run()
        return self

    def run(self):
        """Starts what does not run, whatever the case before has left."""
        for service in self.services.values():
            if not service.runs():
                service.begin()
                service.wait_until_ready()

    def __exit__(self, *_):
        self.run()
        for service in self.services.values():
            service.ask_to_stop()
        statuses = {name: service.status_at_end() for name, service in self.services.items()}
        self.stack.up()
        assert set(statuses.values()) == {0}, f"when told to stop: {statuses}"


class Backlog(Consumers):
    """Asked often, so one client is kept: Kafka is not restarted here."""

    def __init__(self, brokers):
        super().__init__(brokers)
        self.admin = super().connect()

    def connect(self):
        return self.admin

    def end_of(self, topic):
        return sum(self.ends(topic).values())

    def of(self, service, topic):
        """Messages that the service has not committed."""
        positions = self.positions(f"consign-{service}", topic)
        return sum(end - max(positions.get(partition, 0), 0) for partition, end in self.ends(topic).items())
