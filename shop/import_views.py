"""The owner's page for importing a file of orders, and how far it is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, make_response, redirect, request, send_file
from sqlalchemy import select

from foundation import clock
from foundation.doors import reading, writing
from foundation.tables import new_id
from foundation.web.forms import refilling
from foundation.web.pages import render
from members.session import requires, signed_in, viewer
from shop import uploads
from shop.forms import ImportForm
from shop.models import OrderImport

#: Larger files go through the command.
LARGEST_FILE = 512 * 1024 * 1024

bp = Blueprint("imports", __name__)


@bp.url_value_preprocessor
def let_owners_send_more(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Before anything reads the body: only who may import may send much."""
    who = viewer()
    if who is not None and who.may("orders.import"):
        request.max_content_length = LARGEST_FILE


@bp.route("/orders/import", methods=["GET", "POST"])
@requires("orders.import")
def import_orders() -> Any:
    form = ImportForm(currency=current_app.extensions["settings"].currency, time_zone="UTC")
    if form.validate_on_submit():
        import_id = new_id(clock.now())
        with refilling(form):
            _keep(form, import_id)
        if not form.refused:
            return redirect(f"/orders/import/{import_id}", 303)
    with reading() as session:
        earlier = session.scalars(
            select(OrderImport).order_by(OrderImport.id.desc()).limit(10)
        ).all()
    return render("shop/import.html", form=form, earlier=earlier)


def _keep(form: ImportForm, import_id: str) -> None:
    """Keep the file, look at it, and let the worker have it; a refused file is thrown away."""
    path = uploads.folder(current_app.extensions["settings"].data) / f"{import_id}.csv"
    form.file.data.save(path)
    options = {
        "currency": form.currency.data or "",
        "time_zone": form.time_zone.data,
        "date_format": form.date_format.data,
        "said": form.said(),
    }
    try:
        uploads.look_at(path, options)
    except Exception:
        path.unlink(missing_ok=True)
        raise
    name = form.file.data.filename or "orders.csv"
    with writing() as session:
        size = path.stat().st_size
        uploads.take(session, signed_in().id, import_id, name, size, options, clock.now())


@bp.get("/orders/import/<import_id>")
@requires("orders.import")
def progress(import_id: str) -> Any:
    """How far an import is; the page reloads itself until it has ended."""
    with reading() as session:
        upload = session.get(OrderImport, import_id) or abort(404)
    answer = make_response(render("shop/import_progress.html", upload=upload))
    if upload.ended_at is None:
        answer.headers["Refresh"] = "3"  # works without script
    return answer


@bp.get("/orders/import/<import_id>/rejects.csv")
@requires("orders.import")
def rejects(import_id: str) -> Any:
    """The rows that were not taken in, with the reasons."""
    with reading() as session:
        upload = session.get(OrderImport, import_id) or abort(404)
    place = uploads.folder(current_app.extensions["settings"].data).resolve()
    path = place / f"{upload.id}.rejects.csv"
    if not path.exists():
        abort(404)
    return send_file(path, "text/csv", as_attachment=True, download_name="rejects.csv")
