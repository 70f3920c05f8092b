"""Told to stop while no server answers, a service leaves all the same, and what it had in hand is done later."""

import os
import signal

import pytest
from consign import assert_all_applied, fresh, wait_for
from load import demo_clients
from stack import ROOT, SERVICES, Stack

LEAVES_S = 30
ROWS = 2500


def server_pids(stack):
    return [int((ROOT / ".dev/run" / stack.name / f"{name}.pid").read_text().split()[0])
            for name in ("kafka", "mongodb", "opensearch")]


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["hang", "are gone"])
def test_services_leave_while_the_servers(number):
    stack, acme = Stack(os.environ["CONSIGN_STACK"]), demo_clients()["acme"]
    with stack.taken_over({}) as processes:
        for service in SERVICES:
            wait_for(f"{service} is ready", lambda service=service: stack.is_ready(service))
        job_ids = [acme.send_products([{"entity_code": fresh("AWAY")} for _ in range(ROWS)]).json()["job_id"] for _ in range(4)]
        servers = server_pids(stack)
        for pid in servers:
            os.kill(pid, number)
        try:
            for process in processes.running.values():
                process.terminate()
            statuses = {service: process.wait(LEAVES_S) for service, process in processes.running.items()}
        finally:
            if number == signal.SIGSTOP:
                for pid in servers:
                    os.kill(pid, signal.SIGCONT)
    assert set(statuses.values()) == {0}, statuses
    for job_id in job_ids:
        assert_all_applied(acme.wait_for_job(job_id), ROWS)
