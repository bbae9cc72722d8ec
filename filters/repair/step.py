"""Step 4, character repair: text whose characters were damaged on the way, back to what was written.

A detector kernel tells which documents may be damaged and how; only those are looked at in Python, and only by the
repairs of their kinds. Clean documents come back byte for byte, a clean batch without a copy. What cannot be repaired is
measured on the text that comes out.
"""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.filters.repair.escapes import (
    decode_entities,
    decode_iso2022kr,
    decode_percent,
    decode_unicode_escapes,
    decode_utf7,
)
from algok.filters.repair.fullwidth import plain_fullwidth
from algok.filters.repair.invisible import plain_line_ends, plain_spaces, remove_invisible
from algok.filters.repair.jamo import compose_conjoining, compose_halfwidth, compose_ksx1001, compose_spelled
from algok.filters.repair.mojibake import repair_cp949, repair_latin
from algok.filters.repair.spacing import join_syllables, restore_spaces
from algok.kernels import damage
from algok.kernels.buffers import string_buffers
from algok.kernels.damage import CHARS, HANGUL, LOST, PUA, RARE, REPLACEMENT
from algok.step import Bound, Edited, EditStep, Signal, StepOptions

# kind (the signal it counts for), bits of the detector that call for it, repair. In order: bytes before characters,
# characters before words.
_REPAIRS: tuple[tuple[str, int, Callable[[str], tuple[str, int]]], ...] = (
    ("mojibake", damage.MOJIBAKE, repair_latin),
    ("mojibake", damage.UTF8_AS_CP949, repair_cp949),
    ("escapes", damage.ISO2022, decode_iso2022kr),
    ("entities", damage.ENTITIES, decode_entities),
    ("escapes", damage.ESCAPES, decode_unicode_escapes),
    ("escapes", damage.PERCENT, decode_percent),
    ("escapes", damage.UTF7, decode_utf7),
    ("line_ends", damage.LINE_ENDS, plain_line_ends),
    ("compat_jamo", damage.INVISIBLE, compose_ksx1001),
    ("halfwidth_jamo", damage.HALFWIDTH_JAMO, compose_halfwidth),
    ("invisible", damage.INVISIBLE, remove_invisible),
    ("spaces", damage.SPACES | damage.INVISIBLE, plain_spaces),
    ("nfd", damage.JAMO, compose_conjoining),
    ("compat_jamo", damage.COMPAT_JAMO, compose_spelled),
    ("fullwidth", damage.FULLWIDTH, plain_fullwidth),
    ("spacing", damage.SPACED_OUT, join_syllables),
    ("spacing", damage.LOST_SPACES, restore_spaces),
)
KINDS = tuple(dict.fromkeys(kind for kind, _, _ in _REPAIRS))

# One repair may lay bare another kind of damage (an entity of a no-break space); nothing seen needed more than four
# rounds. A text that still changes after these is hostile and stays as it came, so the repair is idempotent.
_ROUNDS = 10
_SAMPLES = 5
_EXCERPT = 80


class Repair(EditStep[StepOptions]):
    """Repairs damaged characters in `text`; counts every repair by kind and measures what is lost for good."""

    name: ClassVar[str] = "repair"
    signals: ClassVar[tuple[Signal, ...]] = (
        Signal("edits", pa.int32(), "count", "places repaired, all kinds"),
        Signal("mojibake", pa.int32(), "count", "lines decoded with the right character set"),
        Signal("escapes", pa.int32(), "count", "runs of \\uXXXX, percent-encoding, UTF-7 or ISO-2022-KR decoded"),
        Signal("entities", pa.int32(), "count", "HTML entities decoded"),
        Signal("line_ends", pa.int32(), "count", "line ends made \\n"),
        Signal("compat_jamo", pa.int32(), "count", "runs of compatibility jamo composed to syllables"),
        Signal("halfwidth_jamo", pa.int32(), "count", "runs of half-width jamo composed"),
        Signal("invisible", pa.int32(), "count", "invisible characters removed"),
        Signal("spaces", pa.int32(), "count", "exotic spaces made U+0020"),
        Signal("nfd", pa.int32(), "count", "runs of conjoining jamo composed to syllables"),
        Signal("fullwidth", pa.int32(), "count", "runs of full-width ASCII made ASCII"),
        Signal("spacing", pa.int32(), "count", "places where word spaces were restored or taken out"),
        Signal(
            "pua", pa.int32(), "count", "private-use characters U+E000..F8FF left (old Hangul of HWP, symbol fonts)"
        ),
        Signal("replacement_ratio", pa.float32(), "ratio", "U+FFFD / characters, after the repair"),
        Signal("lost_ratio", pa.float32(), "ratio", "question marks and stray letters for lost ones / characters"),
        Signal("damage_ratio", pa.float32(), "ratio", "irreparable characters / characters, after the repair"),
    )
    default_bounds: ClassVar[dict[str, Bound]] = {"damage_ratio": Bound(max=0.02)}

    def edit(self, batch: pa.RecordBatch) -> Edited:
        """Repaired texts and the signals; `samples` holds up to five (kind, excerpt of the repaired place)."""
        texts = batch.column("text")
        if texts.type != pa.large_string():
            texts = texts.cast(pa.large_string())
        data, offsets = string_buffers(texts)
        mask, counts = damage.scan(data, offsets)
        edits = np.zeros((len(texts), len(KINDS)), np.int32)
        changed: dict[int, str] = {}
        samples: list[tuple[str, str]] = []
        flagged = np.flatnonzero(mask)
        if len(flagged):
            before = texts.take(pa.array(flagged)).to_pylist()
            after = _repair_all(before, mask[flagged], edits, flagged)
            for row, old, new in zip(flagged.tolist(), before, after):
                if new != old:
                    changed[row] = new
                    _sample(samples, KINDS[int(np.flatnonzero(edits[row])[0])], old, new)
        if changed:
            rows = np.fromiter(changed, np.int64, len(changed))
            repaired = pa.array(list(changed.values()), pa.large_string())
            selected = np.zeros(len(texts), bool)
            selected[rows] = True
            texts = pc.replace_with_mask(texts, pa.array(selected), repaired)
            counts[rows] = damage.scan(*string_buffers(repaired))[1]
        return Edited(texts, _signals(edits, counts), samples)


def repair_text(text: str) -> str:
    """One text repaired, as the step does it."""
    batch = pa.record_batch({"text": pa.array([text], pa.large_string())})
    return Repair().edit(batch).text[0].as_py()


def _repair_all(texts: list[str], mask: np.ndarray, edits: np.ndarray, rows: np.ndarray) -> list[str]:
    """Repairs until the detector's flags lead to no change; counts into `edits[rows[i]]`."""
    now = list(texts)
    active = list(range(len(texts)))
    bits = mask
    for _ in range(_ROUNDS):
        moved = []
        for i, flags in zip(active, bits.tolist()):
            text = _repair_once(now[i], flags, edits[rows[i]])
            if text != now[i]:
                now[i] = text
                moved.append(i)
        if not moved:
            return now
        active = moved
        bits = damage.scan(*string_buffers(pa.array([now[i] for i in active], pa.large_string())))[0]
    for i in active:
        now[i] = texts[i]
        edits[rows[i]] = 0
    return now


def _repair_once(text: str, flags: int, edits: np.ndarray) -> str:
    for kind, bits, repair in _REPAIRS:
        if flags & bits:
            text, count = repair(text)
            edits[KINDS.index(kind)] += count
    return text


def _sample(samples: list[tuple[str, str]], kind: str, old: str, new: str) -> None:
    """Adds an excerpt around the first repaired place, one per kind while there is room."""
    if len(samples) >= _SAMPLES or any(kind == k for k, _ in samples):
        return
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[:middle] == new[:middle]:
            low = middle
        else:
            high = middle - 1
    start = max(0, low - 10)
    samples.append((kind, new[start : start + _EXCERPT]))


def _signals(edits: np.ndarray, counts: np.ndarray) -> dict[str, pa.Array]:
    chars = np.maximum(counts[:, CHARS], 1)
    # One question mark may be the writer's haste. Syllables outside KS X 1001 are slang (됬, 넼) unless they are every
    # fourth and stand among question marks, as where UTF-8 was read as CP949.
    lost = np.where(counts[:, LOST] >= 2, counts[:, LOST], 0)
    rare = np.where((lost > 0) & (counts[:, RARE] * 4 >= counts[:, HANGUL]), counts[:, RARE], 0)
    signals = {kind: pa.array(edits[:, k]) for k, kind in enumerate(KINDS)}
    return {
        "edits": pa.array(edits.sum(axis=1, dtype=np.int32)),
        **signals,
        "pua": pa.array(counts[:, PUA]),
        "replacement_ratio": _float32(counts[:, REPLACEMENT] / chars),
        "lost_ratio": _float32(counts[:, LOST] / chars),
        "damage_ratio": _float32((counts[:, REPLACEMENT] + lost + rare) / chars),
    }


def _float32(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype(np.float32))
