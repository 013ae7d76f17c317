"""What people fill in. Lengths and stars are checked by the rules, so that every way in obeys."""

from __future__ import annotations

from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired

from foundation.web.forms import Form, choices
from foundation.words import lazy
from reviews.rules import BODY_LENGTH, REPLY_LENGTH, TITLE_LENGTH, ReviewDraft

STARS = [
    ("1", lazy("1 star: poor")),
    ("2", lazy("2 stars: disappointing")),
    ("3", lazy("3 stars: mixed")),
    ("4", lazy("4 stars: good")),
    ("5", lazy("5 stars: excellent")),
]


class ReviewForm(Form):
    """Stars, headline, words."""

    stars = RadioField(
        lazy("Stars"),
        choices=choices(STARS),
        validate_choice=False,  # the rule says what to do about none
        description=lazy("One earns what five earn."),
    )
    title = StringField(
        lazy("Headline"),
        [DataRequired()],
        description=lazy("Your verdict in a few words."),
        render_kw={"maxlength": TITLE_LENGTH},
    )
    body = TextAreaField(
        lazy("Your review"),
        [DataRequired()],
        description=lazy(
            "What did you expect, what did you get, whom would it suit? "
            "Markdown works: **bold**, _italic_, - list."
        ),
        render_kw={"rows": 8, "maxlength": BODY_LENGTH, "data-draft": "review"},
    )

    def draft(self) -> ReviewDraft:
        typed = self.typed("stars")
        stars = int(typed) if typed in dict(STARS) else 0
        return ReviewDraft(stars, self.typed("title"), self.typed("body"))


class ReplyForm(Form):
    """What the company answers."""

    body = TextAreaField(
        lazy("Your answer"),
        [DataRequired()],
        description=lazy("It appears below the review, with your name and the company’s badge."),
        render_kw={"rows": 5, "maxlength": REPLY_LENGTH, "data-draft": "reply"},
    )
