# SPDX-License-Identifier: Apache-2.0
"""A job with a state directory is killed at any moment and started again at another parallelism. All
results are there once, as its sinks are files, none is wrong. WEIR_STATE_KILLS says how often (30),
WEIR_STATE_SEED which moments."""
import os
import signal

from state_job import disturb_often

NO_BROKER = True
KILLS = int(os.environ.get("WEIR_STATE_KILLS", "30"))


def test_kill(case):
    """kill -9: nothing is lost, and nobody has seen what was written since the last epoch."""
    disturb_often(case, signal.SIGKILL, KILLS, 0.4)


def test_terminate(case):
    """SIGTERM: a last epoch, so that nothing is lost and nothing is there twice."""
    disturb_often(case, signal.SIGTERM, max(KILLS // 3, 5), 0.4)
