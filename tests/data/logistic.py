"""Writes logistic.csv: the maximum-likelihood weights of a logistic regression, versicolor against virginica in
examples/data/iris.csv, offset first, by Newton's method in 50 digits.

Run with mpmath: python tests/data/logistic.py
"""

import pathlib

import mpmath

mpmath.mp.dps = 50
HERE = pathlib.Path(__file__).parent


def main():
    lines = (HERE / "../../examples/data/iris.csv").read_text().split()
    rows = [[mpmath.mpf(number) for number in line.split(",")] for line in lines]
    rows = [([mpmath.mpf(1), *row[:4]], row[4] - 1) for row in rows if row[4] > 0]
    w = mpmath.zeros(5, 1)
    for _ in range(30):
        gradient, hessian = mpmath.zeros(5, 1), mpmath.zeros(5, 5)
        for x, species in rows:
            p = 1 / (1 + mpmath.exp(-sum(w[k] * x[k] for k in range(5))))
            for i in range(5):
                gradient[i] += (p - species) * x[i]
                for j in range(5):
                    hessian[i, j] += p * (1 - p) * x[i] * x[j]
        step = mpmath.lu_solve(hessian, gradient)
        w -= step
    assert mpmath.norm(step) < mpmath.mpf(10) ** -40
    # R's glm prints -42.638, -2.465, -6.681, 9.429, 18.286
    text = "".join(mpmath.nstr(number, 20) + "\n" for number in w)
    (HERE / "logistic.csv").write_text(text)


if __name__ == "__main__":
    main()
