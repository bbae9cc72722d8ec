"""The card of a model: its manifest as a page that a person reads."""

from typing import Any


def render(manifest) -> str:
    """Markdown with the description, data, parameters, metrics and files of a `store.Manifest`."""
    rows = [f"| {d.name} | {d.license} | {d.documents:,} | {d.megabytes:.2f} | {d.use} |" for d in manifest.data]
    parts = [
        f"# {manifest.name} {manifest.version}",
        f"Kind: {manifest.kind} · trained {manifest.created} · digest `{manifest.digest[:16]}`",
        manifest.description,
        "## Data",
        "\n".join(["| set | licence | documents | MB | use |", "|---|---|--:|--:|---|", *rows]),
        "## Metrics",
        _tree(manifest.metrics),
        "## Parameters",
        _tree(manifest.parameters),
        "## Files",
        "\n".join(f"- `{name}` SHA-256 `{digest}`" for name, digest in manifest.files.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _tree(value: dict[str, Any], indent: str = "") -> str:
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) and item:
            lines += [f"{indent}- {key}", _tree(item, indent + "  ")]
        else:
            shown = f"{item:.4g}" if isinstance(item, float) else _short(item)
            lines.append(f"{indent}- {key}: {shown}")
    return "\n".join(lines) or "none"


def _short(item: Any) -> str:
    text = ", ".join(map(str, item)) if isinstance(item, list) else str(item)
    return text if len(text) <= 300 else text[:297] + "…"
