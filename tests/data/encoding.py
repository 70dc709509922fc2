"""Writes encoding.json: how scikit-learn encodes two tables, a training and a test table, by a pipeline that is fitted to the first.

Run with scikit-learn and numpy: python tests/data/encoding.py
"""

import json
import pathlib

import numpy
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

HERE = pathlib.Path(__file__).parent


def table(random, rows):
    lines = ["age,income,country,size,smoker"]
    for _ in range(rows):
        age = "NA" if random.random() < 0.2 else str(random.integers(18, 80))
        income = "" if random.random() < 0.2 else f"{random.lognormal(8, 1):.2f}"
        country = "" if random.random() < 0.15 else random.choice(["DE", "FR", "Côte d'Ivoire", "US, east"])
        country = f'"{country}"' if "," in country else country
        lines.append(f"{age},{income},{country},{random.normal():.6f},{random.choice(['yes', 'no'])}")
    return "\n".join(lines) + "\n"


def columns(text):
    import csv
    import io

    rows = list(csv.reader(io.StringIO(text)))[1:]
    number = lambda cell: numpy.nan if cell in ("", "NA") else float(cell)
    return numpy.array(
        [[number(age), number(income), country or "missing", number(size), smoker] for age, income, country, size, smoker in rows],
        dtype=object,
    )


def main():
    random = numpy.random.default_rng(11)
    texts = {"train": table(random, 40), "test": table(random, 15)}
    # The category of missing cells comes last.
    countries = ["Côte d'Ivoire", "DE", "FR", "US, east", "missing"]
    encoder = ColumnTransformer(
        [
            ("age", make_pipeline(SimpleImputer(strategy="mean"), StandardScaler()), [0]),
            ("income", make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler()), [1]),
            ("country", OneHotEncoder(categories=[countries], sparse_output=False), [2]),
            ("size", "passthrough", [3]),
            ("smoker", OneHotEncoder(drop="first", sparse_output=False), [4]),
        ],
        sparse_threshold=0,
    )
    encoder.fit(columns(texts["train"]))
    encoded = {name: encoder.transform(columns(text)).astype(float).tolist() for name, text in texts.items()}
    content = {name: {"csv": texts[name], "encoded": encoded[name]} for name in texts}
    (HERE / "encoding.json").write_text(json.dumps(content, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
