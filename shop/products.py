"""Putting products into the catalogue and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import search, slugs, versions
from foundation.markdown import to_html
from foundation.money import is_currency
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from shop.models import Product


@dataclass(frozen=True)
class ProductDraft:
    """A product as its owner writes it; texts are {language: text}, descriptions Markdown.

    `price` is in minor units of `currency`. `image` names a drawing in static/products/.
    """

    slug: str
    name: Mapping[str, str]
    price: int
    currency: str
    summary: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    shown: bool = True


def add(session: Session, draft: ProductDraft, now: datetime) -> Product:
    """Put a product into the catalogue; Refused when its address is taken or a value is wrong."""
    _check(draft)
    values = {"id": new_id(now), "slug": draft.slug, "created_at": now} | _values(draft)
    if not insert_once(session, Product, values):
        raise Refused(
            "There is a product “%(slug)s” already. Choose another address.",
            code="taken",
            field="slug",
            slug=draft.slug,
        )
    _show(session, draft, now)
    return session.scalars(select(Product).where(Product.slug == draft.slug)).one()


def change(session: Session, product: Product, draft: ProductDraft, now: datetime) -> None:
    """Replace everything but the address, which links and reviews hold on to."""
    _check(draft)
    for name, value in _values(draft).items():
        setattr(product, name, value)
    session.flush()
    versions.touch(session, "site")  # its name stands on pages of reviews and orders too
    _show(session, draft, now)


def _check(draft: ProductDraft) -> None:
    slugs.check(draft.slug)
    if not draft.name.get("en"):
        raise Refused("Give the product an English name.", code="name", field="name")
    if draft.price < 0:
        raise Refused("A price cannot be below zero.", code="price", field="price")
    if not is_currency(draft.currency):
        raise Refused(
            "“%(currency)s” is no currency code. Use three letters such as USD.",
            code="currency",
            field="currency",
            currency=draft.currency,
        )


def _values(draft: ProductDraft) -> dict[str, object]:
    return {
        "name": dict(draft.name),
        "summary": dict(draft.summary),
        "description": dict(draft.description),
        "description_html": {code: to_html(text) for code, text in draft.description.items()},
        "price": draft.price,
        "currency": draft.currency,
        "image": draft.image,
        "shown": draft.shown,
    }


def _show(session: Session, draft: ProductDraft, now: datetime) -> None:
    versions.touch(session, "products", f"product:{draft.slug}")
    if not draft.shown:
        search.forget(session, "product", draft.slug)
        return
    words = " ".join([*draft.name.values(), *draft.summary.values(), *draft.description.values()])
    search.index(session, "product", draft.slug, draft.name["en"], words, now)
