"""The processes behind the URL, through ./dev: where they listen, killing them, starting them again."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from consign import wait_for

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("ingress", "customer-importer", "product-importer", "entity-importer", "search-sync", "job-tracker",
            "file-reader")
STEP_SECONDS = 0.002


@contextmanager
def caught(pid, what, condition):
    """The process stands still while the condition holds. Until then it runs in short steps and is looked at in between, so
    that what it does cannot be over before it is seen. Yields the answer of the condition; inside, it may be killed."""
    def step():
        os.kill(pid, signal.SIGCONT)
        time.sleep(STEP_SECONDS)
        os.kill(pid, signal.SIGSTOP)
        return condition()

    try:
        yield wait_for(what, step, 120, every=0)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


class Stack:
    def __init__(self, name):
        self.name = name
        self.metrics_ports = {}

    def dev(self, *arguments, check=True):
        # CONSIGN_BIN_DIR is for tests; the services were started without it and are to be found unchanged.
        environment = {key: value for key, value in os.environ.items() if key != "CONSIGN_BIN_DIR"}
        run = subprocess.run([ROOT / "dev", *arguments], env={**environment, "CONSIGN_STACK": self.name}, text=True,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        assert run.returncode == 0 or not check, f"./dev {' '.join(arguments)}:\n{run.stdout}{run.stderr}"
        return run.stdout

    def up(self):
        self.dev("up")

    def metrics_url(self, service):
        """From the table of ./dev status: name, pid, port(s), health, uptime."""
        if not self.metrics_ports:
            rows = [line.split() for line in self.dev("status", check=False).splitlines()]
            self.metrics_ports = {row[0]: row[2].split(",")[-1] for row in rows if row and row[0] in SERVICES}
        return f"http://127.0.0.1:{self.metrics_ports[service]}"

    def is_ready(self, service):
        try:
            return requests.get(self.metrics_url(service) + "/readyz", timeout=30).status_code == 200
        except requests.ConnectionError:
            return False

    def pid(self, service):
        pid = int((ROOT / ".dev/run" / self.name / f"{service}.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
        assert Path(command).name == f"consign-{service}", f"process {pid} is {command}"
        return pid

    def log_path(self, service):
        return ROOT / ".dev/run" / self.name / "logs" / f"{service}.log"

    def children(self, service):
        """The processes that it has started and that still run."""
        tasks = Path(f"/proc/{self.pid(service)}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]

    def log(self, service):
        return self.log_path(service).read_text()

    def kill(self, service):
        os.kill(self.pid(service), signal.SIGKILL)

    def kill_when(self, service, what, condition):
        """Kills the service at a moment when the condition holds (see `caught`)."""
        with caught(self.pid(service), what, condition):
            self.kill(service)

    @contextmanager
    def stopped(self, service):
        """The service takes nothing up meanwhile."""
        pid = self.pid(service)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def program(self, service):
        """The program of a running service and its environment."""
        running = Path(f"/proc/{self.pid(service)}")
        environment = dict(entry.split("=", 1) for entry in (running / "environ").read_text().split("\0") if "=" in entry)
        return (running / "cmdline").read_bytes().split(b"\0")[0], environment

    @contextmanager
    def taken_over(self, settings):
        """The services run as processes of the test meanwhile, which therefore sees how they end.

        `settings`: {service: what differs in its environment}.
        """
        programs = {service: self.program(service) for service in SERVICES}
        for service, changed in settings.items():
            programs[service][1].update(changed)
        processes = Processes(programs, self.log_path)
        pids = [self.pid(service) for service in SERVICES]
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        wait_for("the services end", lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
        try:
            for service in SERVICES:
                processes.start(service)
            yield processes
        finally:
            processes.kill()
            self.up()

    @contextmanager
    def ingress(self, **settings):
        """The URL of a further ingress with other settings; it is told to stop at the end and must do so well."""
        program, environment = self.program("ingress")
        environment |= {"CONSIGN_PORT": "0", "CONSIGN_METRICS_PORT": "0", **settings}
        process = subprocess.Popen([program], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            line = next(line for line in process.stderr if "listening on" in line)
            yield "http://" + json.loads(line)["msg"].removeprefix("listening on ")
            process.terminate()
            process.communicate(timeout=60)
            assert process.returncode == 0
        finally:
            process.kill()
            process.wait()


class Processes:
    """Services that are children of the test."""

    def __init__(self, programs, log_path):
        self.programs = programs  # {service: (program, environment)}
        self.log_path = log_path
        self.running = {}

    def start(self, service, **settings):
        program, environment = self.programs[service]
        with open(self.log_path(service), "ab") as log:
            self.running[service] = subprocess.Popen([program], env=environment | settings, stdin=subprocess.DEVNULL, stderr=log)

    def kill(self):
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait()
