#!/usr/bin/env python3
"""Writes tests/data/lanes/: reference values for the kernels over blocks of samples, one file per function.

    pip install mpmath gmpy2          (gmpy2 only for speed)
    python tests/data/lanes.py

A file is a list of records without separators, little-endian: the arguments as f64, the f64 nearest to the
exact value, and a byte: what that lacks, in units of 1/254 of its last place. Points are seeded: over the
whole floating-point range, over the range where something happens, and near hard points. Values that are
subnormal, infinite or none are left out.
"""

import math
import struct
from pathlib import Path
from random import Random

from mpmath import mp, mpf

OUT = Path(__file__).parent / "lanes"
COUNT = 2000
# Enough for the angle 10⁹ beside a multiple of π/2, and for e^(−x²) where erfc ends.
mp.dps = 80


def anywhere(random):
    return random.choice((-1, 1)) * positive(random)


def positive(random):
    return math.ldexp(random.uniform(1, 2), random.randint(-1022, 1023))


def decades(low, high):
    """Log-uniform, of both signs."""
    return lambda random: random.choice((-1, 1)) * math.exp(random.uniform(math.log(low), math.log(high)))


def decades_above(low, high):
    return lambda random: abs(decades(low, high)(random))


def between(low, high):
    return lambda random: random.uniform(low, high)


def near(*points):
    """From one to 2⁴⁰ roundings beside a point."""

    def draw(random):
        point = random.choice(points)
        return point + math.ulp(point) * random.choice((-1, 1)) * int(2 ** random.uniform(0, 40))

    return draw


def near_quarters(random):
    quarters = random.choice((random.randint(1, 100), random.randint(1, 630_000_000)))
    point = float(quarters * mp.pi / 2)
    return random.choice((-1, 1)) * (point + math.ulp(point) * random.randint(-3, 3))


def near_halves_of_ln2(random):
    """Where the rounding of an exponent changes."""
    return near(float((random.randint(-1020, 1020) + mpf(0.5)) * mp.log(2)))(random)


def pairs(first, second):
    return lambda random: (first(random), second(random))


def near_diagonal(random):
    a = anywhere(random)
    b = a * random.choice((1, math.tan(math.pi / 8), 1 / math.tan(math.pi / 8))) * random.uniform(0.999, 1.001)
    return a, b * random.choice((-1, 1))


def powers_near(low, high):
    """Bases anywhere, exponents that bring the logarithm into an interval."""

    def draw(random):
        a = random.choice((positive, decades_above(0.1, 10), near(1.0)))(random)
        log = math.log(a)
        return a, random.uniform(low, high) / log if log else 1.0

    return draw


def sigma(x):
    return 1 / (1 + mp.exp(-x))


def cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def cbrt(x):
    return mp.sign(x) * mp.cbrt(abs(x))


def atan2(y, x):
    return mp.atan2(y, x)


angles = [decades(1e-10, 1e3), decades(1, 1e9), between(-10, 10), near_quarters, near_quarters]
logarithms = [positive, decades_above(0.1, 10), near(1.0), near(math.sqrt(2), math.sqrt(0.5), 0.5, 2.0)]
planes = [pairs(anywhere, anywhere), near_diagonal, near_diagonal, pairs(decades(0.1, 10), decades(0.1, 10))]
FUNCTIONS = {
    "exp": (mp.exp, [between(-708, 709.7), decades(1e-20, 700), between(-3, 3), near_halves_of_ln2]),
    "exp2": (lambda x: mpf(2) ** x, [between(-1022, 1023.9), decades(1e-20, 1000), between(-3, 3)]),
    "exp_m1": (mp.expm1, [between(-50, 709.7), decades(1e-20, 700), between(-3, 3), near_halves_of_ln2]),
    "ln": (mp.log, logarithms),
    "ln_1p": (mp.log1p, [positive, decades(1e-20, 1), between(-1, 3), near(-0.2928932188, 0.4142135623, 1.0)]),
    "log2": (lambda x: mp.log(x) / mp.log(2), logarithms),
    "log10": (mp.log10, logarithms),
    "sin": (mp.sin, angles),
    "cos": (mp.cos, angles),
    "tan": (mp.tan, angles),
    "asin": (mp.asin, [decades(1e-20, 1), between(-1, 1), near(0.5, -0.5), near(1 - 1e-6)]),
    "acos": (mp.acos, [decades(1e-20, 1), between(-1, 1), near(0.5, -0.5), near(1 - 1e-6)]),
    "atan": (mp.atan, [anywhere, decades(1e-3, 1e3), near(0.4142135623, 2.4142135623, 1.0)]),
    "atan2": (atan2, planes),
    "sinh": (mp.sinh, [between(-710.4, 710.4), decades(1e-20, 700), between(-3, 3), near_halves_of_ln2]),
    "cosh": (mp.cosh, [between(-710.4, 710.4), decades(1e-20, 700), between(-3, 3), near_halves_of_ln2]),
    "tanh": (mp.tanh, [anywhere, decades(1e-20, 30), between(-3, 3), between(-1, 1)]),
    "asinh": (mp.asinh, [anywhere, decades(1e-20, 1e3), between(-3, 3), decades(1e15, 1e25)]),
    "acosh": (mp.acosh, [decades_above(1, 1e300), between(1, 3), near(1 + 1e-6), decades_above(1e15, 1e25)]),
    "atanh": (mp.atanh, [decades(1e-20, 1), between(-1, 1), between(-0.2, 0.2), near(1 - 1e-6)]),
    "cbrt": (cbrt, [anywhere, decades(0.1, 100), near(1.0, 8.0, 2.0, 4.0, math.sqrt(2))]),
    "hypot": (lambda a, b: mp.sqrt(a * a + b * b), planes),
    "powf": (
        lambda a, b: mpf(a) ** mpf(b),
        [powers_near(-708, 709.7), powers_near(700, 709.7), powers_near(-3, 3), pairs(decades_above(0.1, 10), between(-9, 9))],
    ),
    "erf": (mp.erf, [decades(1e-300, 1e3), decades(1e-3, 6), between(-1, 1), near(0.75, -0.75)]),
    "erfc": (mp.erfc, [decades(1e-10, 26.5), between(0, 26.5), between(-6, 6), between(-1, 1)]),
    "normal_cdf": (cdf, [decades(1e-10, 37.5), between(-37.5, 0), between(-8, 8), between(-1, 1)]),
    "sigmoid": (sigma, [between(-708, 40), decades(1e-20, 700), between(-3, 3), near_halves_of_ln2]),
}


def record(f, arguments):
    try:
        y = mpf(f(*map(mpf, arguments)))
        nearest = float(y)
    except (ValueError, OverflowError, ZeroDivisionError, TypeError):
        return None
    if not 2.0**-1022 <= abs(nearest) < math.inf:
        return None
    rest = round(float((y - mpf(nearest)) / mpf(math.ulp(nearest))) * 254)
    return struct.pack(f"<{len(arguments) + 1}db", *arguments, nearest, max(-127, min(127, rest)))


def main():
    OUT.mkdir(exist_ok=True)
    for name, (f, draws) in FUNCTIONS.items():
        random = Random(f"lanes {name}")
        records = []
        while len(records) < COUNT:
            arguments = draws[len(records) % len(draws)](random)
            arguments = arguments if isinstance(arguments, tuple) else (arguments,)
            bytes_of = record(f, arguments)
            if bytes_of:
                records.append(bytes_of)
        (OUT / f"{name}.bin").write_bytes(b"".join(records))


if __name__ == "__main__":
    main()
