"""Pages of products and of one's own orders, and the demo checkout."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.web.forms import sentence_of
from foundation.web.pages import public_page, render
from foundation.web.throttle import limit
from foundation.words import _
from members.session import members_only, signed_in, viewer
from shop import buying, page, queries, rules
from shop.forms import BuyForm

bp = Blueprint("shop", __name__)


@bp.get("/products")
@public_page(lambda: ["products", "reviews"])
def products() -> Any:
    with reading() as session:
        shown = queries.shown_products(session)
        notes = page.notes(session, [product.id for product in shown])
    return render("shop/products.html", products=shown, notes=notes, drawing=page.drawing)


@bp.get("/products/<slug>")
@public_page(lambda slug: [f"product:{slug}"])
def product(slug: str) -> Any:
    with reading() as session:
        found = queries.product(session, slug)
        if found is None:
            return abort(404)
        sections = page.sections(session, found)
    return render(
        "shop/product.html",
        product=found,
        sections=sections,
        drawing=page.drawing(found.image),
        demo=current_app.extensions["settings"].demo,
        may_buy=viewer() is not None,  # a visitor's page holds no form, so it is kept whole
    )


@bp.post("/products/<slug>/buy")
@members_only
@limit("20 per 5 minutes", "buy")
def buy(slug: str) -> Any:
    """The demo checkout; a real business has its own shop and no such route."""
    if not current_app.extensions["settings"].demo:
        return abort(404)
    form = BuyForm()
    try:
        with writing() as session:
            found = queries.product(session, slug) or abort(404)
            order = buying.buy(session, signed_in().id, found, form.quantity.data or 0, clock.now())
    except Refused as refusal:
        flash(sentence_of(refusal), "bad")
        return redirect(f"/products/{slug}", 303)
    flash(_("Bought in the demo checkout: no money moved."), "good")
    return redirect(f"/me/orders/{order.id}", 303)


@bp.get("/me/orders")
@members_only
def my_orders() -> Any:
    with reading() as session:
        found = queries.my_orders(session, signed_in().id, request.args.get("page"))
    return render("shop/my_orders.html", page=found)


@bp.get("/me/orders/<order_id>")
@members_only
def my_order(order_id: str) -> Any:
    with reading() as session:
        found = queries.order_page(session, order_id, signed_in().id) or abort(404)
        products = [line.product_id for line in found.lines if line.product_id]
        said = page.words_of(session, signed_in().id, products)
    today = clock.now().date()
    return render(
        "shop/my_order.html",
        page=found,
        order=found.order,
        said=said,
        steps=rules.steps(found.order, today),
        promise=rules.promise(found.order.promised_on, found.order.delivered_at, today),
    )
