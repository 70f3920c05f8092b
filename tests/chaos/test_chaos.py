"""Load while everything around breaks: nothing is lost, nothing is applied twice."""

import os
import random

from run import Run

SECONDS = 60


def test_nothing_is_lost_and_nothing_is_twice_whatever_fails():
    run = Run(int(os.environ.get("CHAOS_SECONDS", SECONDS)), int(os.environ.get("CHAOS_SEED", random.randrange(1 << 32))))
    run.say(f"seed {run.seed}")
    violations = run.run()
    summary = run.summary(violations)
    (run.results / "chaos.txt").write_text(summary + "\n")
    assert not violations, summary
    assert all(run.forwarded.values()), f"nothing went through the proxy: {run.forwarded}"
