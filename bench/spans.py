"""Repeated spans on real pages and documents: what the step cuts, which planted passages it finds, and how fast.

    python bench/spans.py removed     WARC files and collections: documents changed, spans and characters cut
    python bench/spans.py planted     passages planted in long lines of pages: found, and how much of them is cut
    python bench/spans.py read        cut spans between their surroundings, one per text (digits masked; local use only)
    python bench/spans.py speed       sketch, resolve and act; memory and bytes of the sketch

Pages that repeat most of the long lines of earlier pages are set aside first, as step 1 would have done. Pages are read as they
come, and once more with every line feed made a space, as from extractors that give none.
"""

import argparse
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lines import documents, pages

from algok.filters.hosts import groups_of
from algok.filters.spans import Spans, SpansOptions
from algok.kernels import spans as kernels
from algok.kernels.buffers import string_buffers
from algok.pipelines.memory import MemoryCorpus

BATCH = 1000
SPANS = 1000  # of one document that are looked at


def batches(shard: pa.Table) -> list[pa.RecordBatch]:
    return shard.combine_chunks().to_batches(max_chunksize=BATCH)


def resolved(step: Spans, shards: list[pa.Table]) -> list[np.ndarray]:
    corpus = MemoryCorpus.of(step, [batches(shard) for shard in shards])
    return [step.load(corpus, number) for number in range(len(shards))]


def cuts(step: Spans, shard: pa.Table, table: np.ndarray) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """For every document that loses something its number and the byte ranges of its different spans."""
    for number in range(shard.num_rows):
        (batch,) = batches(shard.slice(number, 1))
        data, offsets = string_buffers(batch["text"])
        out, ends = np.empty(offsets[-1] - offsets[0], np.uint8), np.empty(2, np.int64)
        counts, ranges = np.zeros((1, 3), np.int64), np.zeros((SPANS, 2), np.int64)
        options = step.options
        changed, found = kernels.cut_spans(
            data,
            offsets,
            groups_of(batch),
            table,
            options.host_share,
            options.host_documents,
            out,
            ends,
            counts,
            ranges,
        )
        if changed:
            yield number, (ranges[:found] - offsets[0]).tolist()


def in_one_line(shard: pa.Table) -> pa.Table:
    return shard.set_column(
        shard.schema.get_field_index("text"), "text", pc.replace_substring(shard["text"], "\n", " ")
    )


def removed(step: Spans, names: list[str], shards: list[pa.Table]) -> None:
    print(f"{'':32}{'documents':>10}{'changed':>9}{'spans':>8}{'different':>10}{'% of bytes':>11}")
    for name, shard, table in zip(names, shards, resolved(step, shards), strict=True):
        texts = [text.encode() for text in shard["text"].to_pylist()]
        changed = spans = gone = 0
        different = set()
        for number, ranges in cuts(step, shard, table):
            changed += 1
            spans += len(ranges)
            gone += sum(end - start for start, end in ranges)
            different |= {texts[number][start:end] for start, end in ranges}
        size = sum(map(len, texts))
        print(f"{name:32}{len(texts):>10}{changed:>9}{spans:>8}{len(different):>10}{100 * gone / size:>11.2f}")


def read(step: Spans, names: list[str], shards: list[pa.Table], seed: int, most: int) -> None:
    """Spans of different texts at random: the text before, the span, the text behind."""
    found = {}
    for name, shard, table in zip(names, shards, resolved(step, shards), strict=True):
        texts = shard["text"].to_pylist()
        for number, ranges in cuts(step, shard, table):
            text = texts[number].encode()
            for start, end in ranges:
                found.setdefault((name, text[start:end]), (text[max(0, start - 120) : start], text[end : end + 120]))
    chosen = random.Random(seed).sample(sorted(found), min(most, len(found)))
    for number, (name, span) in enumerate(chosen):
        before, behind = found[name, span]
        print(f"--- {number} {name} {len(span)} bytes")
        print(f"{masked(before)}⟦{masked(span)}⟧{masked(behind)}")


def masked(text: bytes) -> str:
    return re.sub(r"\d", "0", text.decode(errors="ignore").replace("\n", "⏎"))


def planted(shards: list[pa.Table], seed: int) -> None:
    """A passage of prose of each size in the middle of a long line of half of the pages of a host, at a word's border."""
    print(f"{'bytes':>6}{'hosts':>7}{'pages':>7}{'found':>8}{'share of the passage cut':>26}{'other bytes cut':>17}")
    rng = random.Random(seed)
    passages = [text for text in prose(shards) if len(text) > 3000]
    for size in (150, 200, 250, 300, 500, 1000):
        hosts = pages_found = found = cut = planted_bytes = others = 0
        for host in range(40):
            pool = rng.sample(passages, 25)
            passage = piece(pool[0], size, rng)
            texts = [piece(text, 1200, rng) for text in pool[1:]]
            held = set(rng.sample(range(24), 12))
            texts = [insert(text, passage, rng) if k in held else text for k, text in enumerate(texts)]
            shard = pa.table(
                {"text": pa.array(texts, pa.large_string()), "url": [f"http://h{host}.kr/{k}" for k in range(24)]}
            )
            step = Spans()
            ranges = dict(cuts(step, shard, resolved(step, [shard])[0]))
            hosts += 1
            for k in held:
                begin = len(texts[k][: texts[k].index(passage)].encode())
                end = begin + len(passage.encode())
                inside = sum(max(0, min(b, end) - max(a, begin)) for a, b in ranges.get(k, []))
                pages_found += 1
                found += inside > 0
                cut += inside
                planted_bytes += end - begin
                others += sum(b - a for a, b in ranges.get(k, [])) - inside
        share = cut / planted_bytes
        print(f"{size:>6}{hosts:>7}{pages_found:>7}{found / pages_found:>8.3f}{share:>26.3f}{others:>17}")


def prose(shards: list[pa.Table]) -> list[str]:
    """Texts in one line, of which most letters are Korean."""
    texts = (" ".join(text.split()) for shard in shards for text in shard["text"].to_pylist())
    return [text for text in texts if len(re.findall("[가-힣]", text)) > len(text) / 2]


def piece(text: str, size: int, rng: random.Random) -> str:
    """Words of a text that come to about `size` bytes, from a word's border on."""
    words = text.split(" ")
    start = rng.randrange(max(1, len(words) // 2))
    taken, length = [], 0
    for word in words[start:]:
        length += len(word.encode()) + 1
        taken.append(word)
        if length > size:
            break
    return " ".join(taken)


def insert(text: str, passage: str, rng: random.Random) -> str:
    words = text.split(" ")
    place = rng.randrange(1, len(words))
    return " ".join([*words[:place], passage, *words[place:]])


def speed(shards: list[pa.Table]) -> None:
    table = pa.concat_tables(shards).combine_chunks()
    size, parts, step = table["text"].nbytes / 1e6, batches(table), Spans()
    found = resolved(step, [table])[0]  # compiles the kernels

    def sketch() -> pa.Table:
        sketcher = step.sketcher()
        for batch in parts:
            sketcher.add(batch)
        output = sketcher.finish()
        assert isinstance(output, dict)
        return output["spans"]

    def act() -> None:
        for batch in parts:
            step.act(batch, 0, found)

    keys = sketch()

    def rounds() -> None:
        MemoryCorpus([{"spans": keys}], [table.num_rows]).resolve(step)

    works = {"sketch": sketch, "resolve": rounds, "act": act}
    best = dict.fromkeys(works, float("inf"))
    for _ in range(5):
        for name, work in works.items():
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
    bytes_per_key = size * 1e6 / max(1, keys.num_rows)
    print(
        f"{size:.1f} MB, {keys.num_rows} keys ({keys.nbytes / 1e6 / size:.2f} of the text's bytes; a key for {bytes_per_key:.0f})"
    )
    for name, seconds in best.items():
        print(f"{name:10}{size / seconds:8.0f} MB per second of processor time")


COLLECTIONS = (
    "domain/law_statutes", "domain/petitions", "domain/bible_krv", "domain/wikinews_ko", "domain/unesco_reports",
    "domain/book_reviews_nanet", "domain/book_reviews_acorn", "domain/fairytales", "clean/python_docs_ko",
    "clean/tensorflow_docs_ko", "clean/react_docs_ko", "clean/ms_dynamics_docs_ko", "noisy/ms_cpp_docs_ko",
    "noisy/dps_web_sample", "labels/domain_texts",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["removed", "planted", "read", "speed"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=100)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--documents", type=int, default=10)
    options = parser.parse_args()
    step = Spans(SpansOptions(host_share=options.share, host_documents=options.documents))
    files = sorted((options.data / "warc").glob("*.warc.gz"))
    shards = {path.name.split(".")[0]: pages(path) for path in files}
    if options.what in ("planted", "speed"):
        flat = [in_one_line(shard) for shard in shards.values()]
        planted(flat, options.seed) if options.what == "planted" else (speed(list(shards.values())), speed(flat))
        return
    shards |= {f"{name} in one line": in_one_line(shard) for name, shard in shards.items()}
    shards |= {name.split("/")[1]: documents(options.data / f"{name}.jsonl.zst") for name in COLLECTIONS}
    for flat in (False, True):
        chosen = [name for name in shards if name.endswith("in one line") is flat]
        given = [shards[name] for name in chosen]
        if options.what == "removed":
            removed(step, chosen, given)
        else:
            read(step, chosen, given, options.seed, options.most // 2)


if __name__ == "__main__":
    main()
