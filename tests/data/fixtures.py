#!/usr/bin/env python3
"""Writes the reference values in tests/data/fixtures/, one file per operation.

    pip install mpmath gmpy2          (gmpy2 only for speed)
    python tests/data/fixtures.py             writes the files
    python tests/data/fixtures.py --check     compares every formula with difference quotients

Every quantity is evaluated twice, at 450 and at 900 digits; the 50 digits that are written must be
the same in both. A point is left out if one of its quantities is beyond 1e300 or between 1e-300 and
the underflow to zero. The output does not depend on the machine: the random points are seeded.
"""

import sys
from itertools import product
from math import nextafter, pi
from pathlib import Path
from random import Random

from mpmath import mp, mpf

OUT = Path(__file__).parent / "fixtures"
DIGITS = (450, 900)
COUNT = {1: 60, 2: 120, 3: 60}  # random points, by arity
HEAD = """# {name}: {title}
# {layout}
# Arguments are exact f64. Each quantity is two columns: 50 significant digits, and lo = exact - f64(digits).
# Written by tests/data/fixtures.py
"""

# --- Formulas ------------------------------------------------------------------------------------
# Each returns the value, the first partials, the second partials (row by row, upper triangle).


def sign(a):
    return (a > 0) - (a < 0)


def trunc(a):
    return sign(a) * mp.floor(abs(a))


def sigma(a):
    return 1 / (1 + mp.exp(-a))


def cdf(a):
    return mp.erfc(-a / mp.sqrt(2)) / 2


def pdf(a):
    return mp.exp(-a * a / 2) / mp.sqrt(2 * mp.pi)


def cbrt(a):
    y = sign(a) * mp.cbrt(abs(a))
    return y, y / (3 * a), -2 * y / (9 * a**2)


def tan(a):
    y = mp.tan(a)
    return y, 1 + y**2, 2 * y * (1 + y**2)


def tanh(a):
    y, d = mp.tanh(a), mp.sech(a) ** 2
    return y, d, -2 * y * d


def sigmoid(a):
    s, t = sigma(a), sigma(-a)
    return s, s * t, s * t * (t - s)


def binary_cross_entropy(a, b):
    s, t = sigma(a), sigma(-a)
    y = b * mp.log1p(mp.exp(-a)) + (1 - b) * mp.log1p(mp.exp(a))
    return y, (1 - b) * s - b * t, -a, s * t, -1, 0


def silu(a):
    s, t = sigma(a), sigma(-a)
    return a * s, s + a * s * t, s * t * (2 + a * (t - s))


def erf(a):
    d = 2 / mp.sqrt(mp.pi) * mp.exp(-a * a)
    return mp.erf(a), d, -2 * a * d


def ln_normal_cdf(a):
    y = mp.log1p(-cdf(-a)) if a > 0 else mp.log(cdf(a))
    d = pdf(a) / cdf(a)
    return y, d, -d * (a + d)


def powi(a, n):
    n = int(n)
    return a**n, n * a ** (n - 1), n * (n - 1) * a ** (n - 2)


def polygamma(a, n):
    n = int(n)
    return tuple(mp.psi(n + k, a) for k in range(3))


def erfcx(a):
    y, k = mp.exp(a * a) * mp.erfc(a), 2 / mp.sqrt(mp.pi)
    d = 2 * a * y - k
    return y, d, 2 * y + 2 * a * d


def erfcx_integral(a, n):
    n = int(n)
    # Abramowitz and Stegun 7.2.3, by quadrature-free recurrence at many digits.
    i = [2 / mp.sqrt(mp.pi), mp.exp(a * a) * mp.erfc(a)]
    for k in range(1, n + 3):
        i.append((i[-2] - 2 * a * i[-1]) / (2 * k))
    return i[n + 1], -2 * (n + 1) * i[n + 2], 4 * (n + 1) * (n + 2) * i[n + 3]


def flat(f):
    return lambda a: (f(a), 0, 0)


def powf(a, b):
    k = mp.log(a)
    y, d = a**b, a ** (b - 1)
    return y, b * d, y * k, b * (b - 1) * a ** (b - 2), d * (1 + b * k), y * k**2


def log(a, b):
    k, m = mp.log(a), mp.log(b)
    return (k / m, 1 / (a * m), -k / (b * m**2),
            -1 / (a**2 * m), -1 / (a * b * m**2), k * (m + 2) / (b**2 * m**3))


def atan2(a, b):
    q = a**2 + b**2
    return (mp.atan2(a, b), b / q, -a / q,
            -2 * a * b / q**2, (a**2 - b**2) / q**2, 2 * a * b / q**2)


def hypot(a, b):
    y = mp.sqrt(a**2 + b**2)
    return y, a / y, b / y, b**2 / y**3, -a * b / y**3, a**2 / y**3


def rem(a, b):
    k = trunc(a / b)
    return a - b * k, 1, -k, 0, 0, 0


def leaky_relu(a, b):
    return (a, 1, 0, 0, 0, 0) if a > 0 else (a * b, b, a, 0, 1, 0)


def elu(a, b):
    if a > 0:
        return a, 1, 0, 0, 0, 0
    d, e = mp.expm1(a), mp.exp(a)
    return b * d, b * e, d, b * e, e, 0


def clamp(a, b, c):
    return (b if a < b else c if a > c else a, b < a < c, a < b, a > c, 0, 0, 0, 0, 0, 0)


# --- Points --------------------------------------------------------------------------------------


def lin(lo, hi):
    """Draws uniformly."""
    return lambda r: r.uniform(lo, hi)


def wide(lo, hi):
    """Draws over orders of magnitude, positive."""
    return lambda r: 10 ** r.uniform(lo, hi)


def pm(*xs):
    """Both signs."""
    return [s * x for x in xs for s in (1, -1)]


def near(c, *hs):
    """Both sides of `c`."""
    return [c + d for d in pm(*hs)]


def signed(lo, hi):
    """Draws over orders of magnitude, both signs."""
    return lambda r: r.choice((-1, 1)) * 10 ** r.uniform(lo, hi)


def pairs(xs, ys):
    return list(product(xs, ys))


def drawn(seed, lo, hi, count):
    """`count` uniform numbers."""
    r = Random(seed)
    return [r.uniform(lo, hi) for _ in range(count)]


TINY = pm(1e-8, 1e-20, 1e-150)
SCALES = pm(1e-200, 1.0, 1e200)
ULP = 2.0**-52
REAL = lin(-4, 4)

# name: (title, formulas, random boxes, edges). An edge is an argument, or a tuple of arguments.
OPS = {
    "neg": ("-a", lambda a: (-a, -1, 0), [(REAL,)], [*TINY, *pm(1e200)]),
    "abs": ("|a|", lambda a: (abs(a), sign(a), 0), [(REAL,)], [*TINY, *pm(1e200)]),
    "relu": ("max(a, 0)", lambda a: (a, 1, 0) if a > 0 else (0, 0, 0), [(REAL,)], [*TINY, *pm(1e200)]),
    "recip": ("1 / a", lambda a: (1 / a, -1 / a**2, 2 / a**3),
              [(REAL,), (signed(-5, 5),)], pm(3.0, 1e-8, 1e-20, 1e-90, 1e90)),
    "sqrt": ("square root", lambda a: (mp.sqrt(a), 1 / (2 * mp.sqrt(a)), -1 / (4 * a * mp.sqrt(a))),
             [(lin(0, 5),), (wide(-5, 5),)], [1e-8, 1e-20, 1e-150, 2.0, 4.0, 1e150, *near(1.0, 1e-10)]),
    "cbrt": ("cube root", cbrt, [(REAL,), (signed(-5, 5),)], pm(1e-8, 1e-20, 1e-150, 2.0, 8.0, 1e150)),
    "exp": ("e^a", lambda a: (mp.exp(a),) * 3, [(lin(-5, 5),)], [0.0, *TINY, *pm(40.0, 690.0)]),
    "exp2": ("2^a", lambda a: (mpf(2) ** a, mpf(2) ** a * mp.ln2, mpf(2) ** a * mp.ln2**2),
             [(lin(-6, 6),)], [0.0, *TINY, *pm(10.0, 55.5, 990.0)]),
    "exp_m1": ("e^a - 1", lambda a: (mp.expm1(a), mp.exp(a), mp.exp(a)),
               [(lin(-5, 5),), (lin(-0.1, 0.1),)], [0.0, *TINY, *pm(1e-4, 40.0, 690.0)]),
    "ln": ("natural logarithm", lambda a: (mp.log(a), 1 / a, -1 / a**2),
           [(lin(0.1, 5),), (wide(-5, 5),)],
           [1.0, *near(1.0, 1e-3, 1e-10, ULP), 1e-8, 1e-20, 1e-140, 1e140]),
    "ln_1p": ("ln(1 + a)", lambda a: (mp.log1p(a), 1 / (1 + a), -1 / (1 + a) ** 2),
              [(lin(-0.9, 5),), (lin(-0.1, 0.1),)],
              [0.0, *TINY, *pm(1e-4), -1 + 1e-10, nextafter(-1, 0), 1e20, 1e140]),
    "log2": ("logarithm to base 2", lambda a: (mp.log(a) / mp.ln2, 1 / (a * mp.ln2), -1 / (a**2 * mp.ln2)),
             [(lin(0.1, 5),), (wide(-5, 5),)],
             [1.0, 8.0, 0.125, *near(1.0, 1e-3, 1e-10, ULP), 1e-8, 1e-20, 1e-140, 1e140]),
    "log10": ("logarithm to base 10", lambda a: (mp.log10(a), 1 / (a * mp.ln10), -1 / (a**2 * mp.ln10)),
              [(lin(0.1, 5),), (wide(-5, 5),)],
              [1.0, 1e3, 1e-3, *near(1.0, 1e-3, 1e-10, ULP), 1e-8, 1e-20, 1e-140, 1e140]),
    "sin": ("sine", lambda a: (mp.sin(a), mp.cos(a), -mp.sin(a)), [(lin(-8, 8),)],
            [0.0, *TINY, *pm(pi / 2, pi, 2 * pi, 3 * pi, 100 * pi, 1e6, 1e15)]),
    "cos": ("cosine", lambda a: (mp.cos(a), -mp.sin(a), -mp.cos(a)), [(lin(-8, 8),)],
            [0.0, *TINY, *pm(pi / 2, pi, 1.5 * pi, 2 * pi, 100.5 * pi, 1e6, 1e15)]),
    "tan": ("tangent", tan, [(lin(-1.5, 1.5),), (lin(-8, 8),)],
            [0.0, *TINY, *pm(1.57, pi / 2, pi, 1.5 * pi, 100 * pi, 1e6)]),
    "asin": ("arc sine", lambda a: (mp.asin(a), 1 / mp.sqrt(1 - a**2), a / mp.sqrt(1 - a**2) ** 3),
             [(lin(-1, 1),)], [0.0, *TINY, *pm(0.5, 1 - 1e-5, 1 - 1e-10, nextafter(1, 0))]),
    "acos": ("arc cosine", lambda a: (mp.acos(a), -1 / mp.sqrt(1 - a**2), -a / mp.sqrt(1 - a**2) ** 3),
             [(lin(-1, 1),)], [0.0, *TINY, *pm(0.5, 1 - 1e-5, 1 - 1e-10, nextafter(1, 0))]),
    "atan": ("arc tangent", lambda a: (mp.atan(a), 1 / (1 + a**2), -2 * a / (1 + a**2) ** 2),
             [(REAL,)], [0.0, *TINY, *pm(1.0, 1e3, 1e8, 1e20, 1e90)]),
    "sinh": ("hyperbolic sine", lambda a: (mp.sinh(a), mp.cosh(a), mp.sinh(a)),
             [(lin(-5, 5),)], [0.0, *TINY, *pm(1e-4, 20.0, 40.0, 690.0)]),
    "cosh": ("hyperbolic cosine", lambda a: (mp.cosh(a), mp.sinh(a), mp.cosh(a)),
             [(lin(-5, 5),)], [0.0, *TINY, *pm(1e-4, 20.0, 40.0, 690.0)]),
    "tanh": ("hyperbolic tangent", tanh, [(lin(-5, 5),)],
             [0.0, *TINY, *pm(1e-9, 1e-4, 19.0, 22.5, 340.0, 700.0)]),
    "asinh": ("inverse hyperbolic sine",
              lambda a: (mp.asinh(a), 1 / mp.sqrt(1 + a**2), -a / mp.sqrt(1 + a**2) ** 3),
              [(lin(-5, 5),), (signed(-4, 4),)], [0.0, *TINY, *pm(1e8, 1e20, 1e140)]),
    "acosh": ("inverse hyperbolic cosine",
              lambda a: (mp.acosh(a), 1 / mp.sqrt(a**2 - 1), -a / mp.sqrt(a**2 - 1) ** 3),
              [(lin(1, 5),), (wide(0, 4),)], [1 + ULP, 1 + 1e-10, 1 + 1e-5, 1e8, 1e20, 1e140]),
    "atanh": ("inverse hyperbolic tangent",
              lambda a: (mp.atanh(a), 1 / (1 - a**2), 2 * a / (1 - a**2) ** 2),
              [(lin(-1, 1),)], [0.0, *TINY, *pm(1e-4, 1 - 1e-5, 1 - 1e-10, nextafter(1, 0))]),
    "sigmoid": ("1 / (1 + e^-a)", sigmoid, [(lin(-8, 8),)], [0.0, *TINY, *pm(20.0, 40.0, 690.0, 800.0)]),
    "silu": ("a * sigmoid(a)", silu, [(lin(-8, 8),)],
             [0.0, *TINY, -1.2784645427610738, *pm(20.0, 40.0, 680.0, 800.0)]),
    "softplus": ("ln(1 + e^a)", lambda a: (mp.log1p(mp.exp(a)), *sigmoid(a)[:2]),
                 [(lin(-8, 8),)], [0.0, *TINY, *pm(20.0, 40.0, 690.0, 800.0)]),
    "binary_cross_entropy": ("b ln(1 + e^-a) + (1 - b) ln(1 + e^a)", binary_cross_entropy,
                             [(lin(-8, 8), lin(0, 1))],
                             pairs([0.0, *TINY, *pm(20.0, 40.0, 690.0)], [0.0, 1.0, 0.5, 0.25])),
    "gelu": ("a * normal_cdf(a)", lambda a: (a * cdf(a), cdf(a) + a * pdf(a), pdf(a) * (2 - a**2)),
             [(REAL,)], [0.0, *TINY, -0.7517915246935645, *pm(2**0.5, 8.0, 20.0, 36.5, 40.0)]),
    "erf": ("error function", erf, [(lin(-3, 3),)], [0.0, *TINY, *pm(1e-4, 5.0, 6.5, 25.0, 30.0)]),
    "erfc": ("1 - erf(a)", lambda a: (mp.erfc(a), -erf(a)[1], -erf(a)[2]),
             [(lin(-3, 6),)], [0.0, *TINY, -5.0, 5.0, 10.0, 25.0, 26.0, 30.0]),
    "normal_cdf": ("standard normal distribution function", lambda a: (cdf(a), pdf(a), -a * pdf(a)),
                   [(lin(-5, 5),)], [0.0, *TINY, *pm(8.0, 20.0, 36.5, 40.0)]),
    "ln_normal_cdf": ("ln(normal_cdf(a))", ln_normal_cdf, [(lin(-6, 4),), (lin(-60, -5),)],
                      [0.0, *TINY, *pm(8.0, 20.0, 36.5), -38.0, -100.0, -1e3, -1e5]),
    "ln_gamma": ("ln|Gamma(a)|", lambda a: (mp.re(mp.loggamma(a)), mp.psi(0, a), mp.psi(1, a)),
                 [(lin(0.01, 4),), (lin(4, 30),), (lin(-5, 0),)],
                 [1.0, 2.0, *near(1.0, 1e-3, 1e-10), *near(2.0, 1e-3, 1e-10), 1.4616321449683623,
                  1e-10, 1e-100, 100.5, 1e5, 1e20, -1e-10, -0.5, -1.5, -20.25, -100.7,
                  -2.457024738220801, -2.7476826467274127]),
    "digamma": ("derivative of ln_gamma", lambda a: tuple(mp.psi(n, a) for n in range(3)),
                [(lin(0.01, 4),), (lin(4, 30),), (lin(-5, 0),)],
                [1.0, 2.0, 1.4616321449683623, *near(1.4616321449683623, 1e-3, 1e-8), 1e-10, 1e-90,
                 100.5, 1e5, 1e20, -1e-10, -0.5, -1.5, -20.25, -100.7, -0.5040830082644554]),
    "erfcx": ("e^(a^2) erfc(a)", erfcx, [(lin(-4, 6),)],
              [0.0, *TINY, -10.0, -20.0, 10.0, 25.0, 26.0, 30.0, 1e3, 1e8]),
    "erfcx_integral": ("n-th repeated integral of erfc, times e^(a^2)", erfcx_integral, [],
                       [(a, n) for n in (1, 2, 3)
                        for a in [*drawn(f"erfcx {n}", -3, 8, 24),
                                  0.0, 0.5, 20.0, 1e3, 1e8]]),
    "signum": ("sign of a", flat(mp.sign), [(REAL,)], [*TINY]),
    "floor": ("floor", flat(mp.floor), [(lin(-9, 9),)], [*pm(0.5, 1.5, 1 - ULP / 2, 1e15 + 0.5)]),
    "ceil": ("ceiling", flat(mp.ceil), [(lin(-9, 9),)], [*pm(0.5, 1.5, 1 - ULP / 2, 1e15 + 0.5)]),
    "round": ("nearest integer, halves away from 0", flat(lambda a: mp.sign(a) * mp.floor(abs(a) + mpf(1) / 2)),
              [(lin(-9, 9),)], [*pm(0.25, 0.75, 0.5 - ULP / 4, 1e15 + 0.25)]),
    "trunc": ("integer part", flat(lambda a: mp.sign(a) * mp.floor(abs(a))),
              [(lin(-9, 9),)], [*pm(0.5, 1.5, 1 - ULP / 2, 1e15 + 0.5)]),
    "fract": ("a - trunc(a)", lambda a: (a - mp.sign(a) * mp.floor(abs(a)), 1, 0),
              [(lin(-9, 9),)], [*pm(0.5, 1.5, 1 - ULP / 2, 1e15 + 0.5)]),
    "polygamma": ("n-th derivative of digamma", polygamma, [],
                  [(a, n) for n in (1, 2, 3, 5)
                   for a in [*drawn(f"polygamma {n}", 0.05, 30, 16),
                             *drawn(f"polygamma -{n}", -5, 0, 6),
                             1.0, 0.5, 1e-10, 100.5, 1e5, -0.5, -20.25, -100.7]]),
    "powi": ("a^n for an integer n", powi, [],
             [(a, n) for n in (-3, -1, 0, 1, 2, 3, 5, 10)
              for a in [*drawn(f"powi {n}", -4, 4, 12),
                        *pm(1e-20, 1e-8, 1e20), *near(1.0, 1e-10), 10.0]]),
    "add": ("a + b", lambda a, b: (a + b, 1, 1, 0, 0, 0), [(REAL, REAL), (signed(-10, 10),) * 2],
            [(1.0, 1e-20), (1e16, -1.0), (1.0, -1 + ULP / 2), (0.1, 0.2), (0.3, -0.1), (1e150, 1e-150)]),
    "sub": ("a - b", lambda a, b: (a - b, 1, -1, 0, 0, 0), [(REAL, REAL), (signed(-10, 10),) * 2],
            [(1.0, 1e-20), (1e16, -1.0), (1.0, 1 - ULP / 2), (0.1, -0.2), (0.3, 0.1), (1e150, 1e-150)]),
    "mul": ("a * b", lambda a, b: (a * b, b, a, 0, 1, 0), [(REAL, REAL), (signed(-10, 10),) * 2],
            [*pairs(TINY, [1e8, -1e150]), (0.1, 0.1), (1 / 3, 3.0)]),
    "div": ("a / b", lambda a, b: (a / b, 1 / b, -a / b**2, 0, -1 / b**2, 2 * a / b**3),
            [(REAL, REAL), (signed(-10, 10),) * 2],
            [(0.0, 3.0), (1.0, 3.0), (1.0, 0.1), *pairs(pm(1e-50, 1e50), pm(1e-60, 1e60))]),
    "powf": ("a^b for a > 0", powf, [(lin(0.05, 5), lin(-5, 5)), (wide(-6, 6), lin(-8, 8))],
             [*pairs([1e-8, 1e-15, 1e-30, 1e30], pm(1e-3, 0.5, 2.5, 3.0)),
              *pairs(near(1.0, 1e-3, 1e-10, ULP), pm(0.5, 1e3, 1e6)),
              *pairs([0.3, 2.0, 7.5], [0.0, 1e-20, 1.0, 2.0, -1.0, 0.5, 1 / 3]), *pairs([2.0], pm(900.0))]),
    "log": ("logarithm of a to base b", log, [(lin(0.05, 5), lin(0.05, 5)), (wide(-4, 4), wide(-4, 4))],
            [*pairs([1.0, *near(1.0, 1e-10, ULP), 1e-20, 1e20], [2.0, 10.0, 0.5]),
             *pairs([3.0, 0.3], near(1.0, 1e-3, 1e-10)), (8.0, 2.0), (1e3, 10.0), (0.25, 0.5)]),
    "atan2": ("angle of the point (b, a)", atan2, [(REAL, REAL), (signed(-6, 6),) * 2],
              [*pairs(SCALES, SCALES), *pairs(pm(1e-140), pm(1e-140)), *pairs(pm(1e-20), pm(1.0)),
               (0.0, 1.0), (1.0, 0.0), (-1.0, 0.0)]),
    "hypot": ("square root of a^2 + b^2", hypot, [(REAL, REAL), (signed(-6, 6),) * 2],
              [*pairs(SCALES, SCALES), (3.0, 4.0), (-3.0, 4.0), (0.0, 2.0), (-2.0, 0.0), (1e8, 1.0)]),
    "max": ("the larger", lambda a, b: (max(a, b), a > b, b > a, 0, 0, 0), [(REAL, REAL)],
            [(1.0, 1 + ULP), (1 + ULP, 1.0), (1e-20, 1e-150), (1e-20, -1e-150), (-1e200, 1e200)]),
    "min": ("the smaller", lambda a, b: (min(a, b), a < b, b < a, 0, 0, 0), [(REAL, REAL)],
            [(1.0, 1 + ULP), (1 + ULP, 1.0), (1e-20, 1e-150), (1e-20, -1e-150), (-1e200, 1e200)]),
    "rem": ("a - b * trunc(a / b)", rem, [(lin(-10, 10), lin(-3, 3)), (signed(-4, 8), signed(-4, 4))],
            [*pairs(pm(1.0, 0.3, 0.7, 1e6, 1e15), pm(0.1)), (1e20, 3.0), (1e50, -3.0), (5.5, 2.0),
             (2.0, 5.5), (nextafter(3, 0), 1.0), (nextafter(3, 4), 1.0), (1e-150, 1.0)]),
    "xlogy": ("a * ln(b)", lambda a, b: (a * mp.log(b), mp.log(b), a / b, 0, 1 / b, -a / b**2),
              [(REAL, lin(0.05, 5)), (signed(-4, 4), wide(-6, 6))],
              [*pairs([0.0, *pm(1e-20, 1.0, 1e20)], [1e-30, *near(1.0, 1e-10, ULP), 2.0, 1e30])]),
    "leaky_relu": ("a if a > 0 else a * b", leaky_relu, [(REAL, lin(0, 1))], pairs(TINY, [0.01, 0.3])),
    "elu": ("a if a > 0 else b * (e^a - 1)", elu, [(lin(-5, 5), lin(0.1, 3))],
            pairs([*TINY, *pm(40.0, 680.0, 800.0)], [1.0, 0.3])),
    "mul_add": ("a * b + c", lambda a, b, c: (a * b + c, b, a, 1, 0, 1, 0, 0, 0, 0), [(REAL, REAL, REAL)],
                [(a, b, -(a * b)) for a, b in [(0.1, 0.1), (1 / 3, 1.7), (-pi, pi), (1e8 / 3, 1e-8 / 7)]]
                + [(1.0, 1.0, 1e-20), (1e150, 1e-150, -1.0), (1 + ULP, 1 - ULP, -1.0)]),
    "clamp": ("a within b..c", clamp, [(REAL, lin(-3, 0), lin(0, 3))],
              [(a, 1.0, 2.0) for c in (1.0, 2.0) for a in near(c, 1e-10)]),
}

# --- Functions of vectors ------------------------------------------------------------------------
# Each returns the values (one, but for softmax) and the gradient of the first.


def softmax(*xs):
    es = [mp.exp(x - max(xs)) for x in xs]
    ps = [e / mp.fsum(es) for e in es]
    return ps, [ps[0] * mp.fsum(ps[1:])] + [-ps[0] * p for p in ps[1:]]


def log_sum_exp(*xs):
    return [max(xs) + mp.log(mp.fsum(mp.exp(x - max(xs)) for x in xs))], softmax(*xs)[0]


def cross_entropy(*xws):
    n = len(xws) // 2
    xs, ws, ps = xws[:n], xws[n:], softmax(*xws[:n])[0]

    def others(k, terms):
        return mp.fsum(t for j, t in enumerate(terms) if j != k)

    above = [mp.log1p(others(k, [mp.exp(x - xs[k]) for x in xs])) for k in range(n)]
    return [mp.fdot(ws, above)], [others(k, ws) * ps[k] - ws[k] * others(k, ps) for k in range(n)] + above


def norm(*xs):
    y = mp.sqrt(mp.fsum(x * x for x in xs))
    return [y], [x / y for x in xs]


def variance(*xs):
    n = len(xs)
    devs = [x - mp.fsum(xs) / n for x in xs]
    return [mp.fsum(d * d for d in devs) / n], [2 * d / n for d in devs]


def dot(*xys):
    n = len(xys) // 2
    xs, ys = xys[:n], xys[n:]
    return [mp.fdot(xs, ys)], ys + xs


def prod(*xs):
    return [mp.fprod(xs)], [mp.fprod(xs[:i] + xs[i + 1:]) for i in range(len(xs))]


def draw(r, interval, n):
    return [interval(r) for _ in range(n)]


def lengths(r, interval):
    return [draw(r, interval, n) for n in (1, 2, 3, 10, 100)]


def cancelling(r, interval, n):
    """`n` small numbers amid numbers that cancel."""
    big = draw(r, interval, n)
    xs = big + [-x for x in big] + draw(r, REAL, n)
    r.shuffle(xs)
    return xs


def sums(r):
    return [*lengths(r, REAL), draw(r, signed(-8, 8), 10), draw(r, signed(-8, 8), 100),
            [1e16, 1.0, -1e16], [1.0, 1e100, 1.0, -1e100], [0.1] * 10,
            cancelling(r, signed(10, 20), 3), cancelling(r, signed(10, 20), 10)]


def products(r):
    return [*lengths(r, lambda r: r.choice((-1, 1)) * r.uniform(0.5, 2)), draw(r, signed(-8, 8), 10),
            draw(r, signed(-1, 1), 100), [1e150, 1e-150, 3.0], [1e-100, 1e-100, 1e100, 1e100],
            [2.0, 0.0, -3.0], [0.0, 0.0, 5.0], draw(r, REAL, 9) + [1e-20]]


def dots(r):
    xs, ys = draw(r, signed(0, 8), 5), draw(r, signed(0, 8), 5)
    return [*(a + b for a, b in zip(lengths(r, REAL), lengths(r, REAL))), draw(r, signed(-8, 8), 20),
            draw(r, signed(-8, 8), 200), [1e150, 1.0, 1e-150, 2.0], [1e16, 1.0, -1e16, 1.0, 1.0, 1.0],
            xs + xs + ys + [-y for y in ys[:4]] + [nextafter(-ys[4], 0)], [0.0, 2.0, 3.0, 0.0],
            [1 + ULP, 1.0, 1 - ULP, -1.0]]


def norms(r):
    return [*lengths(r, REAL), draw(r, signed(-8, 8), 10), draw(r, signed(-8, 8), 100),
            [3.0, 4.0, 0.0], draw(r, lin(-1e200, 1e200), 10), draw(r, lin(-1e-200, 1e-200), 10),
            [1e200, 1.0, -1e-200], [-1e-150, 1e-150]]


def exponents(r):
    return [*lengths(r, REAL), draw(r, lin(-40, 40), 10), [700.0, -700.0], [-700.0, 700.0, 100.5, 699.0],
            [700.5, 700.25, 699.0], [-700.5, -700.25, -699.0], [1.0, 2.0, 40.0], [40.0, 1.0, 2.0],
            [-1e5, -1e5, -1e5 - 1], [0.0, *draw(r, lin(-300, -100), 9)]]


def weighted_exponents(r):
    ones = [[1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    lists = exponents(r)
    return [*(xs + draw(r, lin(0, 1), len(xs)) for xs in lists[:6]),
            *(xs + ws for xs, ws in zip(lists[6:12], ones)), [1e8, 1e8, 0.25, 0.5], [1e15, 1e15 + 1, 1.0, 0.0]]


def variances(r):
    return [*lengths(r, REAL), draw(r, signed(-8, 8), 10), draw(r, lin(1e8, 1e8 + 1), 10),
            draw(r, lin(1e8, 1e8 + 1), 100), draw(r, lin(-1e15, -1e15 + 100), 10),
            draw(r, lin(-1e140, 1e140), 3), draw(r, lin(-1e-140, 1e-140), 3), [1.0, 1 + ULP]]


VECTORS = {
    "sum": ("sum", lambda *xs: ([mp.fsum(xs)], [1] * len(xs)), sums),
    "mean": ("mean", lambda *xs: ([mp.fsum(xs) / len(xs)], [mpf(1) / len(xs)] * len(xs)), sums),
    "product": ("product", prod, products),
    "dot": ("inner product; the arguments are n xs, then n ys", dot, dots),
    "norm": ("Euclidean norm", norm, norms),
    "log_sum_exp": ("ln(sum of e^x)", log_sum_exp, exponents),
    "cross_entropy": ("-sum of w ln softmax(x); the arguments are n xs, then n ws", cross_entropy, weighted_exponents),
    "softmax": ("e^x / sum of e^x; n values, and the gradient of the first", softmax, exponents),
    "variance": ("mean of squared deviations from the mean", variance, variances),
}

# --- Output --------------------------------------------------------------------------------------


def reference(formulas, args):
    """`decimal lo` for each quantity, or None if the point is to be left out."""
    runs = []
    for dps in DIGITS:
        with mp.workdps(dps):
            exact = [mpf(q) for q in formulas(*map(mpf, args))]
            runs.append([mp.nstr(q, 50) for q in exact])
    assert runs[0] == runs[1], (args, runs)
    if any(abs(q) > 1e300 or mpf(2) ** -1075 < abs(q) < 1e-300 for q in exact):
        return None
    with mp.workdps(DIGITS[1]):
        return [f"{d} {float(q - mpf(float(d)))!r}" for d, q in zip(runs[1], exact)]


def points(name, boxes, edges):
    """The arguments at which an operation is tabulated: random ones, then edges."""
    r = Random(name)
    args = [[draw(r) for draw in boxes[i % len(boxes)]] for i in range(COUNT[len(boxes[0])] if boxes else 0)]
    return args + [list(e) if isinstance(e, tuple) else [e] for e in edges]


def columns(name, arity):
    """Names of the arguments; of the quantities; and for each derivative its place among the quantities,
    the place of what it derives, and by which argument."""
    letters = "an" if name in ("powi", "polygamma", "erfcx_integral") else "abc"[:arity]
    vs = letters.removesuffix("n")
    seconds = [(i, j) for i in range(len(vs)) for j in range(i, len(vs))]
    titles = ["value", *(f"d/d{v}" for v in vs), *(f"d2/d{vs[i]}d{vs[j]}" for i, j in seconds)]
    rules = [(1 + i, 0, i) for i in range(len(vs))]
    rules += [(1 + len(vs) + k, 1 + i, j) for k, (i, j) in enumerate(seconds)]
    return letters, titles, rules


def write(name, title, layout, lines):
    (OUT / f"{name}.txt").write_text(HEAD.format(name=name, title=title, layout=layout) + "".join(lines))


def main():
    OUT.mkdir(exist_ok=True)
    for name, (title, formulas, boxes, edges) in OPS.items():
        args = points(name, boxes, edges)
        rows = [(a, reference(formulas, a)) for a in args]
        lines = [" ".join([*map(repr, a), *q]) + "\n" for a, q in rows if q]
        letters, titles, _ = columns(name, len(args[0]))
        write(name, title, "Columns: " + " ".join([*letters, *(f"{t} lo" for t in titles)]), lines)
        print(f"{name}: {len(lines)} points, left out {[a for a, q in rows if not q]}")
    for name, (title, formulas, cases) in VECTORS.items():
        rows = [(xs, reference(lambda *a: sum(map(list, formulas(*a)), []), xs)) for xs in cases(Random(name))]
        lines = []
        for xs, q in rows:
            if q:
                n = len(xs) // 2 if name in ("dot", "cross_entropy") else len(xs)
                parts = [str(n)], map(repr, xs), q[: -len(xs)], q[-len(xs):]
                lines += [" ".join(part) + "\n" for part in parts]
        values = "n values" if name == "softmax" else "value"
        write(name, title, f"Four lines a case: n; arguments; {values}; gradient (each quantity with its lo)", lines)
        print(f"{name}: {len(lines) // 4} cases, left out {[xs for xs, q in rows if not q]}")


# --- Check of the formulas -----------------------------------------------------------------------


def check_at(name, formulas, args, rules):
    """Compares each derivative with the central difference of what it derives."""
    args = list(map(mpf, args))
    exact = formulas(*args)
    for column, of, by in rules:
        h = (abs(args[by]) or 1) * mpf(10) ** -100

        def at(x):
            return formulas(*args[:by], x, *args[by + 1:])[of]

        slope = (at(args[by] + h) - at(args[by] - h)) / (2 * h)
        slack = abs(exact[column]) * mpf(10) ** -60 + abs(exact[of]) / h * mpf(10) ** -280
        assert abs(slope - exact[column]) <= slack, (name, args, column, slope, exact[column])


def check():
    with mp.workdps(DIGITS[0]):
        for name, (_, formulas, boxes, edges) in OPS.items():
            for args in points(name, boxes, edges):
                check_at(name, formulas, args, columns(name, len(args))[2])
            print(f"{name}: formulas agree with difference quotients")
        for name, (_, formulas, cases) in VECTORS.items():
            for xs in cases(Random(name)):
                rules = [(i + 1, 0, i) for i in range(len(xs))]
                check_at(name, lambda *a: [formulas(*a)[0][0], *formulas(*a)[1]], xs, rules)
            print(f"{name}: formulas agree with difference quotients")


if __name__ == "__main__":
    check() if "--check" in sys.argv else main()
