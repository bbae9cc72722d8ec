"""Charts as SVG: a few paths each, so that a page with a hundred of them stays small, prints, and needs no library."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from algok.dashboard.bins import Bins, position
from algok.dashboard.markup import Markup, joined, tag
from algok.step import Bound

WIDTH, HEIGHT, BASE, TOP = 320, 104, 84, 6
_TICKS = 5


@dataclass(frozen=True)
class Shown:
    """Which bins a histogram shows: from `first` to before `last`, each `step` wide in the units of the drawing."""

    first: int
    last: int

    @property
    def step(self) -> float:
        return WIDTH / (self.last - self.first)

    def x(self, place: float) -> float:
        return min(max((place - self.first) * self.step, 0), WIDTH)


def shown_bins(bins: Bins, edges: Sequence[float], unit: str, bounds: Sequence[Bound]) -> Shown:
    """All bins of a flag; else those that hold something or are cut by a bound, and one more on each side."""
    if unit == "flag":
        return Shown(1, 3)
    places = [float(place) for place, count in bins.items() if count]
    places += [position(tuple(edges), unit, side, limit) for bound in bounds for side, limit in bound.limits()]
    low, high = (int(min(places)), int(np.ceil(max(places)))) if places else (1, 2)
    first = max(low - 1, 0 if bins.get(0) else 1)
    return Shown(first, min(max(high + 2, first + 8), len(edges) + 1))


def histogram(
    bins: Bins,
    edges: Sequence[float],
    unit: str,
    bound: Bound,
    outside: dict[str, int],
    shown: Shown,
    other: Bins | None = None,
) -> list[Markup]:
    """What is inside the bound in one colour, what is outside in another, and the bound as a line. Heights are logarithmic.
    `other` is another run's histogram, drawn as an outline in proportion to its own documents."""
    marks = {side: position(tuple(edges), unit, side, limit) for side, limit in bound.limits()}
    peak = max([*bins.values(), 1])
    inside, beyond = _bars(bins, shown, marks, outside, peak)
    parts: list[Markup | None] = [_grid(peak), _skyline(sorted(inside), "in"), _skyline(sorted(beyond), "out")]
    if other:
        parts.append(_outline(other, shown, sum(bins.values()), peak))
    parts += [_mark(side, shown.x(place), place) for side, place in marks.items()]
    return [*filter(None, parts), _axis(), _ticks(edges, unit, shown)]


def _axis() -> Markup:
    return tag("line", x1=0, x2=WIDTH, y1=BASE, y2=BASE, class_="axis")


Bar = tuple[float, float, float]  # left, right, height


def _bars(
    bins: Bins, shown: Shown, marks: dict[str, float], outside: dict[str, int], peak: int
) -> tuple[list[Bar], list[Bar]]:
    """The bars inside the bound and those outside. A bin that a bound cuts is drawn as two bars, each as high as its own
    documents: how many lie outside is counted."""
    inside: list[Bar] = []
    beyond: list[Bar] = []
    for place, count in sorted(bins.items()):
        if not count or not shown.first <= place < shown.last:
            continue
        for left, right, documents, is_outside in _pieces(place, count, bins, marks, outside):
            if documents > 0:
                bar = (shown.x(left), shown.x(right), _height(documents, peak))
                (beyond if is_outside else inside).append(bar)
    return inside, beyond


def _pieces(
    place: int, count: int, bins: Bins, marks: dict[str, float], outside: dict[str, int]
) -> list[tuple[float, float, int, bool]]:
    """A bin as (left, right, documents, whether outside), cut where a bound cuts it."""
    low, high = marks.get("min", -np.inf), marks.get("max", np.inf)
    if place + 1 <= low or place >= high:
        return [(place, place + 1, count, True)]
    left, right, pieces, rest = float(place), place + 1.0, [], count
    if place < low:
        certain = sum(n for other, n in bins.items() if other < place)
        beyond = min(max(outside.get("min", 0) - certain, 0), rest)
        pieces.append((left, low, beyond, True))
        left, rest = low, rest - beyond
    if high < place + 1:
        certain = sum(n for other, n in bins.items() if other > place)
        beyond = min(max(outside.get("max", 0) - certain, 0), rest)
        pieces.append((high, right, beyond, True))
        right, rest = high, rest - beyond
    return [*pieces, (left, right, rest, False)]


def _skyline(bars: Iterable[Bar], name: str, low: float = BASE) -> Markup | None:
    """Bars as one path: bars that touch share their sides, so that a histogram takes few signs."""
    parts, end = [], None
    for left, right, height in bars:
        if left != end:
            parts.append(f"{f'V{_written(low)}' if parts else ''}M{_written(left)} {_written(low)}")
        parts.append(f"V{_written(low - height)}H{_written(right)}")
        end = right
    return tag("path", d="".join(parts) + f"V{_written(low)}", class_=name) if parts else None


def _written(value: float) -> str:
    """One decimal, and none where it is zero."""
    return f"{value:.1f}".removesuffix(".0")


def _height(count: float, peak: int) -> float:
    return max((BASE - TOP) * np.log1p(count) / np.log1p(peak), 1.5)


def _outline(bins: Bins, shown: Shown, documents: int, peak: int) -> Markup:
    scale = documents / max(sum(bins.values()), 1)
    points = [f"M{shown.x(shown.first):.1f} {BASE}"]
    for place in range(shown.first, shown.last):
        count = min(bins.get(place, 0) * scale, peak)
        points.append(f"V{BASE - (_height(count, peak) if count else 0):.1f}H{shown.x(place + 1):.1f}")
    return tag("path", d="".join(points), class_="other")


def _grid(peak: int) -> Markup:
    """A faint line and its number at powers of ten, three at most."""
    powers = [10**power for power in range(0, 13) if 10**power <= peak]
    chosen = powers[:: -max(1, -(-len(powers) // 3))]
    heights = [(count, BASE - _height(count, peak)) for count in chosen]
    lines = tag("path", d="".join(f"M0 {y:.1f}h{WIDTH}" for _, y in heights), class_="grid")
    numbers = (tag("text", short(count), x=WIDTH, y=f"{y - 2:.1f}", class_="grid") for count, y in heights)
    return joined([lines, *numbers])


def _mark(side: str, x: float, place: float) -> Markup:
    return tag(
        "line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=0, y2=BASE, class_="bound", data_side=side, data_place=round(place, 3)
    )


def _ticks(edges: Sequence[float], unit: str, shown: Shown) -> Markup:
    """The numbers under the axis, at edges that are round."""
    if unit == "flag":
        return _axis_text([(shown.x(1.5), "0"), (shown.x(2.5), "1")])
    places = range(max(shown.first, 1), min(shown.last, len(edges)) + 1)
    step = max(1, -(-len(places) // _TICKS))
    step = next((nice for nice in (1, 2, 4, 5, 10, 20, 40) if nice >= step), step)
    start = next((p for p in places if (p - 1) % step == 0), places[0])
    return _axis_text([(shown.x(place), short(edges[place - 1])) for place in range(start, places[-1] + 1, step)])


def _axis_text(labels: list[tuple[float, str]]) -> Markup:
    parts = []
    for x, label in labels:
        anchor = "start" if x < 12 else "end" if x > WIDTH - 12 else None
        parts.append(tag("tspan", label, x=f"{x:.0f}", text_anchor=anchor))
    return tag("text", *parts, y=BASE + 14)


def bars(values: Sequence[float], total: float) -> list[Markup]:
    """Thin bars for the cells of a table: parts of a whole, side by side, in the colours kept and dropped."""
    x, drawn = 0.0, []
    for value, name in zip(values, ("in", "out", "rest"), strict=False):
        width = 100 * value / total if total else 0
        if width:
            drawn.append(tag("rect", x=f"{x:.2f}", y=1, width=f"{max(width, 0.4):.2f}", height=8, class_=name))
        x += width
    return drawn


MAX_COLUMNS = 120
STACKED = 4  # as many colours as `report.css` has for steps
_WIDEST = 24


def columns(shards: int) -> list[np.ndarray]:
    """The shards that each column of a chart stands for: one, or so many neighbours that there are no more than MAX_COLUMNS."""
    return np.array_split(np.arange(shards), min(shards, MAX_COLUMNS))


def _bands(count: int) -> tuple[float, float]:
    """The distance of columns and their width."""
    step = min(WIDTH / count, _WIDEST)
    return step, step - 1 if step > 4 else step


def stack(values: np.ndarray) -> list[Markup]:
    """Parts of 1 per column, one on the other; the first is drawn last, before the sums of it and the next."""
    step, wide = _bands(len(values))
    drawn = []
    for layer in reversed(range(values.shape[1])):
        heights = (BASE - TOP) * values[:, : layer + 1].sum(axis=1)
        bars = [(i * step, i * step + wide, float(height)) for i, height in enumerate(heights) if height > 0]
        drawn.append(_skyline(bars, f"s{layer}"))
    return [*_top_line("100 %", TOP), *filter(None, drawn), _axis()]


def strip(values: np.ndarray, marked: np.ndarray) -> list[Markup]:
    """A figure per shard in input order: a bar each, or of very many shards the greatest of so many neighbours, over it the
    median and the least. Marked shards have a dot."""
    groups = columns(len(values))
    high, (step, wide) = float(values.max()) or 1.0, _bands(len(groups))
    scale = (BASE - TOP - 4) / high

    def bars(figure: Callable[[np.ndarray], float], name: str) -> Markup | None:
        heights = [float(figure(values[rows])) * scale for rows in groups]
        return _skyline([(i * step, i * step + wide, height) for i, height in enumerate(heights) if height > 0], name)

    layers = [bars(np.max, "in")]
    if len(groups) < len(values):
        layers = [bars(np.max, "in faint"), bars(np.median, "in half"), bars(np.min, "in")]
    dots = "".join(
        f"M{_written(column * step + wide / 2)} {_written(BASE - 4 - float(values[rows][marked[rows]].max()) * scale)}h0"
        for column, rows in enumerate(groups)
        if marked[rows].any()
    )
    drawn = [*layers, tag("path", d=dots, class_="odd") if dots else None]
    return [*_top_line(short(high), TOP + 4), *filter(None, drawn), _axis()]


def _top_line(words: str, y: float) -> list[Markup]:
    line = tag("line", x1=0, x2=WIDTH, y1=y, y2=y, class_="grid")
    return [line, tag("text", words, x=WIDTH, y=y - 2, class_="grid")]


def short(value: float) -> str:
    """A number in few signs, for axes.

    >>> short(20000), short(0.3), short(1048576), short(64)
    ('20k', '0.3', '1M', '64')
    """
    for size, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{sign}" if abs(value) / size < 10 else f"{value / size:.0f}{sign}"
    return f"{value:.3g}"
