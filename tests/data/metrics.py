"""Writes metrics.json: what scikit-learn computes for metrics of classes, scores and numbers, with and without weights, ties,
and classes without samples.

Run with scikit-learn and numpy: python tests/data/metrics.py
"""

import json
import pathlib
import warnings

import numpy
import sklearn
from sklearn import metrics

HERE = pathlib.Path(__file__).parent
warnings.simplefilter("ignore")  # about classes without samples


def softmax(logits):
    shifted = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def of_classes(truth, outputs, weights):
    """Outputs are logits, one for two classes or one for each class."""
    classes = max(2, outputs.shape[1])
    if outputs.shape[1] == 1:
        positive = 1 / (1 + numpy.exp(-outputs[:, 0]))
        predicted, probabilities = (outputs[:, 0] > 0).astype(int), numpy.stack([1 - positive, positive], axis=1)
    else:
        predicted, probabilities = outputs.argmax(axis=1), softmax(outputs)
    keywords = {"sample_weight": weights}
    values = {
        "accuracy": metrics.accuracy_score(truth, predicted, **keywords),
        "balanced accuracy": metrics.balanced_accuracy_score(truth, predicted, **keywords),
        "log loss": metrics.log_loss(truth, probabilities, labels=range(classes), **keywords),
    }
    functions = {"precision": metrics.precision_score, "recall": metrics.recall_score, "F1": metrics.f1_score}
    for name, function in functions.items():
        for average in ["macro", "micro", "weighted"]:
            ours = {"weighted": "by samples"}.get(average, average)
            values[f"{name} ({ours})"] = function(truth, predicted, average=average, **keywords)
        each = function(truth, predicted, labels=range(classes), average=None, **keywords)
        for k in range(classes):
            values[f"{name} (class {k})"] = each[k]
    if len(set(truth)) == classes:
        # For two classes the values of a decision function, which do not saturate as probabilities do.
        decision = outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]
        scores = decision if classes == 2 else probabilities
        values["ROC AUC"] = metrics.roc_auc_score(truth, scores, multi_class="ovr", **keywords)
    matrix = metrics.confusion_matrix(truth, predicted, labels=range(classes), **keywords)
    # NaN is how scikit-learn says that a metric is not defined.
    values = {name: None if numpy.isnan(value) else float(value) for name, value in values.items()}
    return {"values": values, "matrix": matrix.tolist()}


def of_numbers(truth, outputs, weights):
    functions = {
        "mean absolute error": metrics.mean_absolute_error,
        "mean squared error": metrics.mean_squared_error,
        "root mean squared error": metrics.root_mean_squared_error,
        "R²": metrics.r2_score,
    }
    values, each = {}, {}
    for name, function in functions.items():
        values[name] = float(function(truth, outputs, sample_weight=weights))
        each[name] = function(truth, outputs, sample_weight=weights, multioutput="raw_values").tolist()
    return {"values": values, "each": each}


def main():
    random = numpy.random.default_rng(7)
    cases = []

    def add(kind, truth, outputs, weights, compute):
        outputs = numpy.asarray(outputs, dtype=float)
        truth = numpy.asarray(truth)
        for used in [None, weights]:
            case = {"kind": kind, "truth": truth.tolist(), "outputs": outputs.tolist(), "weights": used}
            cases.append(case | compute(truth, outputs, used))

    def add_classes(truth, outputs, weights=None):
        truth = numpy.asarray(truth)
        if weights is None:
            weights = numpy.round(random.uniform(0.1, 3.0, len(truth)), 3).tolist()
        add("classes", truth, outputs, weights, of_classes)

    for classes in [1, 2, 3, 5]:
        truth = random.integers(0, max(2, classes), 40)
        add_classes(truth, numpy.round(random.normal(0, 2, (40, classes)), 2))
    # Ties: few different scores.
    add_classes(random.integers(0, 2, 30), random.integers(-1, 2, (30, 1)))
    add_classes(random.integers(0, 3, 30), random.integers(-1, 2, (30, 3)))
    # All scores equal, and all predictions of one class.
    add_classes([0, 1, 1, 0], [[1.0]] * 4)
    # A class without samples, a class that is never predicted, a class with neither.
    add_classes([0, 0, 1, 1, 0], [[1, 0, 2, 0], [3, 1, 0, 0], [0, 1, 0, 0], [1, 2, 3, 0], [4, 0, 0, 0]])
    add_classes([0, 2, 2, 0], [[1, 0, 0], [1, 0, 0], [2, 0, 1], [5, 0, 0]])
    # Weights of 0: one hides all samples of a class from the balanced accuracy.
    add_classes([0, 1, 2, 0, 1], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]], [1.0, 2.0, 0.0, 0.5, 0.0])
    # Probabilities that are 0 to rounding: the logarithm is clipped.
    add_classes([0, 1, 1], [[800.0], [-800.0], [50.0]])
    add_classes([0, 1, 2], [[0, 900, 0], [0, 40, 0], [0, 0, 30]])
    # One sample.
    add_classes([1], [[0.5]])

    def add_numbers(truth, outputs, weights=None):
        if weights is None:
            weights = numpy.round(random.uniform(0.1, 3.0, len(truth)), 3).tolist()
        add("numbers", truth, outputs, weights, of_numbers)

    for outputs in [1, 3]:
        truth = numpy.round(random.normal(1, 2, (25, outputs)), 3)
        add_numbers(truth, truth + numpy.round(random.normal(0, 1, (25, outputs)), 3))
    # Targets that do not vary: met, and missed; large offsets.
    add_numbers([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [1.0, 2.5], [1.0, 2.0]])
    add_numbers([[1e6 + 1], [1e6 + 2], [1e6 + 4]], [[1e6], [1e6 + 2.5], [1e6 + 4]])
    # A weight of 0.
    add_numbers([[1.0], [2.0], [7.0]], [[1.5], [2.0], [0.0]], [1.0, 2.0, 0.0])

    versions = {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__}
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    text = f'{{"versions": {json.dumps(versions)}, "cases": [\n{lines}\n]}}\n'
    (HERE / "metrics.json").write_text(text)


if __name__ == "__main__":
    main()
