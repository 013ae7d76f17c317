"""The front page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from foundation.doors import reading
from foundation.web.pages import audience, public_page, render
from funnel import front
from shop.page import drawing

bp = Blueprint("front", __name__)


@bp.get("/")
@public_page(lambda: front.KEYS)
def home() -> Any:
    with reading() as session:
        shown = front.front(session)
    is_visitor = audience() == "visitor"
    return render("funnel/front.html", front=shown, drawing=drawing, is_visitor=is_visitor)
