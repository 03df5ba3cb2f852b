# SPDX-License-Identifier: Apache-2.0
"""Random SQL expressions that know their own value: each carries its text and a function of a row."""
from decimal import Decimal, getcontext

getcontext().prec = 90  # more than any DECIMAL needs

RANGES = {"INT": 2 ** 31, "BIGINT": 2 ** 63}
TEXTS = ["", "a", "b", "Weir", "exactly 12 b", "thirteen byte", "a text that is longer than twelve bytes",
         "the same head, 1 tail", "the same head, 2 tails", "é", "日本語の長いテキスト", "😀 and more behind it",
         "x" * 300, "quote \" back \\ slash", "line\nbreak"]
TYPES = ("INT", "BIGINT", "STRING", "DECIMAL", "DOUBLE", "BOOLEAN")
COLUMNS = {"INT": ["i", "j"], "BIGINT": ["b", "id"], "STRING": ["s"], "DECIMAL": ["d"], "DOUBLE": ["x"],
           "BOOLEAN": ["f"]}


class Reject(Exception):
    """The row has no value here: overflow, division by zero."""


class Expression:
    """sql: its text; value(row): Python's None, int, Decimal, float, str or bool, or Reject."""

    def __init__(self, type_, sql, value):
        self.type, self.sql, self.value = type_, sql, value


def column(type_, name):
    return Expression(type_, name, lambda row: row[name])


def literal(type_, value, sql):
    return Expression(type_, sql, lambda row: value)


def strict(type_, sql, function, *arguments):
    """NULL if an argument is NULL; all arguments are evaluated."""
    def value(row):
        values = [a.value(row) for a in arguments]
        return None if any(v is None for v in values) else function(*values)
    return Expression(type_, sql, value)


def fit(type_, value):
    if not -RANGES[type_] <= value < RANGES[type_]:
        raise Reject
    return value


def divide(a, b):
    """towards zero"""
    if b == 0:
        raise Reject
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a, b):
    return a - b * divide(a, b)


INTEGER_OPERATORS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
                     "/": divide, "%": remainder}
COMPARISONS = {"=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b,
               "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def order(value):
    """texts compare by their UTF-8 bytes"""
    return value.encode("utf-8") if isinstance(value, str) else value


def case(condition, then, otherwise, type_):
    return Expression(type_, "CASE WHEN %s THEN %s ELSE %s END" % (condition.sql, then.sql, otherwise.sql),
                      lambda row: then.value(row) if condition.value(row) is True else otherwise.value(row))


def coalesce(a, b, type_):
    def value(row):
        first = a.value(row)
        return b.value(row) if first is None else first
    return Expression(type_, "COALESCE(%s, %s)" % (a.sql, b.sql), value)


def logic(word, a, b):
    """three-valued: the deciding value decides, else NULL is NULL"""
    deciding = word == "OR"

    def value(row):
        values = [a.value(row), b.value(row)]
        if deciding in [v for v in values if v is not None]:
            return deciding
        return None if None in values else not deciding
    return Expression("BOOLEAN", "(%s %s %s)" % (a.sql, word, b.sql), value)


class Maker:
    """Makes expressions over the columns of the random table."""

    def __init__(self, rng):
        self.rng = rng

    def leaf(self, type_):
        return column(type_, self.rng.choice(COLUMNS[type_]))

    def literal(self, type_):
        rng = self.rng
        if type_ == "INT":
            value = rng.choice([0, 1, 2, 3, 7, -1, -5, 1000, 2 ** 31 - 1])
        elif type_ == "BIGINT":
            value = rng.choice([2 ** 31, -2 ** 40, 2 ** 63 - 1])
        elif type_ == "DOUBLE":
            value = rng.choice([0.5, 2.0, -0.25])
            return literal(type_, value, "%sE0" % value)
        elif type_ == "DECIMAL":
            value = Decimal(rng.randint(-500, 500)) / 100
            return literal(type_, value, "(%.2f)" % value)
        elif type_ == "STRING":
            value = rng.choice(TEXTS)
            return literal(type_, value, "'%s'" % value)
        else:
            value = rng.random() < 0.5
            return literal(type_, value, "TRUE" if value else "FALSE")
        return literal(type_, value, "(%d)" % value if value < 0 else "%d" % value)

    def any(self, type_, depth, may_fail):
        """An expression of a type; its left edge is never a literal, so that nothing is constant."""
        rng = self.rng
        if depth <= 0 or rng.random() < 0.25:
            return self.leaf(type_)
        kind = rng.randrange(8)
        if kind == 0:
            return coalesce(self.any(type_, depth - 1, may_fail), self.right(type_, depth, may_fail), type_)
        if kind <= 2:
            return case(self.any("BOOLEAN", depth - 1, False), self.any(type_, depth - 1, may_fail),
                        self.right(type_, depth, may_fail), type_)
        return getattr(self, type_.lower())(depth, may_fail)

    def right(self, type_, depth, may_fail):
        if self.rng.random() < 0.4:
            return self.literal(type_)
        return self.any(type_, depth - 1, may_fail)

    def int(self, depth, may_fail):
        return self.integer("INT", depth, may_fail)

    def bigint(self, depth, may_fail):
        if self.rng.random() < 0.2:
            a = self.any("INT", depth - 1, may_fail)
            return strict("BIGINT", *self.call("CAST(%s AS BIGINT)", lambda value: value, a))
        return self.integer("BIGINT", depth, may_fail)

    def call(self, template, function, *arguments):
        return (template % tuple(a.sql for a in arguments), function) + arguments

    def integer(self, type_, depth, may_fail):
        rng = self.rng
        a = self.any(type_, depth - 1, may_fail)
        sign = rng.choice("+-*/%" if may_fail else "/%")
        other = type_ if sign == "%" else rng.choice(["INT", type_])  # a remainder has the type of its right side
        b = self.right(other, depth, may_fail) if may_fail else self.any(other, depth - 1, False)
        apply = INTEGER_OPERATORS[sign]
        result = strict(type_, "(%s %s %s)" % (a.sql, sign, b.sql), lambda x, y: fit(type_, apply(x, y)), a, b)
        if may_fail:
            return result
        guard = strict("BOOLEAN", "%s > 0" % b.sql, lambda y: y > 0, b)
        return case(guard, result, self.literal("INT"), type_)

    def double(self, depth, may_fail):
        a = self.any("DOUBLE", depth - 1, may_fail)
        if self.rng.random() < 0.3:
            return strict("DOUBLE", *self.call("CAST(%s AS DOUBLE)", float, self.any("INT", depth - 1, may_fail)))
        b = self.right("DOUBLE", depth, may_fail)
        return strict("DOUBLE", *self.call("(%s + %s)", lambda x, y: x + y, a, b))

    def decimal(self, depth, may_fail):
        a, b = self.any("DECIMAL", depth - 1, may_fail), self.right("DECIMAL", depth, may_fail)
        sign = self.rng.choice("+-")
        return strict("DECIMAL", *self.call("(%%s %s %%s)" % sign, INTEGER_OPERATORS[sign], a, b))

    def string(self, depth, may_fail):
        a, rng = self.any("STRING", depth - 1, may_fail), self.rng
        kind = rng.randrange(4)
        if kind == 0:
            count = rng.randrange(20)
            return strict("STRING", "LEFT(%s, %d)" % (a.sql, count), lambda x: x[:count], a)
        if kind == 1:
            return strict("STRING", "UPPER(%s)" % a.sql, lambda x: x.upper(), a)
        if kind == 2:
            number = self.any("BIGINT", depth - 1, may_fail)
            return strict("STRING", *self.call("CAST(%s AS STRING)", str, number))
        b = self.right("STRING", depth, may_fail)
        return strict("STRING", *self.call("(%s || %s)", lambda x, y: x + y, a, b))

    def boolean(self, depth, may_fail):
        rng = self.rng
        kind = rng.randrange(6)
        if kind == 0:
            return strict("BOOLEAN", *self.call("(NOT %s)", lambda a: not a, self.any("BOOLEAN", depth - 1, False)))
        if kind == 1:
            return logic(rng.choice(["AND", "OR"]), self.any("BOOLEAN", depth - 1, False),
                         self.any("BOOLEAN", depth - 1, False))
        type_ = rng.choice(TYPES)
        a = self.any(type_, depth - 1, may_fail)
        if kind == 2:
            no = rng.random() < 0.5
            return Expression("BOOLEAN", "(%s IS %sNULL)" % (a.sql, "NOT " if no else ""),
                              lambda row: (a.value(row) is None) != no)
        sign = rng.choice(list(COMPARISONS))
        compare = COMPARISONS[sign]
        b = self.right(type_, depth, may_fail)
        return strict("BOOLEAN", "(%s %s %s)" % (a.sql, sign, b.sql), lambda x, y: compare(order(x), order(y)), a, b)
