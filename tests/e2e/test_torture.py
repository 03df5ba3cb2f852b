# SPDX-License-Identifier: Apache-2.0
"""A bit of tests/e2e/torture for each guarantee: a job killed, stopped and held while its source grows, the
broker as well, started again at another parallelism each time. WEIR_TORTURE_KILLS says how often (12),
WEIR_TORTURE_SEED which disturbances."""
import os

from program import expect
from torture_job import Torture

TAKES_LONG = True
PLAIN_ONLY = ("test_at_least_once",)
KILLS = int(os.environ.get("WEIR_TORTURE_KILLS", "12"))


def torture(case, guarantee):
    job = Torture(case, guarantee, int(os.environ.get("WEIR_TORTURE_SEED", "1")))
    try:
        job.run(KILLS)
        job.complete()
        wrong = job.check()
        expect(not wrong, "\n".join(wrong))
    finally:
        job.close()


def test_at_least_once(case):
    """No window is missing, none is wrong; some may be there again, equal."""
    torture(case, "at-least-once")


def test_exactly_once(case):
    """Whoever reads committed records finds every window once."""
    torture(case, "exactly-once")
