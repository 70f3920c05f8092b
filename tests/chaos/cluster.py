"""The services behind the proxy, kept alive as a process manager would, and the servers of the stack."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import requests
from consign import wait_for
from stack import ROOT, SERVICES

# A request whose ingress was killed holds up its tenant for this long when nobody repeats it.
ACCEPT_TIMEOUT_MS = 10000
SERVERS = ("kafka", "mongodb", "opensearch")


class Proxy:
    def __init__(self, targets, kafka_listens_on):
        listens = {"kafka": kafka_listens_on, "mongodb": "127.0.0.1:0", "search": "127.0.0.1:0"}
        links = [f"{name}={listens[name]}={target}" for name, target in targets.items()]
        self.lock = threading.Lock()
        self.process = subprocess.Popen([sys.executable, "-B", Path(__file__).with_name("proxy.py"), *links], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports = json.loads(self.process.stdout.readline())

    def set(self, link, **fields):
        """What it says of itself after that: {link: {"bytes": forwarded so far, "held": pieces that wait now}}"""
        with self.lock:
            self.process.stdin.write(json.dumps({"link": link, **fields}) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Service:
    def __init__(self, name, program, environment, log):
        self.name, self.program, self.environment, self.log = name, program, environment, log
        self.process = None
        self.is_wanted = True
        self.was_killed = False

    def start(self):
        self.was_killed = False
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program], env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def says_it_was_fenced(self):
        """A static member whose place in its group was given away, as when Kafka restarts while it joins, cannot go on.

        It says so and leaves, to be started again.
        """
        last = self.log.read_bytes()[-2000:].splitlines()[-1:]
        return self.process.returncode == 1 and b"fenced by other consumer" in b"".join(last)

    def signal(self, number):
        self.was_killed = self.was_killed or number == signal.SIGKILL
        self.process.send_signal(number)

    def ask_to_stop(self):
        self.is_wanted = False
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()

    def stop(self):
        self.ask_to_stop()
        return self.status_at_end()

    def status_at_end(self, seconds=60):
        """The status with which it leaves."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Cluster:
    """Takes the services of the stack over and gives them back at the end.

    With `kafka_proxied` they speak to the servers through the proxy. `variants`: {service: folder of the build, beside the
    service's own, that its program is taken from}.
    """

    def __init__(self, stack, journal, kafka_proxied=None, variants=None):
        self.stack, self.journal, self.variants = stack, journal, variants or {}
        self.restarts = self.fenced = 0
        self.repeated = {}      # metric -> {(service, process id): value}
        self.proxy = kafka_proxied and Proxy(
            {"kafka": kafka_proxied, "mongodb": host_of("MONGO_URI"), "search": host_of("SEARCH_URL")},
            os.environ["KAFKA_BROKERS"].replace("127.0.0.1", "127.0.0.2"))
        self.services = {name: self.copy(name) for name in SERVICES}
        self.take_over()
        self.ended = threading.Event()
        self.keeper = threading.Thread(target=self.keep_alive, daemon=True)

    def take_over(self):
        """Ends what the stack has started, so that this cluster's own services take the places."""
        processes = {name: Path(f"/proc/{self.stack.pid(name)}") for name in SERVICES}
        for process in processes.values():
            os.kill(int(process.name), signal.SIGTERM)
        for name, process in processes.items():
            wait_for(f"{name} of the stack ends", lambda process=process: not process.exists(), 60)

    def copy(self, name):
        """A service like that of the stack, which runs."""
        process = Path(f"/proc/{self.stack.pid(name)}")
        environment = dict(entry.split("=", 1) for entry in (process / "environ").read_text().split("\0") if "=" in entry)
        environment["CONSIGN_ACCEPT_TIMEOUT_MS"] = str(ACCEPT_TIMEOUT_MS)
        if self.proxy:
            environment |= {"KAFKA_BROKERS": f"127.0.0.2:{self.proxy.ports['kafka']}",
                            "MONGO_URI": f"mongodb://127.0.0.1:{self.proxy.ports['mongodb']}",
                            "SEARCH_URL": f"http://127.0.0.1:{self.proxy.ports['search']}"}
        program = Path((process / "cmdline").read_bytes().split(b"\0")[0].decode())
        if name in self.variants:
            program = program.parent / self.variants[name] / program.name
        log = ROOT / ".dev/run" / self.stack.name / "logs" / f"{name}.log"
        return Service(name, program, environment, log)

    def __enter__(self):
        for service in self.services.values():
            service.start()
        for name in self.services:
            wait_for(f"{name} is ready", lambda name=name: self.is_ready(name), 120)
        self.keeper.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.keeper.join()
        for service in self.services.values():
            service.ask_to_stop()
        for service in self.services.values():
            status = service.status_at_end()
            if status != 0:
                self.journal.alarm("end", f"{service.name} ended with status {status} when it was told to stop")
        if self.proxy:
            self.proxy.close()
        self.stack.up()

    def is_ready(self, name):
        try:
            return requests.get(f"{self.metrics_url(name)}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def metrics_url(self, name):
        return f"http://127.0.0.1:{self.services[name].environment['CONSIGN_METRICS_PORT']}"

    def keep_alive(self):
        """Starts again whatever has ended; who ends without having been killed has a bug."""
        while not self.ended.wait(0.1):
            for service in self.services.values():
                if service.is_wanted and service.process.poll() is not None:
                    if service.says_it_was_fenced():
                        self.fenced += 1
                    elif not service.was_killed:
                        self.journal.alarm("end", f"{service.name} ended by itself with status {service.process.returncode}")
                    service.start()
                    self.restarts += 1
            self.read_metrics()

    def read_metrics(self):
        """What the counters of a process say is lost with it, so they are read all the time."""
        for name, metrics in (("product-importer", ["consign_chunks_repeated_total"]),
                              ("customer-importer", ["consign_chunks_repeated_total"]),
                              ("job-tracker", ["consign_progress_duplicates_total"])):
            process = self.services[name].process.pid
            try:
                text = requests.get(f"{self.metrics_url(name)}/metrics", timeout=0.3).text
            except requests.RequestException:
                continue
            for line in text.splitlines():
                metric, _, value = line.partition(" ")
                if metric.split("{")[0] in metrics:
                    self.repeated.setdefault(metric.split("{")[0], {})[name, process] = int(float(value))

    def redeliveries(self):
        return {metric: sum(values.values()) for metric, values in self.repeated.items()}

    # ---- servers ----

    def server_pid(self, name):
        return int((ROOT / ".dev/run" / self.stack.name / f"{name}.pid").read_text().split()[0])

    def stop_server(self, name, number):
        process = Path(f"/proc/{self.server_pid(name)}")
        os.kill(int(process.name), number)
        wait_for(f"{name} ends", lambda: not process.exists(), 60)

    def start_servers(self):
        self.stack.dev("up", "--servers", check=False)  # its status is also about the services, which are ours now
        for name in SERVERS:
            assert Path(f"/proc/{self.server_pid(name)}").exists(), f"{name} did not start"


def host_of(variable):
    return urlsplit(os.environ[variable]).netloc
