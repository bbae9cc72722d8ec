"""The same blend from other tools, in one run: shares in tokens, copies, how even the stream is, and time.

    python bench/blends.py FILE.jsonl.zst FILE.jsonl.zst … [--tokens 2400000] [--environments FOLDER]

Every file is asked for the same share of the tokens. `algok mix` writes texts; so do Hugging Face's `interleave_datasets`
(streaming and in memory) and Data-Juicer's weights. Megatron's blend makes indices over tokens, datatrove's merger shuffles
tokens and knows no weights. Tools that weigh documents get the weights that a careful user would work out: the share divided
by the mean tokens of a document. Seconds are of the processor, without loading libraries and compiled kernels. The tools run
in environments of their own, which are made where FOLDER has none (about two gigabytes are downloaded).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LENGTH = 1024  # tokens of a sequence of Megatron's
WINDOW = 20_000  # tokens
JUICER = (("py-data-juicer", "aiohttp", "ray", "msgpack"),)
Stream = tuple[
    np.ndarray, np.ndarray, np.ndarray, np.ndarray
]  # file, document, tokens, whether the document begins here


# What runs with algok


def make_corpora(files: list[str], folder: Path) -> list[dict]:
    """Every file as texts, and tokenised in its own order for Megatron and datatrove."""
    from algok.mixing.recipe import TokenizerOptions
    from algok.mixing.tokenizers import of_options
    from mixing import driver_of, texts

    tokenizer, made = of_options(TokenizerOptions()), []
    (folder / "corpus").mkdir()
    texts(folder / "corpus", files)
    for path in sorted((folder / "corpus").glob("*.parquet")):
        lengths = tokenizer.counts(pq.read_table(path)["text"].combine_chunks())
        stages = [{"name": "all", "tokens": int(lengths.sum())}]
        own = folder / path.stem
        own.mkdir()
        data = {"corpora": {"web": {"path": str(path)}}, "stages": stages, "write": ["megatron", "nanotron"]}
        run(driver_of(data | {"max_epochs": {"default": 1}}, own))
        ledger = pq.read_table(next((own / "mix" / "order").glob("*.parquet")))
        order = [int(key.split("-")[1]) for key in ledger["id"].to_pylist()]
        (prefix,) = (own / "mix" / "megatron").glob("*.bin")
        (tokens,) = (own / "mix" / "nanotron" / "all").glob("*.ds")
        made.append(
            {
                "texts": str(path),
                "megatron": str(prefix.with_suffix("")),
                "datatrove": str(tokens),
                "lengths": lengths.tolist(),
                "order": order,
            }
        )
    return made


def run(driver) -> None:
    for step in (driver.measure, driver.plan, driver.pick, driver.order, driver.place, driver.write):
        step()


def ours(corpora: list[dict], folder: Path, tokens: int) -> tuple[float, Stream]:
    from mixing import driver_of

    places = {str(number): {"path": corpus["texts"]} for number, corpus in enumerate(corpora)}
    stages = [{"name": "all", "tokens": tokens, "prior": "uniform"}]
    start = time.process_time()
    run(driver_of({"corpora": places, "stages": stages}, folder))
    used = time.process_time() - start
    written = pa.concat_tables([pq.read_table(path) for path in sorted((folder / "mix" / "parquet").glob("*.parquet"))])
    return used, of_ids(written["id"].to_pylist(), corpora)


def of_ids(keys: list[str], corpora: list[dict]) -> Stream:
    files, documents = np.array([[int(part) for part in key.split("-")] for key in keys]).T
    lengths = np.array([corpora[file]["lengths"][document] for file, document in zip(files, documents)])
    return files, documents, lengths, np.ones(len(keys), bool)


def shown(way: str, used: float, stream: Stream, count: int) -> None:
    files, documents, lengths, begins = stream
    own = np.where(files[:, None] == np.arange(count), lengths[:, None], 0)
    edges = np.flatnonzero(np.diff((np.cumsum(lengths) - lengths) // WINDOW, prepend=-1))
    windows = np.add.reduceat(own, edges, axis=0) / np.add.reduceat(lengths, edges)[:, None]
    shares = own.sum(axis=0) / lengths.sum()
    worst = abs(windows[:-1] - shares).max()
    _, copies = np.unique(np.stack([files, documents])[:, begins], axis=1, return_counts=True)
    print(
        f"{way:<32} {begins.sum():>8,} documents {lengths.sum():>10,} tokens {begins.sum() / used:>10,.0f} documents/s "
        f"shares {' '.join(f'{share:.3f}' for share in shares)} worst window {worst:.3f} most copies {copies.max()}",
        flush=True,
    )


# What runs in the environments of others: each gives seconds of processor and its stream


def begun(told: dict) -> float:
    """Says that libraries are loaded and work begins; the time of this."""
    (Path(told["folder"]) / "begun").touch()
    return time.process_time()


def wanted_documents(told: dict) -> np.ndarray:
    """How many documents of every file have its share of the tokens, in the mean."""
    means = np.array([np.mean(corpus["lengths"]) for corpus in told["corpora"]])
    return told["tokens"] / len(means) / means


def interleaved(told: dict, streaming: bool) -> tuple[float, Stream]:
    import datasets

    datasets.disable_progress_bars()
    wanted, cache = wanted_documents(told), str(Path(told["folder"]) / "cache")
    target, count = str(Path(told["folder"]) / "interleaved.parquet"), round(wanted.sum())
    start = begun(told)
    options = {"split": "train", "streaming": streaming, "cache_dir": cache}
    parts = [datasets.load_dataset("parquet", data_files=c["texts"], **options) for c in told["corpora"]]
    parts = parts if streaming else [part.shuffle(seed=0) for part in parts]
    whole = datasets.interleave_datasets(
        parts, probabilities=list(wanted / wanted.sum()), seed=0, stopping_strategy="all_exhausted"
    )
    if streaming:
        whole.take(count).shuffle(seed=0, buffer_size=1000).to_parquet(target)
    else:
        whole.select(range(min(count, len(whole)))).shuffle(seed=0).to_parquet(target)
    used = time.process_time() - start
    return used, of_ids(pq.read_table(target)["id"].to_pylist(), told["corpora"])


def juicer(told: dict) -> tuple[float, Stream]:
    """Weights are of rows; the order is one set after the other, so it is shuffled as a user would."""
    from data_juicer.core.data.dataset_builder import DatasetBuilder

    wanted, target = wanted_documents(told), str(Path(told["folder"]) / "juicer.parquet")
    sets = [
        {"type": "local", "path": corpus["texts"], "weight": float(weight)}
        for corpus, weight in zip(told["corpora"], wanted)
    ]
    config = argparse.Namespace(
        dataset={"configs": sets, "max_sample_num": round(wanted.sum())}, np=1, text_keys=["text"], suffixes=[]
    )
    start = begun(told)
    whole = DatasetBuilder(config).load_dataset().shuffle(seed=0)
    whole.to_parquet(target)
    used = time.process_time() - start
    return used, of_ids(pq.read_table(target)["id"].to_pylist(), told["corpora"])


def megatron(told: dict) -> tuple[float, Stream]:
    """The indices alone: which documents, cut where, stand in which sequence."""
    from types import SimpleNamespace

    import torch
    from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig

    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    tokenizer = SimpleNamespace(eod=told["end"], eos=told["end"], pad=-1, vocab_size=told["size"])
    tokenizer.special_tokens_dict, tokenizer.unique_identifiers = {}, {"class": "none"}
    options = {"reset_position_ids": False, "reset_attention_mask": False, "eod_mask_loss": False}
    prefixes = [corpus["megatron"] for corpus in told["corpora"]]
    count = told["tokens"] // LENGTH
    start = begun(told)
    config = GPTDatasetConfig(
        random_seed=0,
        sequence_length=LENGTH,
        blend=(prefixes, [1.0] * len(prefixes)),
        split="1,0,0",
        path_to_cache=str(Path(told["folder"]) / "megatron-cache"),
        tokenizer=tokenizer,
        **options,
    )
    whole = BlendedMegatronDatasetBuilder(GPTDataset, [count, 0, 0], lambda: True, config).build()[0]
    used = time.process_time() - start
    rows = [row for k in range(count) for row in _in_sequence(whole, k, told["corpora"])]
    files, documents, lengths, begins = (np.array(column) for column in zip(*rows))
    return used, (files, documents, lengths, begins.astype(bool))


def _in_sequence(whole, number: int, corpora: list[dict]) -> list[tuple[int, int, int, bool]]:
    """File, document, tokens and whether it begins here, of all pieces of a sequence."""
    file, sample = int(whole.dataset_index[number]), int(whole.dataset_sample_index[number])
    own, order = whole.datasets[file], corpora[file]["order"]
    sample = own.shuffle_index[sample]
    (first, offset), (last, end) = own.sample_index[sample], own.sample_index[sample + 1]
    pieces = []
    for at in range(first, last + 1):
        document = order[own.document_index[at]]
        begin = int(offset) if at == first else 0
        stop = int(end) if at == last else corpora[file]["lengths"][document]
        if stop > begin:
            pieces.append((file, document, stop - begin, begin == 0))
    return pieces


def merger(told: dict) -> tuple[float, Stream]:
    """All documents once: it has no weights. Which they are is seen by their tokens."""
    from datatrove.pipeline.tokens import DocumentTokenizerMerger

    source, target = Path(told["folder"]) / "merge", Path(told["folder"]) / "merged"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    known: dict[bytes, list[tuple[int, int]]] = {}
    for file, corpus in enumerate(told["corpora"]):
        for suffix in ("", ".index", ".metadata"):
            (source / f"{file}.ds{suffix}").symlink_to(f"{corpus['datatrove']}{suffix}")
        for k, piece in enumerate(_pieces(corpus["datatrove"], told)):
            known.setdefault(piece, []).append((file, corpus["order"][k]))
    start = begun(told)
    DocumentTokenizerMerger(str(source), str(target), "all", seed=0, progress=False).run()
    used = time.process_time() - start
    (path,) = target.glob("*.ds")
    pieces = list(_pieces(str(path), told))
    files, documents = np.array([known[piece].pop() for piece in pieces]).T
    lengths = np.array([len(piece) // told["width"] for piece in pieces])
    return used, (files, documents, lengths, np.ones(len(pieces), bool))


def _pieces(path: str, told: dict):
    """The tokens of every document of a file of datatrove's, as bytes."""
    data, ends = Path(path).read_bytes(), np.fromfile(f"{path}.index", "<u8").astype(int) * told["width"]
    yield from (data[start:end] for start, end in zip([0, *ends], ends))


WAYS: tuple[tuple[str, str, Callable[[dict], tuple[float, Stream]]], ...] = (
    ("datasets, streaming", "", lambda told: interleaved(told, True)),
    ("datasets, in memory", "", lambda told: interleaved(told, False)),
    ("Data-Juicer", "juicer", juicer),
    ("Megatron's indices", "loaders", megatron),
    ("datatrove's merger (no weights)", "loaders", merger),
)


def child(folder: Path, number: int) -> None:
    used, stream = WAYS[number][2](json.loads((folder / "told.json").read_text()))
    pq.write_table(pa.table(dict(zip(("file", "document", "tokens", "begins"), stream))), folder / "stream.parquet")
    print(json.dumps(used))


def command(python: str, folder: Path, number: int) -> list[str]:
    return [python, "-I", "-W", "ignore", __file__, "--child", str(folder), str(number)]


def read_from(python: str, folder: Path, number: int) -> tuple[float, Stream]:
    """Raises CalledProcessError."""
    done = subprocess.run(command(python, folder, number), capture_output=True, text=True, check=True)
    table = pq.read_table(folder / "stream.parquet")
    streams = tuple(table[name].to_numpy() for name in ("file", "document", "tokens", "begins"))
    return float(json.loads(done.stdout.strip().splitlines()[-1])), streams  # type: ignore[return-value]


def killed(python: str, folder: Path, number: int, wall: float) -> None:
    """The same work, killed half way; what it had written stays."""
    (folder / "begun").unlink(missing_ok=True)
    process = subprocess.Popen(command(python, folder, number), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (folder / "begun").exists():
        time.sleep(0.01)
    time.sleep(wall / 2)
    process.kill()
    process.wait()


def clear(folder: Path) -> None:
    """What the ways leave: their caches and outputs."""
    for name in ("cache", "megatron-cache", "merge", "merged"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in (*folder.glob("*.parquet"), *folder.glob("corpus/cache-*")):
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="JSON Lines with a field text, compressed or not.")
    parser.add_argument("--tokens", type=int, default=2_400_000)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "NUMBER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(Path(options.child[0]), int(options.child[1]))
        return
    from loaders import PACKAGES, make_environment

    from algok.mixing.recipe import TokenizerOptions
    from algok.mixing.tokenizers import of_options

    pythons = {"": sys.executable}
    for name, packages in (("loaders", PACKAGES), ("juicer", JUICER)):
        pythons[name] = str(make_environment(options.environments / f"algok-{name}", packages))
    pa.set_cpu_count(1)
    tokenizer = of_options(TokenizerOptions())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpora = make_corpora(options.files, folder)
        shown("algok mix", *ours(corpora, folder, options.tokens), len(corpora))
        told = {"corpora": corpora, "tokens": options.tokens, "folder": name}
        told |= {"end": tokenizer.end, "size": tokenizer.size, "width": tokenizer.width.itemsize}
        (folder / "told.json").write_text(json.dumps(told))
        for number, (way, environment, _) in enumerate(WAYS):
            try:
                used, stream = read_from(pythons[environment], folder, number)
                shown(way, used, stream, len(corpora))
                clear(folder)
                killed(pythons[environment], folder, number, used)
                after, again = read_from(pythons[environment], folder, number)
                same = all(np.array_equal(a, b) for a, b in zip(stream, again))
                print(f"{'':<32} begun again after kill -9: {after:.2f} s instead of {used:.2f} s, same stream: {same}")
                clear(folder)
            except subprocess.CalledProcessError as error:
                print(f"{way:<32} failed: {error.stderr.strip().splitlines()[-1][:200]}", flush=True)


if __name__ == "__main__":
    main()
