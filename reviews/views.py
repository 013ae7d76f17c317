"""Pages of reviews. What is public and the same for all is cached; what is one reader's is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, current_app, flash, jsonify, redirect, request
from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.web.pages import public_page, render
from foundation.web.throttle import limit
from foundation.words import _
from members.page import Card
from members.session import requires, signed_in, viewer
from reviews import publishing, queries, replying, rules, structured, voting
from reviews.forms import ReplyForm, ReviewForm
from reviews.models import Review
from rewards import explaining, programme
from shop import queries as shop_queries
from shop.models import Product
from shop.page import drawing
from transparency import receipts
from transparency.queries import leaf

bp = Blueprint("reviews", __name__)
bp.add_app_template_global(structured.label, "earned_label")

VOTES: Mapping[str, bool | None] = {"helpful": True, "not": False, "none": None}


def section(session: Session, product: Product) -> tuple[str, Mapping[str, Any]]:
    """The reviews on a product's page (shop.page.SECTIONS); in its fragment, the same for all."""
    path, stars = f"/products/{product.slug}", request.args.get("stars", "")
    shown = queries.section(
        session,
        product.id,
        path,
        int(stars) if stars in ("1", "2", "3", "4", "5") else 0,
        request.args.get("page"),
    )
    site = current_app.extensions["settings"].public_url.rstrip("/")
    return "reviews/section.html", {
        "product": product,
        "section": shown,
        "path": path,
        "may_vote": viewer() is not None,
        "structured": structured.product_data(product, shown, site),
    }


def note(session: Session, product_ids: Sequence[str]) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """The stars on products' cards (shop.page.NOTES)."""
    found = queries.ratings(session, product_ids)
    return {
        product_id: ("reviews/note.html", {"rating": rating})
        for product_id, rating in found.items()
        if rating.total
    }


def my_card(member_id: str) -> Card | None:
    """What a member wrote, on her own page."""
    with reading() as session:
        said, total = queries.of_member(session, member_id)
    return Card("reviews/my_card.html", {"said": said[:3], "total": total})


def member_section(member_id: str) -> Card | None:
    """What a member wrote, on her public page."""
    with reading() as session:
        said, total = queries.of_member(session, member_id)
    return Card("reviews/member.html", {"said": said, "total": total}) if said else None


@bp.get("/reviews")
@public_page(lambda: ["reviews"])
def newest() -> Any:
    with reading() as session:
        page = queries.newest(session, request.args.get("page"), "/reviews")
    return render("reviews/newest.html", page=page)


@bp.get("/how-reviews-work")
@public_page(lambda: ["reviews", "programme"])
def how() -> Any:
    with reading() as session:
        removals = queries.removals(session)
        current = programme.current(session)
    earning = [
        explaining.rule(rule, current)
        for rule in (current.earning if current else ())
        if current and rule.fact == "review.published"
    ]
    return render("reviews/how.html", removals=removals, earning=earning, rules=rules)


@bp.route("/products/<slug>/reviews/new", methods=["GET", "POST"])
@requires("review.write")
@limit("20 per 10 minutes", "write")
def new(slug: str) -> Any:
    with reading() as session:
        product = shop_queries.product(session, slug) or abort(404)
        written = queries.review_by(session, signed_in().id, product.id)
        order = shop_queries.purchase(session, signed_in().id, product.id)
    if written and request.method == "GET":
        return redirect(f"/reviews/{written}/edit", 303)
    form = ReviewForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            review = publishing.publish(
                session, signed_in().id, product.id, form.draft(), clock.now()
            )
        if not form.refused:
            flash(_("Your review is public. Nobody reads it first, nobody edits it."), "good")
            return redirect(f"/products/{slug}#review-{review.id}", 303)
    context = {"product": product, "verified": order is not None, "drawing": drawing(product.image)}
    return render("reviews/form.html", form=form, review=None, **context), _status(form)


@bp.route("/reviews/<review_id>/edit", methods=["GET", "POST"])
@requires("review.write")
@limit("20 per 10 minutes", "write")
def edit(review_id: str) -> Any:
    with reading() as session:
        review = session.get(Review, review_id) or abort(404)
        product = session.get_one(Product, review.product_id)
    if review.author_id != signed_in().id:
        abort(403)
    form = ReviewForm(stars=str(review.stars), title=review.title, body=review.body)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            publishing.revise(session, signed_in().id, review_id, form.draft(), clock.now())
        if not form.refused:
            flash(_("Changed. What it said before stays readable."), "good")
            return redirect(f"/reviews/{review_id}", 303)
    context = {"product": product, "verified": False, "drawing": drawing(product.image)}
    return render("reviews/form.html", form=form, review=review, **context), _status(form)


@bp.get("/reviews/<review_id>")
def review(review_id: str) -> Any:
    return _review_page(review_id, ReplyForm(formdata=None))


@bp.post("/reviews/<review_id>/vote")
@requires("review.vote")
@limit("60 per 5 minutes", "vote")
def vote(review_id: str) -> Any:
    said = request.form.get("vote", "")
    if said not in VOTES:
        abort(400)
    with writing() as session:
        voting.vote(session, signed_in().id, review_id, VOTES[said], clock.now())
    return redirect(f"/reviews/{review_id}", 303)


@bp.post("/reviews/<review_id>/reply")
@requires("review.reply")
@limit("30 per 10 minutes", "write")
def reply(review_id: str) -> Any:
    form = ReplyForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            replying.reply(session, signed_in(), review_id, form.typed("body"), clock.now())
        if not form.refused:
            return redirect(f"/reviews/{review_id}", 303)
    return _review_page(review_id, form), _status(form)


@bp.get("/reviews/<review_id>/receipt.json")
@requires("review.write")
def receipt(review_id: str) -> Any:
    """What its author keeps: the receipt of the newest version, and what it commits to."""
    with reading() as session:
        review = session.get(Review, review_id) or abort(404)
        if review.author_id != signed_in().id:
            abort(403)
        told = receipts.receipt(session, leaf(session, review.leaf_index))
    return jsonify(told | {"content": publishing.content(review)})


def _review_page(review_id: str, form: ReplyForm) -> Any:
    who = viewer()
    with reading() as session:
        page = queries.review_page(session, review_id, who.id if who else None) or abort(404)
    return render(
        "reviews/review.html",
        page=page,
        form=form,
        is_author=who is not None and who.id == page.said.review.author_id,
        is_member=who is not None,
        may_reply=who is not None and who.may("review.reply"),
    )


def _status(form: Any) -> int:
    return 422 if form.errors else 200
