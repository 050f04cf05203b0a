"""The pictures of docs/negotiation.md as SVG: cost against satisfaction, and what refusing brings over turns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

from bot.negotiation.simulation.measure import (
    ASKS,
    HEQI,
    ORACLE,
    ORACLE_STANDS,
    ORACLES,
    STANDS,
    WIDER,
    Figures,
)

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "heqi"

from matplotlib import pyplot  # noqa: E402

OURS, KNOWING, OTHER = "#c2410c", "#64748b", "#1d4ed8"
UNLABELLED = (HEQI, ASKS, ORACLE)
"""Points so near to their neighbour of the same colour that a label would only cover it."""
PLACES = {
    "conceder": (6, 7, "left"), ORACLE_STANDS: (7, -1, "left"), STANDS: (7, -9, "left"), WIDER: (-7, 3, "right"),
    "always full refund": (-7, -3, "right"),
}
"""Where a label stands beside its point where upper right is taken: (points right, up, the point's side)."""
CONCESSIONS = ("fixed ladder", "Boulware", "linear", "conceder", "posted entitlement", "Bayes, profit only", STANDS)


def draw(rows: Sequence[Figures], folder: Path) -> list[Path]:
    """Writes the pictures into the folder (made if missing) and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_cost_and_satisfaction(rows, folder), _concessions(rows, folder)]


def _colour(name: str) -> str:
    return OURS if name.startswith("Heqi") else KNOWING if name in ORACLES else OTHER


def _save(figure: pyplot.Figure, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def _cost_and_satisfaction(rows: Sequence[Figures], folder: Path) -> Path:
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for row in rows:
        breaks_law = row.breach > 0
        axes.scatter(row.cost, row.satisfaction, color=_colour(row.name), marker="x" if breaks_law else "o", s=40)
        if row.name in UNLABELLED:
            continue
        right, up, side = PLACES.get(row.name, (6, 3, "left"))
        axes.annotate(
            row.name, (row.cost, row.satisfaction), textcoords="offset points", xytext=(right, up), ha=side, fontsize=8
        )
    axes.set_xlabel("total cost over order value (money, people, lost goodwill)")
    axes.set_ylabel("satisfaction of honest customers")
    axes.set_title("Cost against satisfaction (x: deals below the law that were never disclosed)", fontsize=10)
    axes.grid(alpha=0.3)
    return _save(figure, folder / "cost-satisfaction.svg")


def _concessions(rows: Sequence[Figures], folder: Path) -> Path:
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for row in rows:
        if row.name in CONCESSIONS and row.worths:
            turns = range(1, len(row.worths) + 1)
            width = 2.5 if row.name == STANDS else 1.2
            axes.plot(turns, row.worths, marker="o", label=row.name, linewidth=width, color=OURS if row.name == STANDS else None)
    axes.set_xlabel("menus refused, demanding everything")
    axes.set_ylabel("best neutral worth on the menu (share of the price)")
    axes.set_title("What refusing brings", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return _save(figure, folder / "concessions.svg")
