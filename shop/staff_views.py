"""The staff's desk: all orders, one order, the file of one customer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, redirect, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.money import typed_amount
from foundation.tables import new_id
from foundation.web.forms import refilling
from foundation.web.pages import render
from members.session import requires
from shop import ordering, queries, rules, told_facts
from shop.forms import DEMO_STEPS, DemoStepForm

bp = Blueprint("shop_desk", __name__)


def _wanted() -> tuple[str, str]:
    """What is looked for, and the address that keeps it over pages."""
    wanted = request.args.get("q", "").strip()[:200]
    return wanted, request.path + (f"?{urlencode({'q': wanted})}" if wanted else "")


@bp.get("/orders")
@requires("orders.see")
def orders() -> Any:
    wanted, path = _wanted()
    with reading() as session:
        page = queries.all_orders(session, wanted, request.args.get("page"), path)
        first = queries.packed_first(session, page.rows, clock.now())
    return render("shop/orders.html", page=page, wanted=wanted, first=first)


@bp.route("/orders/<order_id>", methods=["GET", "POST"])
@requires("orders.see")
def order(order_id: str) -> Any:
    """One order; a POST moves an order of the demo shop on."""
    form = DemoStepForm()
    if form.validate_on_submit():
        _demo_only()
        with refilling(form), writing() as session:
            _move(session, order_id, form)
        if not form.refused:
            return redirect(f"/orders/{order_id}", 303)
    with reading() as session:
        page = queries.order_page(session, order_id) or abort(404)
        first = queries.packed_first(session, [page.order], clock.now())
    return render(
        "shop/order.html",
        page=page,
        order=page.order,
        first=first,
        steps=rules.steps(page.order, clock.now().date()),
        form=form if current_app.extensions["settings"].demo else None,
        labels=DEMO_STEPS,
        open=rules.open_steps(page.order),
    )


def _demo_only() -> None:
    if not current_app.extensions["settings"].demo:
        abort(404)


def _move(session: Any, order_id: str, form: DemoStepForm) -> None:
    now = clock.now()
    if form.step.data != "refund":
        verbs = {"ship": ordering.ship, "deliver": ordering.deliver, "cancel": ordering.cancel}
        verbs[form.step.data or ""](session, order_id, now)
        return
    found = ordering.locked(session, order_id)
    amount = typed_amount(form.amount.data or "", found.currency)
    ordering.refund(session, order_id, amount, f"demo-{new_id(now)}", now)


@bp.get("/customers")
@requires("customers.see")
def customers() -> Any:
    wanted, path = _wanted()
    with reading() as session:
        page = queries.customers(session, wanted, request.args.get("page"), path)
    return render("shop/customers.html", page=page, wanted=wanted)


@bp.get("/customers/<handle>")
@requires("customers.see")
def customer(handle: str) -> Any:
    with reading() as session:
        page = queries.customer_page(session, handle, request.args.get("page")) or abort(404)
    return render("shop/customer.html", page=page, member=page.member, told=told_facts.tell)
