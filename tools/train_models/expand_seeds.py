"""Finds more words for the domains: from taxonomy/seeds to build/topic_words.tsv, by the embeddings in Kiwi's model.

    python tools/train_models/expand_seeds.py [--output build/topic_words.tsv]

Kiwi (model type cong, 0.21 or newer) tells cosines of morphemes. Those of 280 landmark nouns with all morphemes give the
256-dimensional embeddings back exactly, up to a rotation (Nyström). After their mean and the three directions of largest
variance, which carry word frequency, are taken away, a logistic regression on the seeds gives every noun of Kiwi's
vocabulary a distribution over the domains. Written are nouns whose best domain has at least 0.5: word, domain, probability.
The list holds names of Kiwi's dictionary, so it is made where it is needed and is no
part of the repository. Takes two minutes, and prints the accuracy on seeds left out of five folds.
"""

import argparse
from pathlib import Path

import numpy as np
from kiwipiepy import Kiwi
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from algok.taxonomy.axes import major_of, seeds

_LANDMARKS, _LEAST = 280, 0.5
_C = 10.0  # of 10 and 30, the better on left-out seeds
_FREQUENCY_DIRECTIONS = 3


def embeddings() -> dict[str, np.ndarray]:
    """A unit vector for every noun of two or more characters in Kiwi's vocabulary; the first of several senses."""
    kiwi = Kiwi(num_workers=1)
    forms = {m.id: (m.form, m.tag) for m in kiwi.most_similar_morphemes(("축구", "NNG"), top_n=1 << 24)}
    nouns: dict[str, int] = {}
    for number in sorted(forms):
        form, tag = forms[number]
        if tag in ("NNG", "NNP") and len(form) >= 2:
            nouns.setdefault(form, number)
    draw = np.random.default_rng(0)
    numbers = np.array(list(nouns.values()))
    landmarks = np.sort(draw.choice(numbers[: len(numbers) // 2], _LANDMARKS, replace=False))
    cosines = np.zeros((_LANDMARKS, max(forms) + 1))
    for row, landmark in enumerate(landmarks):
        for other in kiwi.most_similar_morphemes(int(landmark), top_n=1 << 24):
            cosines[row, other.id] = other.score
        cosines[row, landmark] = 1
    values, directions = np.linalg.eigh((cosines[:, landmarks] + cosines[:, landmarks].T) / 2)
    real = values > 1e-3
    vectors = (cosines[:, numbers].T @ directions[:, real]) / np.sqrt(values[real])
    vectors -= vectors.mean(axis=0)
    frequency = np.linalg.svd(vectors, full_matrices=False)[2][:_FREQUENCY_DIRECTIONS]
    vectors -= (vectors @ frequency.T) @ frequency
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return dict(zip(nouns, vectors, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("build/topic_words.tsv"))
    options = parser.parse_args()

    vectors, codes = embeddings(), list(major_of())
    known = [(word, k) for k, code in enumerate(codes) for word in seeds(code) if word in vectors]
    x, y = np.array([vectors[word] for word, _ in known]), np.array([k for _, k in known])
    model = LogisticRegression(C=_C, max_iter=500)
    outside = cross_val_predict(model, x, y, cv=5, method="predict_proba")
    sure = outside.max(axis=1) >= _LEAST
    right = outside.argmax(axis=1) == y
    print(f"{len(y)} seeds with a vector; left out, {right.mean():.3f} of them are right")
    print(f"sure: {sure.mean():.3f}, of these right: {right[sure].mean():.3f}")
    probabilities = model.fit(x, y).predict_proba(np.array(list(vectors.values())))
    rows = [
        (codes[p.argmax()], word, p.max()) for word, p in zip(vectors, probabilities, strict=True) if p.max() >= _LEAST
    ]
    order = {code: k for k, code in enumerate(codes)}
    rows.sort(key=lambda row: (order[row[0]], -round(row[2], 2), row[1]))
    lines = "".join(f"{word}\t{code}\t{p:.2f}\n" for code, word, p in rows)
    head = "# word, domain, probability; made by tools/train_models/expand_seeds.py\n"
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(head + lines, encoding="utf-8")
    print(f"{len(rows)} words")


if __name__ == "__main__":
    main()
