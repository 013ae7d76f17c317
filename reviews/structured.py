"""schema.org Product data for search engines: the same numbers and labels as the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foundation.money import exponent
from foundation.words import _, plural, text_in
from reviews.queries import Said, Section
from rewards.explaining_rules import given_all
from rewards.rules import POINTS
from shop.models import Product


def product_data(product: Product, section: Section, site: str) -> dict[str, Any]:
    """A product with its aggregate rating and the reviews of the page, as JSON-LD.

    `site` is the public address without a slash at its end. Google shows no stars for a shop's
    reviews of itself, so only Product is marked up.
    """
    address = f"{site}/products/{product.slug}"
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": address,
        "url": address,
        "sku": product.slug,
        "name": text_in(product.name),
        "description": text_in(product.summary),
        "offers": {
            "@type": "Offer",
            "price": _decimal(product.price, product.currency),
            "priceCurrency": product.currency,
            "url": address,
        },
    }
    if section.rating.total:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": section.rating.shown,
            "reviewCount": section.rating.total,
            "bestRating": 5,
            "worstRating": 1,
        }
        data["review"] = _reviews(section.page.rows, site)
    return data


def label(said: Said) -> str:
    """What the ledger says its author was given; empty for nothing."""
    if not said.earned:
        return ""
    if said.earned.keys() == {POINTS}:
        return plural(
            "Earned %(num)s point, whatever the stars",
            "Earned %(num)s points, whatever the stars",
            said.earned[POINTS],
        )
    return _("Earned %(what)s, whatever the stars", what=given_all(said.earned))


def _reviews(shown: Sequence[Said], site: str) -> list[dict[str, Any]]:
    reviews = []
    for said in shown:
        row = said.review
        review = {
            "@type": "Review",
            "url": f"{site}/reviews/{row.id}",
            "name": row.title,
            "reviewBody": row.body,
            "datePublished": row.created_at.date().isoformat(),
            "author": {"@type": "Person", "name": row.author},
            "reviewRating": {
                "@type": "Rating",
                "ratingValue": row.stars,
                "bestRating": 5,
                "worstRating": 1,
            },
            "publishingPrinciples": f"{site}/how-reviews-work",
        }
        reviews.append(review | ({"creditText": label(said)} if said.earned else {}))
    return reviews


def _decimal(minor_units: int, currency: str) -> str:
    """An amount with a point, as schema.org wants it: 2933 USD is `29.33`."""
    places = exponent(currency)
    return f"{minor_units / 10**places:.{places}f}"
