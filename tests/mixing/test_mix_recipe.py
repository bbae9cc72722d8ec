"""A mix file: what it says, and errors that name line and key before any data is read."""

import pytest

from algok.errors import RecipeError
from algok.mixing.recipe import Limits, json_schema, mix_from_text
from algok.mixing.selector import Selector

MIX = """\
corpora:
  web: {run: runs/web}
  rewrites: {path: rewrites/*.parquet, labels: {provenance: synthetic}}
max_epochs: {default: 3, provenance=synthetic: 1}
stages:
- name: pretrain
  tokens: 1.5M
  prior: {natural: 0.5, uniform: 0.5, over: domain.major}
  shares:
    domain.major=stem: '>= 0.05'
    source=law|news & provenance=organic: 0.1..0.2
    provenance=synthetic: 0.143
- name: anneal
  tokens: 200K
  select: {signal: quality.level, top: 0.1, within: domain.major}
  replay: {of: pretrain, share: 0.2, which: unseen}
"""


def test_amounts_limits_and_selectors_are_read():
    mix = mix_from_text(MIX)
    assert [stage.tokens for stage in mix.stages] == [1_500_000, 200_000]
    assert list(mix.stages[0].shares.values()) == [
        Limits(low=0.05),
        Limits(low=0.1, high=0.2),
        Limits(low=0.143, high=0.143),
    ]
    assert mix.label_columns == ["corpus", "domain.major", "provenance", "source"]
    assert mix.signal_columns == ["quality.level"]


def test_a_mix_reads_back_from_its_own_yaml():
    mix = mix_from_text(MIX)
    again = mix_from_text(mix.to_yaml())
    assert again == mix and again.digest == mix.digest


def test_the_digest_does_not_depend_on_where_corpora_lie_but_on_the_seed():
    mix = mix_from_text(MIX)
    assert mix_from_text(MIX.replace("runs/web", "/elsewhere/web")).digest == mix.digest
    assert mix_from_text("seed: 1\n" + MIX).digest != mix.digest


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  shares:", "  sharse:", "mix.yaml:9: stages.0.sharse: unknown key; did you mean 'shares'?"),
        ("'>= 0.05'", "'> 5 %'", "mix.yaml:10: stages.0.shares.domain.major=stem: expected a share such as"),
        ("tokens: 200K", "tokens: many", "mix.yaml:14: stages.1.tokens: "),
        ("0.1..0.2", "0.3..0.2", "mix.yaml:11: stages.0.shares.source=law|news & provenance=organic: its lower end"),
        (
            "of: pretrain",
            "of: pretrian",
            "mix.yaml:16: stages.1.replay.of: 'pretrian' is no earlier stage; did you mean",
        ),
        ("name: anneal", "name: pretrain", "mix.yaml:13: stages.1.name: 'pretrain' is given twice"),
        ("{run: runs/web}", "{}", "mix.yaml:2: corpora.web: expected one of run, mix and path"),
        (
            "domain.major=stem:",
            "domain.major:",
            "mix.yaml:10: stages.0.shares.domain.major.[key]: expected column=label",
        ),
        (
            "  prior: {natural",
            "  ramp: linear\n  prior: {natural",
            "mix.yaml:8: stages.0.ramp: no stage stands before it",
        ),
        ("max_epochs: {default: 3, p", "shards: 3\nmax_epochs: {p", "mix.yaml:4: shards: expected a power of two"),
    ],
)
def test_an_error_names_line_and_key(old, new, message):
    assert old in MIX
    with pytest.raises(RecipeError) as caught:
        mix_from_text(MIX.replace(old, new))
    assert message in str(caught.value)


def test_every_problem_is_listed():
    with pytest.raises(RecipeError) as caught:
        mix_from_text(MIX.replace("tokens: 200K", "tokens: -1").replace("top: 0.1", "top: 3"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_selector_needs_one_of_the_labels_of_every_column():
    selector = Selector.parse("source = law | news & provenance=organic")
    assert selector.matches({"source": "news", "provenance": "organic", "corpus": "a"})
    assert not selector.matches({"source": "web", "provenance": "organic"})
    with pytest.raises(ValueError, match="names a column twice"):
        Selector.parse("source=law & source=news")


def test_the_schema_for_editors_names_every_key():
    schema = json_schema()
    assert {"corpora", "stages", "max_epochs", "tokenizer"} <= set(schema["properties"])
    assert "replay" in schema["$defs"]["Stage"]["properties"]
