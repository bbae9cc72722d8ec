"""algok decontaminate build, and what other commands do with the index."""

import json

from commands import algok
from conftest import prose, write_jsonl
from questions import ITEMS, page, questions_file

from algok.classifiers.store import open_model


def test_build_says_what_is_looked_for_and_how_to_use_it(tmp_path):
    questions = questions_file(tmp_path / "CLIcK" / "own.jsonl")
    background = write_jsonl(tmp_path / "background.jsonl", [{"text": page(ITEMS[1])}, {"text": prose(1)}])
    shown = algok("decontaminate", "build", questions, "-o", tmp_path / "index", "--background", background)
    assert f"decontaminate: {{index: {tmp_path / 'index'}}}" in shown and "undecidable.jsonl" in shown
    made = json.loads(algok("decontaminate", "build", questions, "-o", tmp_path / "plain", "--json"))
    assert made["metrics"]["click"] == {"items": 5, "short": 0, "common": 0, "background": 0}
    assert open_model(str(tmp_path / "index"), "benchmarks").manifest.metrics["click"]["background"] == 1
    assert made["digest"] == open_model(str(tmp_path / "plain"), "benchmarks").manifest.digest
    assert "benchmarks" in algok("models", "list", tmp_path / "plain")


def test_wrong_use_is_told(tmp_path):
    questions = questions_file(tmp_path / "own.jsonl")
    wrong = algok("decontaminate", "build", questions, "-o", tmp_path / "a", "--benchmark", "klick", code=2)
    assert "did you mean click" in wrong.lower().replace("'", "")
    assert "not an empty folder" in algok("decontaminate", "build", questions, "-o", tmp_path, code=8)
    assert "no such file" in algok("decontaminate", "build", tmp_path / "none.csv", "-o", tmp_path / "b", code=3)


def test_clean_and_mix_take_the_index(tmp_path):
    index = tmp_path / "index"
    algok("decontaminate", "build", questions_file(tmp_path / "CLIcK" / "own.jsonl"), "-o", index)
    rows = [{"text": page(ITEMS[0])}, {"text": prose(1)}, {"text": prose(2)}]
    data = write_jsonl(tmp_path / "in.jsonl", rows)
    (tmp_path / "recipe.yaml").write_text(
        f"inputs: [{{path: {data}}}]\noutput: {tmp_path / 'run'}\nmode: filter\nsteps: {{tokens: {{}}}}\n"
    )
    algok("run", tmp_path / "recipe.yaml", "--quiet", "--workers", "0")
    (tmp_path / "mix.yaml").write_text(
        f"corpora: {{web: {{run: {tmp_path / 'run'}}}}}\ndecontaminate: {index}\nstages: [{{name: one, tokens: 300}}]\n"
    )
    assert "1 documents of web" in algok("mix", "plan", tmp_path / "mix.yaml", "--quiet", "--workers", "0")
    done = algok("mix", tmp_path / "mix.yaml", "-o", tmp_path / "mix", "--quiet", "--workers", "0", "--json")
    (use,) = json.loads(done)["documents"]
    assert use["kept"] == 3 and use["contaminated"] == 1 and use["used"] + use["unused"] == 2
    assert "accounted for" in algok("verify", tmp_path / "mix")
