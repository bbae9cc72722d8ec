import itertools
import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.filters.dedup import Dedup, DedupOptions
from algok.filters.duplicates import clusters, decisions, pairs
from algok.filters.duplicates.sketches import needs, sketch_tables
from algok.kernels import minhash
from algok.kernels.duplicates import NO_KEY, band_keys
from algok.pipelines.memory import MemoryCorpus


def run(
    shards: list[list[str]], step: Dedup | None = None, reference: tuple[bool, ...] = (), batch_rows: int = 1000
) -> list[dict]:
    """All documents in order with their signals; `duplicate_of` and `cluster` as places in that order."""
    step = step or Dedup()
    batches, sketches, place = [], [], 0
    for shard in shards:
        sketcher = step.sketcher()
        batches.append([])
        for start in range(0, len(shard), batch_rows):
            texts = shard[start : start + batch_rows]
            ids = pa.array([f"{place + i:032x}" for i in range(len(texts))], pa.string())
            batch = pa.record_batch({"id": ids, "text": pa.array(texts, pa.large_string())})
            sketcher.add(batch)
            batches[-1].append(batch)
            place += len(texts)
        sketches.append(sketcher.finish())
    corpus = MemoryCorpus(sketches, [len(shard) for shard in shards], list(reference) or None)
    corpus.resolve(step)
    rows = []
    for shard, parts in enumerate(batches):
        resolved, first = step.load(corpus, shard), 0
        for batch in parts:
            edited = step.act(batch, first, resolved)
            assert edited.text.equals(batch.column("text"))
            assert {name: array.type for name, array in edited.signals.items()} == {
                s.name: s.type for s in step.signals
            }
            rows += pa.table(edited.signals).to_pylist()
            first += batch.num_rows
    for row in rows:
        for name in ("cluster", "duplicate_of"):
            row[name] = None if row[name] is None else int(row[name], 16)
    return rows


def prose(seed: int, eojeol: int = 120) -> str:
    """Random syllables in eojeol of two to four: no two seeds resemble each other."""
    rng = random.Random(seed)
    return " ".join(
        "".join(chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(rng.randint(2, 4))) for _ in range(eojeol)
    )


def edit(text: str, eojeol: int, seed: int = 0) -> str:
    rng = random.Random(seed)
    parts = text.split(" ")
    for i in rng.sample(range(len(parts)), eojeol):
        parts[i] = "바뀐말"
    return " ".join(parts)


ALONE = {
    "duplicate_rank": 0, "cluster": None, "cluster_size": 1, "similarity": None, "duplicate_of": None, "exact": False,
}  # fmt: skip


def test_exact_copies_but_for_whitespace_and_case():
    text = prose(1) + " Hello World"
    rows = run([[text, prose(2)], ["  " + text.replace(" ", "\n\u3000").upper()]])
    assert rows[0] == {**ALONE, "cluster": 0, "cluster_size": 2, "similarity": 1.0}
    assert rows[1] == ALONE
    assert rows[2] == {
        "duplicate_rank": 1, "cluster": 0, "cluster_size": 2, "similarity": 1.0, "duplicate_of": 0, "exact": True,
    }  # fmt: skip


def test_near_copies_name_the_kept_document_and_the_similarity():
    text = prose(1)
    other = edit(text, 2)
    rows = run([[prose(9), text, other + " 덧붙임"]])
    assert rows[1]["duplicate_of"] == 2 and rows[1]["duplicate_rank"] == 1 and not rows[1]["exact"]
    a, b = minhash.sketch(pa.array([text, other + " 덧붙임"], pa.large_string()), 5, 112).signatures
    assert rows[1]["similarity"] == pytest.approx((a == b).mean())
    assert rows[2]["duplicate_rank"] == 0 and rows[2]["cluster"] == rows[1]["cluster"] == 2


def test_keep_rules():
    long, short = prose(1) + " 끝말", prose(1)
    assert [r["duplicate_of"] for r in run([[short, long]])] == [1, None]
    assert [r["duplicate_of"] for r in run([[short, long]], Dedup(DedupOptions(keep="first")))] == [None, 0]
    assert [r["duplicate_of"] for r in run([[short, short]])] == [None, 0]


def test_default_bound_keeps_rank_zero_only():
    assert Dedup.default_bounds["duplicate_rank"].max == 0


def test_documents_of_an_earlier_corpus_come_first_and_are_never_ranked():
    text = prose(1)
    shards = [[text + " 조금 더 긴 글"], [text, text]]
    rows = run(shards, reference=(False, True))
    assert rows[0]["duplicate_of"] in (1, 2) and rows[0]["duplicate_rank"] == 1
    assert [row["duplicate_rank"] for row in rows[1:]] == [0, 0]


def test_all_documents_of_an_earlier_corpus_are_compared_with():
    """The new text resembles the second reference, which resembles the first; the first alone would not do."""
    first = prose(1, 200)
    second = edit(first, 7, 1)
    third = edit(second, 7, 2)
    rows = run([[first, second], [third]], Dedup(DedupOptions(threshold=0.8)), reference=(True, False))
    similar = minhash.sketch(pa.array([first, second, third], pa.large_string()), 5, 112).signatures
    assert (similar[0] == similar[2]).mean() < 0.8 <= (similar[1] == similar[2]).mean()
    assert rows[2]["duplicate_of"] == 1


def test_blank_documents_are_no_duplicates_and_symbols_only_exact_ones():
    rows = run([["", " \n", "", "!!!", "!!!", "???", "…"]])
    assert [row["duplicate_of"] for row in rows] == [None, None, None, None, 3, None, None]
    assert rows[4]["exact"]


def test_short_documents():
    rows = run(
        [["네", "네!", "네", "아니요", "한 남자가 말하고 있다.", "남자가 말하고 있다.", "반갑습니다", "반갑 습니다"]]
    )
    duplicates = [row["duplicate_of"] for row in rows]
    assert duplicates[2] == 0 and duplicates[1] == 0  # punctuation is in no shingle
    assert duplicates[3:6] == [None] * 3
    assert duplicates[7] == 6


@pytest.mark.parametrize("leaders", [4, 128])
def test_a_chain_does_not_run_away(monkeypatch, leaders):
    """Each text resembles its neighbours only: whatever is dropped resembles what is kept for it."""
    monkeypatch.setattr(decisions, "LEADERS", leaders)
    chain = [prose(1, 150)]
    for seed in range(40):
        chain.append(edit(chain[-1], 4, seed))
    rows = run([chain])
    signatures = minhash.sketch(pa.array(chain, pa.large_string()), 5, 112).signatures
    kept = {i for i, row in enumerate(rows) if row["duplicate_rank"] == 0}
    assert 3 <= len(kept) < 30
    for i, row in enumerate(rows):
        if row["duplicate_of"] is not None:
            assert row["duplicate_of"] in kept
            assert (signatures[i] == signatures[row["duplicate_of"]]).mean() >= 0.75


def corpus_of(families: list[int], seed: int) -> list[str]:
    """For each number n in `families` a text and n variants of it, shuffled, with blanks and short ones between."""
    rng = random.Random(seed)
    texts = ["", "네", "네", "!!"]
    for family, variants in enumerate(families):
        text = prose(seed * 1000 + family, rng.randint(3, 90))
        texts.append(text)
        texts += [edit(text, rng.randint(0, min(3, text.count(" "))), rng.randrange(99)) for _ in range(variants)]
    rng.shuffle(texts)
    return texts


def split(texts: list[str], cuts: list[int]) -> list[list[str]]:
    edges = [0, *sorted(cut % (len(texts) + 1) for cut in cuts), len(texts)]
    return [texts[a:b] for a, b in itertools.pairwise(edges)]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=8), st.integers(0, 999), st.lists(st.integers(0, 99), max_size=4),
    st.integers(1, 7), st.sampled_from(["longest", "first"]),
)  # fmt: skip
def test_shards_and_batches_do_not_matter(families, seed, cuts, batch_rows, keep):
    texts, step = corpus_of(families, seed), Dedup(DedupOptions(keep=keep))
    assert run(split(texts, cuts), step, batch_rows=batch_rows) == run([texts], step)


@pytest.mark.parametrize(("keys", "documents", "chunk"), [(7, 3, 2), (40, 10, 5), (100, 1, 1000)])
def test_numbers_of_partitions_and_chunks_do_not_matter(monkeypatch, keys, documents, chunk):
    shards = split(corpus_of([3, 0, 9, 1, 30, 2, 2, 0, 0, 5], 5), [20, 40])
    expected = run(shards)
    assert sum(row["duplicate_rank"] > 0 for row in expected) > 20
    for name, value in (("KEYS", keys), ("DOCUMENTS", documents), ("COMPARED", documents), ("CHUNK", chunk)):
        monkeypatch.setattr(pairs, name, value)
    for name, value in (("DOCUMENTS", documents), ("DECIDED", documents), ("CHUNK", chunk)):
        monkeypatch.setattr(decisions, name, value)
    monkeypatch.setattr(clusters, "EDGES", 4 * documents)
    assert run(shards) == expected


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.integers(0, 999), st.randoms(use_true_random=False))
def test_order_decides_between_equally_long_documents_only(copies, seed, rng):
    texts = []
    for family, count in enumerate(copies):
        text = prose(seed * 1000 + family, 60)
        texts += [text] * (count + 1) + [text + " 덧붙임"] * (count % 2)
    order = list(range(len(texts)))
    rng.shuffle(order)
    plain, moved = run([texts]), run([[texts[i] for i in order]])
    kept = sorted((texts[i], row["cluster_size"]) for i, row in enumerate(plain) if not row["duplicate_rank"])
    assert kept == sorted(
        (texts[order[i]], row["cluster_size"]) for i, row in enumerate(moved) if not row["duplicate_rank"]
    )
    assert len(kept) == len(copies)


def test_every_dropped_document_is_in_a_cluster_with_one_kept():
    rows = run([corpus_of([6, 6, 6, 40], 8)])
    for row in rows:
        if row["duplicate_of"] is not None:
            assert rows[row["duplicate_of"]]["duplicate_rank"] == 0
            assert row["cluster"] == row["duplicate_of"]
    for cluster in {row["cluster"] for row in rows} - {None}:
        members = [row for row in rows if row["cluster"] == cluster]
        assert sorted(row["duplicate_rank"] for row in members) == list(range(members[0]["cluster_size"]))


def test_a_bucket_of_equal_texts_is_linear_and_one_cluster():
    text = prose(1)
    count = 20_000
    rows = run([[text] * count])
    assert sum(row["duplicate_rank"] == 0 for row in rows) == 1
    assert rows[0]["cluster_size"] == count


def test_a_hostile_bucket_is_bounded():
    """More unlike documents in a bucket than it compares with: none is dropped, none is lost."""
    rng = np.random.default_rng(1)
    signatures = rng.integers(0, 1 << 32, (500, 112), np.uint32)
    signatures[:, :8] = 7
    exact = rng.integers(1, 1 << 63, (500, 2), np.uint64)
    ones = np.ones((500, 2), np.uint32)
    sketches = minhash.Sketches(signatures, signatures, exact, ones[:, 0], ones)
    corpus = MemoryCorpus([sketch_tables(np.zeros((500, 16), np.uint8), sketches, 14)], [500])
    step = Dedup()
    corpus.resolve(step)
    assert corpus.count("stars") == 0
    assert step.load(corpus, 0).signals(0, 500)["cluster_size"].to_pylist() == [1] * 500


def test_empty_corpus_and_empty_shards():
    assert run([[]]) == []
    assert run([[], ["글"], []]) == [ALONE]


@pytest.mark.parametrize("bad", ["0" * 31, "0" * 33, "g" * 32, "A" * 32, "", "가" * 32])
def test_other_ids_are_errors(bad):
    batch = pa.record_batch({"id": pa.array([bad]), "text": pa.array(["글"], pa.large_string())})
    with pytest.raises(ValueError, match="32 lower-case"):
        Dedup().sketcher().add(batch)


def test_bands_and_rows_are_free():
    text = prose(4)
    rows = run([[text, edit(text, 6), prose(5)]], Dedup(DedupOptions(bands=20, rows=5, threshold=0.6, ngram=3)))
    assert [row["duplicate_rank"] > 0 for row in rows].count(True) == 1


def twin(texts: list[str], step: Dedup) -> list[tuple[int | None, int, int]]:
    """What every document repeats, its rank and the size of its cluster, by the rule alone: all keys in one dictionary, all
    signatures in memory, components by repainting."""
    options = step.options
    width, threshold = options.bands * options.rows, options.threshold
    found = minhash.sketch(pa.array(texts, pa.large_string()), options.ngram, width)
    keys = band_keys(found.signatures, found.cores, found.exact, options.bands).tolist()
    exact = [tuple(row) for row in found.exact.tolist()]
    views = [(found.signatures, found.sizes[:, 0]), (found.cores, found.sizes[:, 1])]

    def agreeing(one: int, other: int) -> int:
        """Values in common of the pair of texts or cores that has most among those that have enough; -1 where none has."""
        enough = [-1]
        for (a, sizes_a), (b, sizes_b) in itertools.product(views, views):
            small, large = sorted(int(size) for size in (sizes_a[one], sizes_b[other]))
            apart = round(np.log2(large + 1) * 2048) - round(np.log2(small + 1) * 2048) if small >= 500 else 0
            share = max(0.9, 2 * threshold / (1 + threshold))
            least = min(threshold, max(share / (1 + 2 ** (min(apart, 2047) / 2048) - share), 0.8 * threshold))
            same = int((a[one] == b[other]).sum())
            enough += [same] if same >= least * width - 1e-9 else []
        return max(enough)

    buckets: dict[int, list[int]] = {}
    for document, own in enumerate(keys):
        for key in set(own) - {int(NO_KEY)}:
            buckets.setdefault(key, []).append(document)
    colour = list(range(len(texts)))
    for members in buckets.values():
        for document, leader in _led(members, agreeing, pairs.LEADERS).items():
            old, new = colour[document], colour[leader]
            colour = [new if c == old else c for c in colour]
    result: list[tuple[int | None, int, int]] = [(None, 0, 1)] * len(texts)
    for component in set(colour):
        members = [d for d in range(len(texts)) if colour[d] == component]
        if options.keep == "longest":
            members.sort(key=lambda d: (-int(found.letters[d]), d))
        copies = {d: next(m for m in members if exact[m] == exact[d]) for d in members}
        led = _led([d for d in members if copies[d] == d], agreeing, decisions.LEADERS)
        kept = {d: led.get(copies[d], copies[d]) for d in members}
        for document in members:
            cluster = [d for d in members if kept[d] == kept[document]]
            rank = cluster.index(document)
            result[document] = (kept[document] if rank else None, rank, len(cluster))
    return result


def _led(members: list[int], agreeing: Callable[[int, int], int], most: int) -> dict[int, int]:
    """The leader of each that has one: the most similar of the first and the latest leaders, the earlier slot among equals."""
    slots, had, found = [], 0, {}
    for document in members:
        equal = [agreeing(document, slot) for slot in slots]
        if equal and max(equal) >= 0:
            found[document] = slots[equal.index(max(equal))]
        elif had < most:
            slots.append(document)
            had += 1
        else:
            slots[most // 2 + (had - most // 2) % (most - most // 2)] = document
            had += 1
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=6), st.integers(0, 999), st.lists(st.integers(0, 99), max_size=5),
    st.sampled_from(["longest", "first"]), st.integers(1, 9), st.sampled_from([2, 8]),
)  # fmt: skip
def test_many_small_tasks_decide_as_the_rule_does_in_memory(families, seed, cuts, keep, size, leaders):
    texts, step = corpus_of(families, seed), Dedup(DedupOptions(keep=keep))
    with pytest.MonkeyPatch.context() as patch:
        for module, names in (
            (pairs, ("KEYS", "DOCUMENTS", "COMPARED", "CHUNK")),
            (decisions, ("DOCUMENTS", "DECIDED")),
        ):
            for name in names:
                patch.setattr(module, name, size)
        patch.setattr(clusters, "EDGES", size)
        patch.setattr(pairs, "LEADERS", leaders)
        patch.setattr(decisions, "LEADERS", leaders)
        rows = run(split(texts, cuts), step)
        expected = twin(texts, step)
    assert [(row["duplicate_of"], row["duplicate_rank"], row["cluster_size"]) for row in rows] == expected


def article(seed: int, paragraphs: int = 4) -> str:
    return "\n".join(f"{prose(seed * 50 + k, 50)}. 끝이다." for k in range(paragraphs))


def page(seed: int, text: str, lines: int = 20) -> str:
    """A text between the menu and the links of a site."""
    head, tail = (prose(seed * 1000 + part, 3 * lines).split(" ") for part in (1, 2))
    menu, links = ("\n".join(" ".join(words[k : k + 3]) for k in range(0, len(words), 3)) for words in (head, tail))
    return f"{menu}\n{text}\n{links}"


def test_an_article_is_found_in_the_pages_of_other_sites():
    bare, one, two = article(1), page(1, article(1)), page(2, article(1), 22)
    rows = run([[bare, one], [two, page(1, article(2))]])
    assert [row["duplicate_of"] for row in rows] == [2, 2, None, None]
    assert [row["similarity"] for row in rows[:3]] == [pytest.approx(1, abs=0.05)] * 2 + [1]
    texts = minhash.sketch(pa.array([one, two], pa.large_string()), 5, 112).signatures
    assert (texts[0] == texts[1]).mean() < 0.75


def test_a_text_is_found_in_one_that_has_a_third_more():
    """Their similarity is below the threshold, but nearly all of the smaller one is in the larger. Short ones are other texts."""
    text, more = prose(1, 300), prose(2, 85)
    rows = run([[text, f"{text} {more}"]])
    assert rows[0]["duplicate_of"] == 1 and 0.6 <= rows[0]["similarity"] < 0.85
    assert [row["duplicate_rank"] for row in run([[text, f"{text} {prose(2, 260)}"]])] == [0, 0]
    short, less = prose(1, 60), prose(2, 32)
    assert [row["duplicate_rank"] for row in run([[short, f"{short} {less}"]])] == [0, 0]


@pytest.mark.parametrize("threshold", [0.3, 0.6, 0.75, 0.9, 1.0])
def test_what_must_agree_falls_from_the_threshold_to_the_floor(threshold):
    found = needs(threshold, 1000)
    assert found[0] == np.ceil(threshold * 1000 - 1e-9)
    assert (np.diff(found) <= 0).all() and found[-1] >= np.ceil(0.8 * threshold * 1000 - 1e-9)
    assert needs(0.75, 100)[[0, 2047]].tolist() == [75, 60]


def test_entries_around_the_same_paragraphs_make_other_documents():
    forms = ["\n".join(f"항목{k}: {word}" for k, word in enumerate(prose(seed, 90).split(" "))) for seed in (5, 6)]
    rows = run([[f"{form}\n{article(3)}" for form in forms]])
    assert [row["duplicate_rank"] for row in rows] == [0, 0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=10), st.integers(1, 9))
def test_pages_decide_in_small_tasks_as_the_rule_does_in_memory(pages, size):
    texts = [page(site, article(number)) if site else article(number) for site, number in pages]
    with pytest.MonkeyPatch.context() as patch:
        for module, names in (
            (pairs, ("KEYS", "DOCUMENTS", "COMPARED", "CHUNK")),
            (decisions, ("DOCUMENTS", "DECIDED")),
        ):
            for name in names:
                patch.setattr(module, name, size)
        rows = run(split(texts, [1]), Dedup())
        expected = twin(texts, Dedup())
    assert [(row["duplicate_of"], row["duplicate_rank"], row["cluster_size"]) for row in rows] == expected


@pytest.mark.parametrize("turns", [1, 2, 10])
def test_components_of_any_graph_whatever_the_number_of_tasks_and_turns(monkeypatch, turns):
    """Chains, stars and random graphs, in tasks that see a few edges each; what is left after the turns is joined too."""
    monkeypatch.setattr(clusters, "TURNS", turns)
    monkeypatch.setattr(clusters, "EDGES", 60)
    rng = np.random.default_rng(2)
    chain = np.stack([np.arange(99), np.arange(1, 100)])
    star = np.stack([np.full(50, 1070), rng.permutation(np.arange(1000, 1051))[:50]])
    loose = rng.integers(2000, 2120, (2, 90))
    shuffled = rng.permutation(200)[np.stack([np.arange(199), np.arange(1, 200)])] + 3000
    left, right = np.concatenate([chain, star, loose, shuffled], axis=1).astype(np.uint64)
    differ = left != right
    left, right = left[differ], right[differ]
    known = MemoryCorpus([], [])
    halves = [clusters.star_table(*clusters.star_forest(left[k::5], right[k::5])) for k in range(5)]
    known._rounds["stars"] = halves
    for round_ in clusters.rounds():
        parts = round_.partitions(known)
        for part in range(parts):
            for name, table in round_.run(known, part, parts).items():
                known._rounds.setdefault(name, []).append(table)
    labels = pa.concat_tables(known.round("labels")).sort_by("key")
    documents, parents = np.unique(np.concatenate([left, right])), {}
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        low, high = sorted((_top(parents, a), _top(parents, b)))
        if low != high:
            parents[high] = low
    assert labels["key"].to_pylist() == documents.tolist()
    assert labels["component"].to_pylist() == [_top(parents, document) for document in documents.tolist()]


def _top(parents: dict[int, int], node: int) -> int:
    while node in parents:
        node = parents[node]
    return node


def test_a_bucket_beyond_what_is_compared_in_one_go_still_meets_its_first_documents(monkeypatch):
    monkeypatch.setattr(pairs, "BUCKET", 16)
    text = prose(1, 200)
    rows = run([[text + f" {prose(seed, 1)}" for seed in range(k, 200, 4)] for k in range(4)])
    assert sum(row["duplicate_rank"] == 0 for row in rows) == 1
