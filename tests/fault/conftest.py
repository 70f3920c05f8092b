"""The client and the stack are those of the end-to-end tests, the cluster and the checker those of the chaos runs."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "chaos"), str(TESTS / "e2e")]  # both have a `model`: that of the chaos runs is meant
