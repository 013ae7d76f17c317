"""The form of a product."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from foundation import slugs
from foundation.money import major, typed_amount
from foundation.refusal import Refused
from foundation.web.forms import Form, choices
from foundation.web.texts import as_fields, ask_in_every_language, typed_texts
from foundation.words import lazy
from shop import page
from shop.models import Product
from shop.products import ProductDraft

NAME_LENGTH = 120
SUMMARY_LENGTH = 300
DESCRIPTION_LENGTH = 20_000


def _drawings() -> list[Any]:
    drawn = ((name, name) for name in page.drawings())
    return choices([("", lazy("A tin with its name on the label")), *drawn])


class ProductForm(Form):
    """A product but for its address; texts are added below, one field per language."""

    price = StringField(
        lazy("Price"),
        [InputRequired(), Length(max=30)],
        description=lazy("Like 14.00"),
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 30},
    )
    currency = StringField(
        lazy("Currency"),
        [InputRequired(), Length(max=3)],
        description=lazy("Three letters, like USD"),
        render_kw={"autocomplete": "off", "maxlength": 3},
    )
    image = SelectField(lazy("Picture"), [Optional()], choices=_drawings, validate_choice=False)
    shown = BooleanField(lazy("Show it in the shop"))

    def draft(self, slug: str, image: str | None = None) -> ProductDraft:
        """What was typed; Refused for a price that is none. `image` stays when none is chosen."""
        currency = self.typed("currency").strip().upper()
        return ProductDraft(
            slug,
            typed_texts(self, "name"),
            self._amount(currency),
            currency,
            typed_texts(self, "summary"),
            typed_texts(self, "description"),
            self._drawing(image),
            bool(self.shown.data),
        )

    def _drawing(self, kept: str | None) -> str | None:
        chosen = self.image.data
        if chosen == "":
            return None
        return chosen if chosen in page.drawings() else kept

    def _amount(self, currency: str) -> int:
        try:
            return typed_amount(self.typed("price"), currency)
        except Refused as refusal:
            refusal.field = "price"
            raise


class NewProductForm(ProductForm):
    """A product that is not there yet."""

    slug = StringField(
        lazy("Address"),
        [InputRequired(), Length(max=slugs.LONGEST)],
        description=lazy(
            "Small letters, digits and hyphens, like yunnan-black. It stays for good, and is the"
            " product’s number (SKU) in orders."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": slugs.LONGEST},
    )


def _name(language: str, needed: bool) -> Any:
    return StringField(
        lazy("Name (%(language)s)", language=language),
        [InputRequired() if needed else Optional(), Length(max=NAME_LENGTH)],
        render_kw={"maxlength": NAME_LENGTH},
    )


def _summary(language: str, needed: bool) -> Any:
    return StringField(
        lazy("In one sentence (%(language)s)", language=language),
        [Optional(), Length(max=SUMMARY_LENGTH)],
        render_kw={"maxlength": SUMMARY_LENGTH},
    )


def _description(language: str, needed: bool) -> Any:
    return TextAreaField(
        lazy("Description (%(language)s)", language=language),
        [Optional(), Length(max=DESCRIPTION_LENGTH)],
        description=lazy("Markdown works: **bold**, _italic_, > quote, - list."),
        render_kw={"rows": 6, "maxlength": DESCRIPTION_LENGTH},
    )


ask_in_every_language(ProductForm, "name", _name)
ask_in_every_language(ProductForm, "summary", _summary)
ask_in_every_language(ProductForm, "description", _description)


def values_of(product: Product) -> dict[str, Any]:
    """What the form shows of a product before it is changed."""
    return {
        "price": str(major(product.price, product.currency)),
        "currency": product.currency,
        "image": product.image or "",
        "shown": product.shown,
    } | as_fields(name=product.name, summary=product.summary, description=product.description)
