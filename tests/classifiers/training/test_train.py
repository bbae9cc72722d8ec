"""Labels of every form, and what training makes of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.classifiers.training.labeller import label_figures, name_label
from algok.classifiers.training.quality import quality_figures, quality_label
from algok.classifiers.training.toxicity import toxicity_figures, toxicity_label

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        (["hate"], ["hate"]),
        ("none", []),
        ("threat", ["threat"]),
        (True, {"any": 1}),
        (False, []),
        (1, []),
        (2, {"any": 1}),
        (2.5, {"any": 1}),
        ({"hate": 1, "insult": None}, {"hate": 1}),
        ({"any": True, "sexual": 0}, {"any": 1, "sexual": 0}),
        ([], []),
    ],
)
def test_every_form_of_a_toxicity_label(label, wanted):
    assert toxicity_label(label, toxic_from=2) == wanted


@given(ANYTHING)
def test_labels_are_taken_or_refused_with_a_reason(label):
    for convert in (lambda value: toxicity_label(value, 1), name_label, lambda value: quality_label((value, value))):
        try:
            convert(label)
        except ValueError as error:
            assert str(error)


def test_uncertain_labels_are_left_out_of_the_figures():
    figures = label_figures(["a", {"a": 0.5, "b": 0.5}, "b"], np.array(["a", "a", "a"], dtype=object))
    assert figures["accuracy"] == 0.5 and figures["F1"] == {"a": 0.6667, "b": 0.0}


def test_quality_figures_by_hand():
    figures = quality_figures([(1, 5), (0, None), (1, 3), (0, 0)], np.array([[0.9, 5], [0.6, 0], [0.7, 2], [0.1, 1]]))
    assert figures["keep AUC"] == 1 and figures["balanced accuracy at 0.5"] == 0.75
    assert figures["calibration error"] == 0.275 and figures["quality Spearman"] == 1


def test_a_head_is_measured_where_it_is_known():
    labels = [{"any": 1}, [], ["hate"], {"hate": 0}]
    scores = np.zeros((4, 6))
    scores[[0, 2], 0] = 0.9
    figures = toxicity_figures(labels, scores)
    assert figures["any"]["f1"] == 1 and figures["hate"]["recall"] == 0 and set(figures) == {"any", "hate"}
