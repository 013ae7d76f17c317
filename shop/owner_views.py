"""The owner's catalogue: every product, a new one, changing one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect
from sqlalchemy import select

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import Form, refilling
from foundation.web.pages import render
from foundation.words import LANGUAGES, _
from members.session import requires
from shop import page, products
from shop.catalogue_forms import NewProductForm, ProductForm, values_of
from shop.models import Product

bp = Blueprint("catalogue", __name__)


@bp.get("/products/manage")
@requires("shop.edit")
def manage() -> Any:
    """Every product, hidden ones too."""
    with reading() as session:
        everything = session.scalars(select(Product).order_by(Product.id)).all()
    return render("shop/manage.html", products=everything, drawing=page.drawing)


@bp.route("/products/new", methods=["GET", "POST"])
@requires("shop.edit")
def new() -> Any:
    currency = current_app.extensions["settings"].currency
    form = NewProductForm(data={"currency": currency, "shown": True})
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            draft = form.draft(form.typed("slug").strip())
            products.add(session, draft, clock.now())
        if not form.refused:
            return _done(draft.shown, draft.slug, _("The product is in the shop."))
    return _form_page(form, None)


@bp.route("/products/<slug>/edit", methods=["GET", "POST"])
@requires("shop.edit")
def edit(slug: str) -> Any:
    with reading() as session:
        product = session.scalars(select(Product).where(Product.slug == slug)).first() or abort(404)
    form = ProductForm(data=values_of(product))
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            kept = session.scalars(select(Product).where(Product.slug == slug)).one()
            draft = form.draft(slug, kept.image)
            products.change(session, kept, draft, clock.now())
        if not form.refused:
            return _done(draft.shown, slug, _("Saved. Everybody sees it from now on."))
    return _form_page(form, product)


def _done(is_shown: bool, slug: str, said: str) -> Any:
    flash(said if is_shown else _("Saved. Nobody but owners sees it."), "good")
    return redirect(f"/products/{slug}" if is_shown else "/products/manage", 303)


def _form_page(form: Form, product: Product | None) -> Any:
    page = render("shop/edit_product.html", form=form, product=product, languages=LANGUAGES)
    return page, 422 if form.errors else 200
