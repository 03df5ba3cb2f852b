# SPDX-License-Identifier: Apache-2.0
"""GROUP BY windows, as a table function or among the groups; perhaps with early and late results."""
from expressions import Reject, column
from queries import make_aggregate
from reference import grouping_sets, summarize, Result
from windows import KEYS, VALUES, Kind, Shape


class Aggregation(Shape):
    def __init__(self, rng, table, emits=False):
        self.emits = self.changes = emits
        self.late_per_window = True if emits else None
        names = ("TUMBLE", "HOP", "CUMULATE") if emits else ("TUMBLE", "HOP", "HOP", "CUMULATE", "CUMULATE",
                                                            "SESSION", "SESSION")
        self.kind = Kind(rng, table, names)
        self.legacy = legacy = not emits and self.kind.name != "CUMULATE" and rng.random() < 0.4
        names = rng.sample(sorted(KEYS), rng.choice([0, 1, 1, 2]))
        self.keys = [column(KEYS[n], n) for n in names]
        self.partition = names if legacy else rng.choice([names, names, names[:1], []])
        self.sets = rng.choice(["ROLLUP", "CUBE"]) if names and not legacy and rng.random() < 0.15 else None
        view, self.table_name = self.source(rng)
        ordered = len(table.files) == 1 and self.kind.name == "TUMBLE" and not self.branches
        self.aggregates = [make_aggregate(rng, None)]
        for _ in range(rng.randint(0, 4)):
            name = rng.choice(sorted(VALUES))
            only = column("BOOLEAN", "f") if rng.random() < 0.2 else None
            self.aggregates.append(make_aggregate(rng, column(VALUES[name], name), only, ordered))
        self.output = [("window_start", "TIME"), ("window_end", "TIME")]
        self.output += [("k%d" % n, k.type) for n, k in enumerate(self.keys)]
        self.output += [("a%d" % n, a.type) for n, a in enumerate(self.aggregates)]
        self.lateness, settings, emit = 0, "", ""
        if emits:
            settings, emit = self.emission(rng, table)
        self.script = settings + table.sql() + view + self.select(rng, names) + emit + ";\n"

    def select(self, rng, names):
        times = self.kind.bounds_functions() if self.legacy else ["window_start", "window_end"]
        items = [t + " AS " + n for t, n in zip(times, ("window_start", "window_end"))]
        items += ["%s AS k%d" % (k.sql, n) for n, k in enumerate(self.keys)]
        items += ["%s AS a%d" % (a.sql, n) for n, a in enumerate(self.aggregates)]
        groups = [self.kind.group_function()] if self.legacy else times
        groups += ["%s (%s)" % (self.sets, ", ".join(names))] if self.sets else names
        if self.legacy:
            rng.shuffle(groups)
        partition = self.partition if self.kind.name == "SESSION" else ()
        source = self.table_name if self.legacy else self.kind.table_function(self.table_name, partition)
        return "SELECT %s\nFROM %s%s\nGROUP BY %s" % (", ".join(items), source, self.where(rng), ", ".join(groups))

    def emission(self, rng, table):
        settings = ""
        emit = rng.choice(["", "\nEMIT ON CHANGE", "\nEMIT EVERY INTERVAL '0.010' SECOND"])
        if not emit and rng.random() < 0.5:
            settings += ("SET 'table.exec.emit.early-fire.enabled' = 'true';\n"
                         "SET 'table.exec.emit.early-fire.delay' = '%d ms';\n" % rng.choice([0, 5]))
        if rng.random() < 0.7:
            self.lateness = rng.randint(1, 30) * max(table.unit, 1000)
            settings += "SET 'table.exec.emit.allow-lateness' = '%d ms';\n" % (self.lateness // 1000)
            self.lateness -= self.lateness % 1000
            if rng.random() < 0.5:
                settings += ("SET 'table.exec.emit.late-fire.enabled' = 'true';\n"
                             "SET 'table.exec.emit.late-fire.delay' = '%d ms';\n" % rng.choice([0, 7]))
        if not settings and not emit:
            emit = "\nEMIT ON CHANGE"
        return settings, emit

    def evaluate(self, table):
        result = Result()
        groups = {}
        for row, window in self.assigned(table, result, self.lateness):
            key = tuple(k.value(row) for k in self.keys)
            values = [a.value(row) for a in self.aggregates]
            for present in grouping_sets(self):
                shown = tuple(k if p else None for k, p in zip(key, present))
                # sessions of one group may come from several partitions: they are different windows only by bounds
                groups.setdefault((window, shown, present), []).append(values)
        for (window, key, _), members in groups.items():
            try:
                found = [summarize(a, [m[n] for m in members], table.scale) for n, a in enumerate(self.aggregates)]
                result.rows.append(window + key + tuple(found))
            except Reject:
                result.bad(1, 1)
        return result
