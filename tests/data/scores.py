"""Writes the data sets wine, breast cancer and diabetes to examples/data, with names of columns, and for each ten splits into training
and test samples with the test score of scikit-learn's multi-layer perceptron: `NAME_splits.csv`, one split a row, the score first,
then the numbers of the test rows.

Run with scikit-learn and numpy: python tests/data/scores.py
"""

import pathlib
import warnings

import numpy
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore")  # about iterations
DATA = pathlib.Path(__file__).parent / "../../examples/data"


def perceptron(kind, seed):
    if kind is MLPRegressor:
        net = MLPRegressor(hidden_layer_sizes=(16,), alpha=1.0, max_iter=2000, random_state=seed)
        return make_pipeline(StandardScaler(), TransformedTargetRegressor(net, transformer=StandardScaler()))
    return make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=2000, random_state=seed))


def linear(kind):
    return make_pipeline(StandardScaler(), RidgeCV(numpy.logspace(-2, 3, 30)) if kind is MLPRegressor else LogisticRegression())


def write(name, data, kind, names, classes):
    rows = [",".join([*names, "target"])]
    for x, t in zip(data.data, data.target):
        rows.append(",".join([*(f"{v:.10g}" for v in x), classes[t] if classes else f"{t:g}"]))
    (DATA / f"{name}.csv").write_text("\n".join(rows) + "\n")

    lines, scores, others = [], [], []
    for seed in range(10):
        order = numpy.arange(len(data.target))
        stratify = data.target if classes else None
        train, test = train_test_split(order, test_size=1 / 3, random_state=seed, stratify=stratify)
        fit = lambda model: model.fit(data.data[train], data.target[train]).score(data.data[test], data.target[test])
        scores.append(fit(perceptron(kind, seed)))
        others.append(fit(linear(kind)))
        lines.append(",".join([repr(float(scores[-1])), *map(str, sorted(test.tolist()))]))
    (DATA / f"{name}_splits.csv").write_text("\n".join(lines) + "\n")
    error = numpy.std(scores, ddof=1) / len(scores) ** 0.5
    print(f"{name}: {numpy.mean(scores):.4f} ± {error:.4f}; a linear model {numpy.mean(others):.4f}")


def main():
    wine, cancer, diabetes = load_wine(), load_breast_cancer(), load_diabetes(scaled=False)
    tidy = lambda names: [name.replace("/", "_or_").replace(" ", "_") for name in names]
    write("wine", wine, MLPClassifier, tidy(wine.feature_names), ["a", "b", "c"])
    write("breast_cancer", cancer, MLPClassifier, tidy(cancer.feature_names), ["malignant", "benign"])
    write("diabetes", diabetes, MLPRegressor, tidy(diabetes.feature_names), None)


if __name__ == "__main__":
    main()
