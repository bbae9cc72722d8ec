"""What real loaders read from a mix, token for token.

    python bench/loaders.py FILE.jsonl.zst … [--environment FOLDER] [--tokens 300000]

Mixes the texts three times (documents one after the other, sequences of 1,024 tokens, and of 1,025 for nanotron) and reads every
format with the loader it is for, in an environment of their own: PyTorch for processors, megatron-core, ai2-olmo-core,
mosaicml-streaming, datatrove, datasets. It is made where FOLDER has none, which downloads about a gigabyte. What is expected
comes from the Parquet format `tokens`, which the tests compare with the tokenizer.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

# datatrove asks for a newer hub and mosaicml-streaming for an older one; what is used here of datatrove works with both.
PACKAGES = (
    ("torch==2.13.0",),
    ("numpy<2.2", "pyarrow", "megatron-core", "torch==2.13.0"),
    ("datatrove", "torch==2.13.0"),
    ("ai2-olmo-core", "torch==2.13.0"),
    ("mosaicml-streaming", "torch==2.13.0"),
    ("huggingface-hub<1", "datasets<4.5", "torchdata==0.11.0", "torch==2.13.0"),
)
LENGTH = 1024
ALL = ["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"]
Batches = list[list[int]]


# What runs with algok


def make_environment(folder: Path, groups: tuple[tuple[str, ...], ...] = PACKAGES) -> Path:
    """The interpreter of an environment with some packages, installed group by group."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for packages in groups:
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
    return python


def make_mixes(files: list[str], folder: Path, tokens: int) -> dict:
    """The mixes below the folder, and what a loader must be told of their tokenizer."""
    from algok.mixing.mix import execute
    from algok.mixing.recipe import TokenizerOptions, validate
    from algok.mixing.tokenizers import of_options
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import SilentProgress
    from algok.pipelines.recipe_source import RecipeText

    (folder / "corpus").mkdir()
    for number, file in enumerate(files):
        write_texts(file, folder / "corpus" / f"{number}.parquet")
    kinds = {"plain": (ALL, None), "packed": (ALL[:-1], LENGTH), "packed1": (["tokens", "nanotron"], LENGTH + 1)}
    for name, (formats, length) in kinds.items():
        data = {
            "corpora": {"web": {"path": str(folder / "corpus")}},
            "stages": [{"name": "all", "tokens": tokens}],
            "write": formats,
            "shards": 4,
            **({"pack": {"length": length}} if length else {}),
        }
        source = RecipeText(data)
        execute(validate(source), source, str(folder / name), make_executor("local", 0), SilentProgress())
    tokenizer = of_options(TokenizerOptions())
    return {"end": tokenizer.end, "size": tokenizer.size, "width": tokenizer.width.itemsize}


def write_texts(file: str, path: Path) -> None:
    import orjson
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pa.input_stream(file, compression="detect") as stream:
        rows = [orjson.loads(line)["text"] for line in stream.read().splitlines()]
    pq.write_table(pa.table({"id": [f"{path.stem}-{k}" for k in range(len(rows))], "text": rows}), path)


# What runs in the loaders' environment


def expected(mix: Path) -> Batches:
    import pyarrow.parquet as pq

    tables = [pq.read_table(path) for path in sorted((mix / "tokens").glob("*.parquet"))]
    return [tokens for table in tables for tokens in table["input_ids"].to_pylist()]


def chunked(rows: Batches, length: int) -> Iterator[list[int]]:
    flat = [token for row in rows for token in row]
    yield from (flat[k : k + length] for k in range(0, len(flat) - length + 1, length))


def by_shard(mix: Path) -> Iterator[Batches]:
    import pyarrow.parquet as pq

    for path in sorted((mix / "tokens").glob("*.parquet")):
        yield pq.read_table(path)["input_ids"].to_pylist()


def megatron(mix: Path, told: dict) -> tuple[Batches, Batches]:
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    read = []
    for path in sorted((mix / "megatron").glob("*.bin")):
        dataset = IndexedDataset(str(path.with_suffix("")))
        read += [dataset[k].tolist() for k in range(len(dataset))]
    return read, expected(mix)


def olmo(mix: Path, told: dict) -> tuple[Batches, Batches]:
    """Fixed sequences of every file; what is left at a file's end is not read."""
    import numpy as np
    from olmo_core.data.numpy_dataset import NumpyFSLDataset

    options = {"pad_token_id": told["end"], "eos_token_id": told["end"], "vocab_size": told["size"]}
    paths = sorted((mix / "dolma").glob("*.npy"))
    dataset = NumpyFSLDataset(*paths, sequence_length=LENGTH, dtype=np.uint16, **options)
    dataset.prepare()
    read = [dataset[k]["input_ids"].tolist() for k in range(len(dataset))]
    return read, [row for rows in by_shard(mix) for row in chunked(rows, LENGTH)]


def olmo_documents(mix: Path, told: dict) -> tuple[Batches, Batches]:
    """The documents as OLMo-core finds them in the table beside the tokens, or where the end of text is."""
    import numpy as np
    from olmo_core.data.utils import iter_document_indices

    read = []
    for path in sorted((mix / "dolma").glob("*.npy")):
        tokens = np.memmap(path, np.uint16, mode="r")
        for start, end in iter_document_indices(
            path, eos_token_id=told["end"], dtype=np.uint16, use_array_if_local=False
        ):
            read.append(tokens[start:end].tolist())
    return read, expected(mix)


def mosaicml(mix: Path, told: dict) -> tuple[Batches, Batches]:
    import torch

    # PyPI's torchvision is built for another torch than the one for processors, and streaming loads it for its pictures: two
    # names that it asks for at once are declared.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from streaming import StreamingDataset
    from streaming.base.util import clean_stale_shared_memory

    clean_stale_shared_memory()
    dataset = StreamingDataset(local=str(mix / "mds" / "all"), shuffle=False, batch_size=1)
    return [dataset[k]["tokens"].tolist() for k in range(dataset.num_samples)], expected(mix)


def nanotron(mix: Path, told: dict) -> tuple[Batches, Batches]:
    """Windows of a sequence and one token more, from every file; what is left at a file's end is not read."""
    from datatrove.utils.dataset import DatatroveFolderDataset

    dataset = DatatroveFolderDataset(str(mix / "nanotron" / "all"), LENGTH, token_size=told["width"])
    read = [dataset[k]["input_ids"].tolist() for k in range(len(dataset))]
    return read, [row for rows in by_shard(mix) for row in chunked(rows, LENGTH + 1)]


def texts(mix: Path, told: dict) -> tuple[list, list]:
    """Hugging Face's stream under a DataLoader with two workers, stopped in the middle and resumed from its state."""
    import pyarrow.parquet as pq
    from datasets import load_dataset
    from torchdata.stateful_dataloader import StatefulDataLoader

    files = sorted(str(path) for path in (mix / "parquet").glob("*.parquet"))

    def loader() -> StatefulDataLoader:
        stream = load_dataset("parquet", data_files=files, split="train", streaming=True).select_columns(["id", "copy"])
        return StatefulDataLoader(stream, batch_size=None, num_workers=2)

    whole = [(row["id"], row["copy"]) for row in loader()]
    first, begun = loader(), []
    for row in first:
        begun.append((row["id"], row["copy"]))
        if len(begun) == len(whole) // 2:
            state = first.state_dict()
            break
    second = loader()
    second.load_state_dict(state)
    begun += [(row["id"], row["copy"]) for row in second]
    rows = [
        (row["id"], row["copy"]) for path in files for row in pq.read_table(path, columns=["id", "copy"]).to_pylist()
    ]
    return [begun, sorted(begun)], [whole, sorted(rows)]


CHECKS: tuple[tuple[str, str, str, Callable], ...] = (
    ("megatron", "plain", "megatron-core IndexedDataset", megatron),
    ("megatron", "packed", "megatron-core IndexedDataset", megatron),
    ("dolma", "plain", "ai2-olmo-core NumpyFSLDataset", olmo),
    ("dolma", "packed", "ai2-olmo-core NumpyFSLDataset", olmo),
    ("dolma", "plain", "ai2-olmo-core iter_document_indices", olmo_documents),
    ("mds", "plain", "mosaicml-streaming StreamingDataset", mosaicml),
    ("mds", "packed", "mosaicml-streaming StreamingDataset", mosaicml),
    ("nanotron", "plain", "datatrove DatatroveFolderDataset", nanotron),
    ("nanotron", "packed1", "datatrove DatatroveFolderDataset", nanotron),
    ("parquet", "plain", "datasets + torchdata, 2 workers, resumed", texts),
)


def read_one(folder: Path, number: int) -> None:
    _, mix, _, check = CHECKS[number]
    read, wanted = check(folder / mix, json.loads((folder / "told.json").read_text()))
    same = read == wanted
    items = len(read[0]) if check is texts else len(read)
    tokens = 0 if check is texts else sum(map(len, read))
    print(json.dumps({"items": items, "tokens": tokens, "same": same}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="JSON Lines with a field text, compressed or not.")
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "algok-loaders")
    parser.add_argument("--tokens", type=int, default=300_000)
    parser.add_argument("--read", nargs=2, metavar=("FOLDER", "NUMBER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read_one(Path(options.read[0]), int(options.read[1]))
        return
    python = make_environment(options.environment)
    with tempfile.TemporaryDirectory() as name:
        folder, wrong = Path(name), False
        (folder / "told.json").write_text(json.dumps(make_mixes(options.files, folder, options.tokens)))
        print("format    mix      loader                                     items     tokens  same")
        for number, (format, mix, loader, _) in enumerate(CHECKS):
            # -I, since files beside this one have names of libraries (tokenizers.py).
            command = [str(python), "-I", "-W", "ignore", __file__, "--read", str(folder), str(number)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{format:<9} {mix:<8} {loader:<40} failed: {done.stderr.strip().splitlines()[-1][:200]}")
                wrong = True
                continue
            found = json.loads(done.stdout.strip().splitlines()[-1])
            figures = f"{found['items']:>7,} {found['tokens']:>10,}  {'yes' if found['same'] else 'NO'}"
            print(f"{format:<9} {mix:<8} {loader:<40} {figures}", flush=True)
            wrong |= not found["same"]
    raise SystemExit(int(wrong))


if __name__ == "__main__":
    main()
