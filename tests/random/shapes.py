# SPDX-License-Identifier: Apache-2.0
"""Which queries with windows, OVER, Top-N and joins are tried, and over what tables."""
from grouped import Aggregation
from ranges import Ranges
from rows import Join, Over, Top
from stages import Stages
from windows import move_to_zone


def make(rng, table):
    """A query; the table may be changed: its times are moved, or it has one file, as several give rows no order."""
    shape = rng.choice([Aggregation, Aggregation, Over, Over, Top, Join, Ranges, Stages, Stages, "emission"])
    if shape in (Join, Ranges, Stages):
        table.files = [records[:200] for records in table.files]
    if rng.random() < 0.25:
        move_to_zone(rng, table)
    query = Aggregation(rng, table, emits=True) if shape == "emission" else shape(rng, table)
    # a row that touches a session joins it if it comes before that has closed: which first, several files leave open
    if shape in (Over, Top, Stages) or query.kind and query.kind.name == "SESSION":
        table.files = table.files[:1]
    return query
