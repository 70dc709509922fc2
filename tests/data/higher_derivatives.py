#!/usr/bin/env python3
"""Writes second and third derivatives in tests/data/fixtures/higher/, one file per operation.

    pip install mpmath gmpy2          (gmpy2 only for speed)
    python tests/data/higher_derivatives.py

They come from the formulas in fixtures.py, by central differences at 450 and at 900 digits with steps of 1e-100 and
1e-200: so many digits are right that the 50 which are written must be the same in both.
"""

from itertools import combinations_with_replacement as unordered
from random import Random

from mpmath import mp, mpf

from fixtures import OPS, OUT, REAL, VECTORS, columns, draw, lin, points, reference

HIGHER = OUT / "higher"
POINTS = 24
HEAD = """# {name}: {title}
# Arguments | second derivatives {seconds} | third derivatives {thirds}
# Arguments are exact f64. Each derivative is two columns: 50 significant digits, and lo = exact - f64(digits).
# Written by tests/data/higher_derivatives.py
"""


def slope(f, by):
    """The derivative of `f` by an argument."""
    def derivative(*args):
        h = (abs(args[by]) or 1) * mpf(10) ** (-2 * mp.dps // 9)
        high = f(*args[:by], args[by] + h, *args[by + 1:])
        low = f(*args[:by], args[by] - h, *args[by + 1:])
        quotient = (high - low) / (2 * h)
        # What is left by rounding where the derivative is 0.
        return mpf(0) if abs(quotient) < max(abs(high), abs(low)) * mpf(10) ** -90 else quotient

    return derivative


def item(f, index):
    return lambda *args: mpf(f(*args)[index])


def higher(seconds, count):
    """All second and third derivatives, each of the latter from the second by its two first arguments."""
    pairs, triples = list(unordered(range(count), 2)), list(unordered(range(count), 3))
    thirds = [slope(seconds[pairs.index((i, j))], k) for i, j, k in triples]
    return lambda *args: [f(*args) for f in seconds + thirds]


def of_row(name, formulas, arity):
    letters, titles, _ = columns(name, arity)
    count = len(letters.removesuffix("n"))
    return higher([item(formulas, k) for k in range(1 + count, len(titles))], count), count


def of_list(gradient, count):
    return higher([slope(item(gradient, i), j) for i, j in unordered(range(count), 2)], count), count


def some(points):
    """Some points, from first to last, without those so small or large that they have a scale of their own."""
    points = [args for args in points if all(1e-6 <= abs(x) <= 1e6 for x in args)]
    return points[:: -(-len(points) // POINTS)]


def affine_gradient(*args):
    return args[2:4] + args[:2] + (1,)


def write(name, title, formulas, count, args):
    def labels(order):
        return " ".join("".join(map(str, by)) for by in unordered(range(count), order))

    seconds = len(list(unordered(range(count), 2)))
    lines = []
    for xs in args:
        if q := reference(formulas, xs):
            lines.append(" | ".join(map(" ".join, (map(repr, xs), q[:seconds], q[seconds:]))) + "\n")
    head = HEAD.format(name=name, title=title, seconds=labels(2), thirds=labels(3))
    (HIGHER / f"{name}.txt").write_text(head + "".join(lines))
    print(f"{name}: {len(lines)} points")


def main():
    HIGHER.mkdir(exist_ok=True)
    for name, (title, formulas, boxes, edges) in OPS.items():
        args = some(points(name, boxes, edges))
        write(name, title, *of_row(name, formulas, len(args[0])), args)
    lists = {name: (title, lambda *xs, f=formulas: f(*xs)[1]) for name, (title, formulas, _) in VECTORS.items()}
    # These two are composed of other rows.
    del lists["mean"], lists["softmax"]
    lists["affine"] = ("inner product of two and two arguments, and the last", affine_gradient)
    for name, (title, gradient) in lists.items():
        count = {"dot": 4, "affine": 5, "cross_entropy": 4}.get(name, 3)
        r = Random(f"higher {name}")
        # Short numbers: products of two are exact in 50 digits, so that no rounding of theirs is a tie.
        args = [[round(x * 1024) / 1024 for x in draw(r, REAL if k % 2 else lin(0.5, 2), count)] for k in range(12)]
        write(name, title, *of_list(gradient, count), args)


if __name__ == "__main__":
    main()
