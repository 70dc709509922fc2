#!/usr/bin/env python3
"""Writes `random_statements.rs`: functions of random expressions over the table, in both forms.

    tests/fused/random.py [COUNT]
"""

import pathlib
import random
import re
import sys

ROOT = pathlib.Path(__file__).parent
TABLE = (ROOT / "../../src/table/ops.rs").read_text().split("; reductions {")[0]
ROW = re.compile(r"^(operator|function|piecewise)\S*(?: \S+\))? \w+ (\w+)\(([^)]*)\) -> y", re.M)
OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "rem": "%"}


def rows():
    """Name, operands and integers of each function."""
    for kind, name, arguments in ROW.findall(TABLE):
        operands, _, integer = arguments.partition(";")
        samples = re.findall(r"-?\d+", integer.split("in")[1]) if integer else [None]
        if kind != "operator":
            yield name, len(operands.split(",")), samples


ROWS = list(rows())
assert len(ROWS) > 50, "the rows are not where they should be"


def constant(dice):
    return dice.choice(["0.5", "-1.25", "2.0", "1e-3", "k", "LIMIT"])


def expression(dice, depth):
    kind = dice.random()
    if depth == 0 or kind < 0.1:
        return dice.choice(["a", "b", "c", "x[3]", "*d"])
    if kind < 0.6:
        left, right = expression(dice, depth - 1), expression(dice, depth - 1)
        if dice.random() < 0.25:
            right = constant(dice)
        return f"({left} {dice.choice(list(OPERATORS.values()))} {right})"
    if kind < 0.65:
        return f"(-{expression(dice, depth - 1)})"
    name, operands, samples = dice.choice(ROWS)
    further = [expression(dice, depth - 2) if depth > 1 and dice.random() < 0.7 else constant(dice) for _ in range(operands - 1)]
    integer = dice.choice(samples)
    arguments = ", ".join(further + ([integer] if integer else []))
    return f"({expression(dice, depth - 1)}).{name}({arguments})"


def main():
    dice = random.Random(5)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    lines = ["//! Written by `random.py`.", ""]
    lines += ["use crate::form::Form;", "use crate::random::{LIMIT, random_forms};", "use tapegrad::Real;", ""]
    lines += ["random_forms! {", "    x a b c d k;"]
    for number in range(count):
        value = expression(dice, dice.randint(2, 4))
        lines.append(f"    f{number} {{ {value} + a * b }}")
    lines += ["}", ""]
    (ROOT / "random_statements.rs").write_text("\n".join(lines))


main()
