#!/usr/bin/env python3
"""Prints src/function/lanes/math/polynomials.rs: the polynomials of the kernels, by Remez's exchange.

    pip install mpmath gmpy2          (gmpy2 only for speed)
    python tests/data/polynomials.py > src/function/lanes/math/polynomials.rs; cargo fmt

A polynomial p of the given degree makes the largest |weight(x) (f(x) - p(x))| smallest on an interval. The
weight turns an error of p into an error of the result, relative to it. The error that is printed is that of
the coefficients as rounded to doubles.
"""

from mpmath import mp, mpf

mp.dps = 100
LN2 = mp.log(2)
# What formulas that are 0/0 at 0 are evaluated at instead.
NEARLY_0 = mpf(10) ** -25
# Reduced arguments may lie beyond their interval by a rounding of the number of steps.
SLACK = mpf("1.0001")


def solve(f, weight, degree, nodes):
    """The polynomial whose weighted errors at the nodes are equal, with alternating signs."""
    rows = len(nodes)
    matrix, right = mp.matrix(rows, rows), mp.matrix(rows, 1)
    for i, x in enumerate(nodes):
        for j in range(degree + 1):
            matrix[i, j] = x**j
        matrix[i, degree + 1] = (-1) ** i / weight(x)
        right[i] = f(x)
    return list(mp.lu_solve(matrix, right))[: degree + 1]


def horner(coefficients, x):
    y = mpf(0)
    for c in reversed(coefficients):
        y = y * x + c
    return y


def remez(f, weight, degree, low, high, split=False):
    """The coefficients as doubles, if `split` with the rest of the first at the end, and the largest weighted error."""
    low, high = mpf(low), mpf(high)
    steps = 40 * (degree + 2)
    # Points that are dense near the ends, as the alternation is.
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / steps) for i in range(steps + 1)]
    points = [x if abs(x) > NEARLY_0 else NEARLY_0 for x in points]
    values, weights = [f(x) for x in points], [weight(x) for x in points]
    nodes = [points[round((i + 0.5) * steps / (degree + 2))] for i in range(degree + 2)]
    for _ in range(12):
        coefficients = solve(f, weight, degree, nodes)
        errors = [w * (v - horner(coefficients, x)) for x, v, w in zip(points, values, weights)]
        peaks = []
        for x, e in zip(points, errors):
            if e == 0:
                continue
            if peaks and (peaks[-1][1] > 0) == (e > 0):
                if abs(e) > abs(peaks[-1][1]):
                    peaks[-1] = (x, e)
            else:
                peaks.append((x, e))
        while len(peaks) > degree + 2:
            peaks.pop(0 if abs(peaks[0][1]) < abs(peaks[-1][1]) else -1)
        assert len(peaks) == degree + 2, "too few alternations: more digits needed"
        nodes = [x for x, _ in peaks]
        sizes = [abs(e) for _, e in peaks]
        if max(sizes) < min(sizes) * 1.01:
            break
    rounded = [float(c) for c in coefficients]
    if split:
        rounded.append(float(coefficients[0] - rounded[0]))
        as_used = [mpf(rounded[0]) + rounded[-1], *rounded[1:-1]]
    else:
        as_used = rounded
    worst = max(abs(w * (v - horner(as_used, x))) for x, v, w in zip(points, values, weights))
    return rounded, worst


def erfc_over_tail(t, shift):
    x = shift * (1 + t) / (1 - t)
    return (1 + TAIL_SLOPE * x) * mp.exp(x * x) * mp.erfc(x)


def show(name, text, f, weight, degree, low, high, split=False):
    coefficients, worst = remez(f, weight, degree, low, high, split)
    rest = coefficients.pop() if split else None
    print(f"\n/// {text}; {mp.nstr(mpf(low), 4)} to {mp.nstr(mpf(high), 4)}, error 2^{float(mp.log(worst, 2)):.1f}.")
    print(f"pub(super) const {name}: [f64; {degree + 1}] = [")
    for c in coefficients:
        print(f"    {c!r},")
    print("];")
    if split:
        print(f"/// What the first coefficient of `{name}` lacks.")
        print(f"pub(super) const {name}_LOW: f64 = {rest!r};")


# The shift k of t = (x - k)/(x + k), which decides how fast the tail of erfc converges.
TAIL_SHIFT = mpf("3.5")
# Near 2/√π, so that the tail is flat at 0, where a rounding of t would count most.
TAIL_SLOPE = mpf("1.125")
# Where erfc has underflowed.
TAIL_END = mpf("27.5")
HALF_LN2 = LN2 / 2 * SLACK
EIGHTH = mp.pi / 4 * SLACK
LN_END = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * SLACK
ATAN_END = (mp.sqrt(2) - 1) ** 2 * SLACK
ERF_END = mpf("0.75") ** 2 * SLACK


def root(z):
    return mp.sqrt(z)


def both(name, text, f, weight, degrees, low, high, split=False):
    """For f64, and, shorter, for f32."""
    show(name, text, f, weight, degrees[0], low, high, split)
    show(name + "_SINGLE", text, f, weight, degrees[1], low, high)


print("//! Coefficients of the kernels' polynomials, lowest first. Each says what it is, on which interval, and its")
print("//! error relative to the result. Printed by `tests/data/polynomials.py`.")
print()
print("// Some are near constants of the standard library.")
print("#![allow(clippy::approx_constant)]")
# The weight is for eʳ − 1, at the ends of the interval.
both("EXP", "(eʳ − 1 − r)/r²", lambda r: (mp.exp(r) - 1 - r) / r**2, lambda r: HALF_LN2, (10, 5), -HALF_LN2, HALF_LN2)
both(
    "LN",
    "With s² = z: (ln((1 + s)/(1 − s)) − 2s − ⅔s³)/s⁵",
    lambda z: ((mp.log1p(root(z)) - mp.log1p(-root(z))) / root(z) - 2 - 2 * z / 3) / z**2,
    lambda z: z * z / 2,
    (7, 3),
    0,
    LN_END,
)
both("SIN", "With r² = z: (sin r − r)/r³", lambda z: (mp.sin(root(z)) / root(z) - 1) / z, lambda z: z, (6, 3), 0, EIGHTH**2)
both("COS", "With r² = z: (cos r − 1 + r²/2)/r⁴", lambda z: (mp.cos(root(z)) - 1 + z / 2) / z**2, lambda z: z * z, (6, 3), 0, EIGHTH**2)
both("ATAN", "With t² = z: (atan t − t)/t³", lambda z: (mp.atan(root(z)) / root(z) - 1) / z, lambda z: z, (11, 5), 0, ATAN_END)
both("ASIN", "With s² = z: (asin s − s)/s³", lambda z: (mp.asin(root(z)) / root(z) - 1) / z, lambda z: z, (12, 6), 0, mpf("0.25") * SLACK)
show("CBRT", "1/∛m, to start from", lambda m: mp.cbrt(1 / m), lambda m: mp.cbrt(m), 5, mp.sqrt(mpf("0.5")), mp.sqrt(2))
both(
    "ERF",
    "With x² = z: (erf x − 2x/√π)/x³",
    lambda z: (mp.erf(root(z)) / root(z) - 2 / mp.sqrt(mp.pi)) / z,
    lambda z: z,
    (10, 5),
    0,
    ERF_END,
)
both(
    "ERFC",
    "With x = 3.5 (1 + t)/(1 − t): (1 + 1.125x) e^(x²) erfc x",
    lambda t: erfc_over_tail(t, TAIL_SHIFT),
    lambda t: 1,
    (25, 14),
    -1,
    (TAIL_END - TAIL_SHIFT) / (TAIL_END + TAIL_SHIFT),
    split=True,
)


def parts(name, text, value, count=2):
    print(f"\n/// {text}, as a sum of {count} doubles.")
    print(f"pub(super) const {name}: [f64; {count}] = [")
    for _ in range(count):
        print(f"    {float(value)!r},")
        value -= mpf(float(value))
    print("];")


parts("LN_2", "ln 2", LN2)
parts("LOG2_E", "log₂ e", 1 / LN2)
parts("LOG10_E", "log₁₀ e", 1 / mp.log(10))
parts("LOG10_2", "log₁₀ 2", mp.log(2) / mp.log(10))
parts("PI_2", "π/2", mp.pi / 2, 3)
parts("SQRT_1_2", "√½", mp.sqrt(mpf(1) / 2))
parts("TWO_THIRDS", "⅔", mpf(2) / 3)
parts("TWO_BY_SQRT_PI", "2/√π", 2 / mp.sqrt(mp.pi))
