"""Places on the shop's pages that rooms above fill; app.py wires them, so none is known here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from shop.models import Product

DRAWINGS = Path(__file__).parent.parent / "static" / "products"

#: A section of a product's page: its template and what the template needs.
Section = Callable[[Session, Product], tuple[str, Mapping[str, Any]]]
#: A line on a product's card in the grid, by product id; products left out show none.
Note = Callable[[Session, Sequence[str]], Mapping[str, tuple[str, Mapping[str, Any]]]]

#: Where a member's own words about products stand, by product id; products without are left out.
Words = Callable[[Session, str, Sequence[str]], Mapping[str, str]]

#: Sections below a product, in this order. Who fills one touches `product:<slug>` on a change.
SECTIONS: list[Section] = []
#: Lines on cards. Who fills one touches `reviews` or `products` on a change.
NOTES: list[Note] = []
#: What a buyer has said about what she bought.
WORDS: list[Words] = []


def sections(session: Session, product: Product) -> list[tuple[str, Mapping[str, Any]]]:
    """What the rooms show below a product."""
    return [section(session, product) for section in SECTIONS]


def notes(
    session: Session, product_ids: Sequence[str]
) -> dict[str, list[tuple[str, Mapping[str, Any]]]]:
    """What the rooms say on the products' cards."""
    said: dict[str, list[tuple[str, Mapping[str, Any]]]] = {each: [] for each in product_ids}
    for note in NOTES:
        for product_id, line in note(session, product_ids).items():
            said[product_id].append(line)
    return said


def words_of(session: Session, member_id: str, product_ids: Sequence[str]) -> dict[str, str]:
    """Addresses of what a member has said about these products."""
    said: dict[str, str] = {}
    for words in WORDS:
        said |= words(session, member_id, product_ids)
    return said


def drawings() -> list[str]:
    """The names of all drawings there are."""
    return sorted(path.stem for path in DRAWINGS.glob("*.svg"))


@lru_cache
def drawing(image: str | None) -> str | None:
    """The address of a product's drawing, or None when there is none by that name."""
    known = image is not None and (DRAWINGS / f"{image}.svg").exists()
    return f"/static/products/{image}.svg" if known else None
