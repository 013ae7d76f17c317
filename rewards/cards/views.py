"""A member's own page of stamp cards."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.blueprints import BlueprintSetupState

from foundation import clock
from foundation.doors import reading
from members.session import members_only, signed_in
from rewards.cards import explaining, queries

bp = Blueprint("cards", __name__)


@bp.record
def explained(state: BlueprintSetupState) -> None:
    """Templates of any room let cards explain themselves."""
    state.app.jinja_env.globals["cards_in_words"] = explaining


@bp.get("/me/cards")
@members_only
def mine() -> Any:
    """Her cards with every stamp, and what the full ones gave."""
    now = clock.now()
    with reading() as session:
        cards = queries.mine(session, signed_in().id, now)
    return render_template("rewards/cards/my_cards.html", cards=cards)
