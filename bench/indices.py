"""What deciding costs alone, at scale: which documents a stage takes and in which order, here and by Megatron's indices.

    python bench/indices.py [--documents 10000000] [--environment FOLDER]

Both get documents of 20 domains with the same distribution of tokens, and are asked for equal shares of the domains, 0.6 of all
tokens in sum. Here that is plan, pick and order, from measured documents to the place of every copy on the disk; there the
document, sample and shuffle index of every domain and their blend, in memory and in Megatron's cache, for sequences of 4,096
tokens, over a file of tokens that is empty but for its size. Seconds are of the processor, without loading libraries and
compiled kernels.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

LENGTH = 4096
DOMAINS = 20
SHARE = 0.6  # tokens of the stage, of all that there are


def ours(documents: int) -> dict:
    import pyarrow as pa

    from mixing import AVERAGE, corpus_of, driver_of

    pa.set_cpu_count(1)
    for count in (20_000, documents):  # the first loads compiled kernels
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            corpus = corpus_of(folder, count)
            stage = {
                "name": "all",
                "tokens": int(count * AVERAGE * SHARE),
                "prior": {"uniform": 1, "over": "domain.sub"},
            }
            driver = driver_of({"corpora": {"web": corpus}, "stages": [stage], "split_bytes": 1 << 30}, folder)
            driver.measure()
            start = time.process_time()
            for step in (driver.plan, driver.pick, driver.order):
                step()
            used = time.process_time() - start
    return {"seconds": used, "peak": peak()}


def write_tokens(folder: Path, documents: int) -> int:
    """Domains as Megatron has them, the tokens themselves left out; how many tokens there are."""
    rng, total = np.random.default_rng(0), 0
    weights = 1 / np.arange(1, DOMAINS + 1)
    for number, count in enumerate((weights / weights.sum() * documents).astype(int)):
        lengths = rng.lognormal(6, 1, count).astype("<i4") + 1
        starts = (np.cumsum(lengths, dtype=np.int64) - lengths) * 2
        head = b"MMIDIDX\x00\x00" + np.array([1], "<u8").tobytes() + bytes([8])
        head += np.array([count, count + 1], "<u8").tobytes()
        rest = (lengths, starts.astype("<i8"), np.arange(count + 1, dtype="<i8"))
        (folder / f"{number}.idx").write_bytes(head + b"".join(part.tobytes() for part in rest))
        with open(folder / f"{number}.bin", "wb") as file:
            file.truncate(int(lengths.sum(dtype=np.int64)) * 2)
        total += int(lengths.sum(dtype=np.int64))
    return total


def megatron(documents: int) -> dict:
    from types import SimpleNamespace

    import torch
    from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig

    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    tokenizer = SimpleNamespace(eod=1, eos=1, pad=-1, vocab_size=32_000)
    tokenizer.special_tokens_dict, tokenizer.unique_identifiers = {}, {"class": "none"}
    options = {"reset_position_ids": False, "reset_attention_mask": False, "eod_mask_loss": False}
    with tempfile.TemporaryDirectory() as name:
        count = int(write_tokens(Path(name), documents) * SHARE) // LENGTH
        prefixes = [f"{name}/{number}" for number in range(DOMAINS)]
        start = time.process_time()
        config = GPTDatasetConfig(
            random_seed=0,
            sequence_length=LENGTH,
            blend=(prefixes, [1.0] * DOMAINS),
            split="1,0,0",
            path_to_cache=f"{name}/cache",
            tokenizer=tokenizer,
            **options,
        )
        whole = BlendedMegatronDatasetBuilder(GPTDataset, [count, 0, 0], lambda: True, config).build()[0]
        used = time.process_time() - start
        epochs = max(own.document_index.size / len(own.indices) for own in whole.datasets)
    return {"seconds": used, "peak": peak(), "sequences": count, "epochs": epochs}


def peak() -> int:
    """Kilobytes that this process had in memory at most, mapped files included."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000_000)
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "algok-loaders")
    parser.add_argument("--megatron", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.megatron:
        print(json.dumps(megatron(options.documents)))
        return
    from loaders import make_environment

    shown("algok: plan, pick, order", ours(options.documents), options.documents)
    python = str(make_environment(options.environment))
    command = [python, "-I", "-W", "ignore", __file__, "--megatron", "--documents", str(options.documents)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    shown("Megatron's indices", json.loads(done.stdout.strip().splitlines()[-1]), options.documents)


def shown(way: str, found: dict, documents: int) -> None:
    more = f", {found['sequences']:,} sequences, {found['epochs']:.1f} epochs at most" if "epochs" in found else ""
    used = found["seconds"]
    print(
        f"{way:<26} {used:7.2f} s, {used / documents * 1e6:.3f} µs per document, peak {found['peak'] / 1e6:.2f} GB{more}"
    )


if __name__ == "__main__":
    main()
