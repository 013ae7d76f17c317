"""The shop's products as far as rules name them. Whether there are such products, the room that
sells them knows; app.py lets it answer.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence

from sqlalchemy.orm import Session

from foundation.words import _, text_in
from rewards.documents import Texts
from rewards.rules import Programme

#: Which of these addresses are products' (more may be said about them).
Called = Callable[[Session, Sequence[str]], Container[str]]


def _any(session: Session, slugs: Sequence[str]) -> Container[str]:
    """Where nothing is sold, nothing can be missing."""
    return slugs


CALLED: list[Called] = [_any]


def named(rules: Programme) -> Iterator[tuple[Texts, Sequence[str]]]:
    """Every part of the programme that names products, with their addresses."""
    for rule in rules.earning:
        yield rule.name, rule.when.products
    for card in rules.cards:
        yield card.name, card.products
    for offer in rules.topups:
        yield offer.name, (offer.product,)


def missing(session: Session, rules: Programme) -> list[str]:
    """A sentence for every part that names a product which the shop does not have (yet)."""
    parts = [(name, slugs) for name, slugs in named(rules) if slugs]
    known = CALLED[0](session, sorted({slug for _name, slugs in parts for slug in slugs}))
    return [
        _(
            "“%(name)s” waits for a product that is not in the shop: %(slug)s",
            name=text_in(name),
            slug=slug,
        )
        for name, slugs in parts
        for slug in slugs
        if slug not in known
    ]
