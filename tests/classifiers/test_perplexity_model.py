"""A model folder of kind perplexity whose parts do not belong together is refused."""

from pathlib import Path

import pytest

from algok.classifiers.perplexity import PerplexityModel
from algok.classifiers.store import open_model, write_model
from algok.errors import ModelError


def test_parameters_and_tables_must_fit(tmp_path: Path) -> None:
    shipped = open_model("perplexity", "perplexity")
    files = {name: shipped.path(name).read_bytes() for name in shipped.manifest.files}

    def made(name: str, parameters: dict, files: dict) -> PerplexityModel:
        write_model(
            tmp_path / name,
            files,
            kind="perplexity",
            name="own",
            description="",
            parameters=parameters,
            data=[],
            metrics={},
        )
        return PerplexityModel(open_model(str(tmp_path / name), "perplexity"))

    with pytest.raises(ModelError, match="lack order or buckets"):
        made("without", {"order": 3}, files)
    small = files | {"unigrams.npy": shipped.array("unigrams.npy")[:100]}
    with pytest.raises(ModelError, match="different sizes"):
        made("small", shipped.parameters, small)
