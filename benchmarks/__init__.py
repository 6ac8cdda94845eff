"""What `make bench` runs: real processes on private servers, measured in ratios within one run."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The private servers are those of the tests.
if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))
