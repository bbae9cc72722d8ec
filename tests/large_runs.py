"""A report's figures as if its run had been very large."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from algok.pipelines.summary import SourceSummary


def many_shards(report, shards: int, sources: int):
    """The report with so many shards (every hundredth keeps little) and sources."""
    random = np.random.default_rng(7)
    found, times = report.shards, -(-shards // len(report.shards))
    columns = {
        key: np.concatenate([getattr(found, key)] * times)[:shards] + random.integers(0, 3, shards)
        for key in ("documents", "quarantined", "kept", "text_bytes", "tokens")
    }
    columns["documents"] += columns["kept"]
    dropped = np.concatenate([found.dropped] * times)[:shards]
    odd = np.where(np.arange(shards) % 100 == 0, 9.0, 0.0)
    table = replace(
        found,
        names=pa.array(f"crawl-2026-48/segment-{i:06d}.warc.gz" for i in range(shards)),
        **columns,
        dropped=dropped,
        seconds=random.random(shards),
        peak_bytes=random.integers(1 << 28, 1 << 30, shards),
        failed=random.integers(0, 2, shards),
        why=["kept" if far else "" for far in odd],
        odd=odd,
    )
    rules = {f"{step.name}.{rule.signal}.{rule.side}": 7 for step in report.summary.steps for rule in step.rules}
    many = tuple(
        SourceSummary(name=f"기관 {i:04d}", read=5000 - i, kept=4000 - i, kept_tokens=9, dropped={}, rules=rules)
        for i in range(sources)
    )
    return replace(report, shards=table, summary=report.summary.model_copy(update={"sources": many, "shards": shards}))
