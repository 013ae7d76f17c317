"""What people fill in. Lengths and lists are checked by the rules, so that every way in obeys."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, EmailField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from community.posting import TopicDraft
from community.reporting import ReportDraft
from community.rules import BODY_LENGTH, KINDS, REASONS, SENTENCE_LENGTH, TITLE_LENGTH
from foundation.web.forms import Form, choices
from foundation.web.pages import render
from foundation.words import lazy

MARKDOWN = lazy("Markdown works: **bold**, _italic_, > quote, - list. @name calls somebody.")
REASON_CHOICES = choices((reason.code, reason.label) for reason in REASONS.values())


def _words(label: Any, limit: int, *, draft: str = "", rows: int = 6, help: Any = "") -> Any:
    attributes: dict[str, Any] = {"rows": rows, "maxlength": limit}
    if draft:
        attributes["data-draft"] = draft
    return TextAreaField(label, [DataRequired()], description=help, render_kw=attributes)


def _reasons(label: Any) -> Any:
    return RadioField(label, [InputRequired()], choices=REASON_CHOICES)


class TopicForm(Form):
    kind = RadioField(
        lazy("What is it?"),
        [InputRequired()],
        choices=choices((kind.code, kind.label) for kind in KINDS.values()),
    )
    title = StringField(
        lazy("Title"),
        [DataRequired()],
        description=lazy("So that others see from the list what it is about."),
        render_kw={"maxlength": TITLE_LENGTH},
    )
    body = _words(lazy("Your words"), BODY_LENGTH, draft="topic", rows=10, help=MARKDOWN)

    def draft(self, club_id: str) -> TopicDraft:
        return TopicDraft(
            club_id, self.kind.data or "", self.title.data or "", self.body.data or ""
        )


class PostForm(Form):
    body = _words(lazy("Your words"), BODY_LENGTH, draft="post", help=MARKDOWN)
    in_reply_to = HiddenField()

    @property
    def answered(self) -> int | None:
        """The number of the post that is answered."""
        typed = str(self.in_reply_to.data or "")
        return int(typed) if typed.isdecimal() and len(typed) < 9 else None


class EditForm(Form):
    body = _words(lazy("Your words"), BODY_LENGTH, rows=10, help=MARKDOWN)


class ReportForm(Form):
    reason = _reasons(lazy("What is wrong with it?"))
    text = _words(
        lazy("Why?"),
        SENTENCE_LENGTH * 4,
        rows=4,
        help=lazy("A moderator reads this. The author does not learn who reported."),
    )
    in_good_faith = BooleanField(
        lazy("I believe that what I report is true and complete."), [InputRequired()]
    )

    def draft(self, place: str) -> ReportDraft:
        good_faith = bool(self.in_good_faith.data)
        return ReportDraft(place, self.reason.data or "", self.text.data or "", good_faith)


class IllegalForm(Form):
    """A notice under the Digital Services Act, article 16, for people with or without account."""

    place = StringField(
        lazy("Where is it?"),
        [DataRequired()],
        description=lazy("The address of the page, as your browser shows it."),
        render_kw={"maxlength": 500, "inputmode": "url", "autocomplete": "off"},
    )
    text = _words(
        lazy("Why is it illegal?"),
        SENTENCE_LENGTH * 4,
        help=lazy("Which words or pictures, and which law or right they break."),
    )
    name = StringField(lazy("Your name"), [Length(max=200)], render_kw={"autocomplete": "name"})
    email = EmailField(
        lazy("Your e-mail address"),
        [Optional(), Email(), Length(max=254)],
        description=lazy("So that we can tell you what we decided. Nobody else sees it."),
        render_kw={"autocomplete": "email"},
    )
    in_good_faith = BooleanField(
        lazy("I believe in good faith that what I say here is accurate and complete."),
        [InputRequired()],
    )

    def draft(self) -> ReportDraft:
        return ReportDraft(
            self.place.data or "",
            "illegal",
            self.text.data or "",
            bool(self.in_good_faith.data),
            self.name.data or "",
            self.email.data or "",
        )


class FoldForm(Form):
    reason = _reasons(lazy("Reason"))
    sentence = _words(
        lazy("Statement of reasons"),
        SENTENCE_LENGTH,
        rows=3,
        help=lazy("The author reads it, and everybody in the moderation log, with your name."),
    )


class SentenceForm(Form):
    sentence = _words(
        lazy("Why?"),
        SENTENCE_LENGTH,
        rows=3,
        help=lazy("Everybody reads it in the moderation log, with your name."),
    )


class AppealForm(Form):
    text = _words(lazy("Why should it be restored?"), SENTENCE_LENGTH * 4, draft="appeal", rows=5)


class DecideAppealForm(Form):
    decision = RadioField(
        lazy("Decision"),
        [InputRequired()],
        choices=choices(
            [
                ("granted", lazy("Grant it: restore the post")),
                ("refused", lazy("Refuse it: the post stays folded")),
            ]
        ),
    )
    reason = _words(
        lazy("Reason"),
        SENTENCE_LENGTH,
        rows=3,
        help=lazy("The author reads it, and everybody in the moderation log, with your name."),
    )


class DecideReportForm(Form):
    decision = RadioField(
        lazy("Decision"),
        [InputRequired()],
        choices=choices(
            [
                ("folded", lazy("Fold the post")),
                ("kept", lazy("Keep it as it is")),
            ]
        ),
    )
    reason = RadioField(
        lazy("Reason for folding"),
        [Optional()],
        choices=REASON_CHOICES,
    )
    sentence = _words(
        lazy("Statement of reasons"),
        SENTENCE_LENGTH,
        rows=3,
        help=lazy("Who reported reads it, and everybody in the moderation log, with your name."),
    )


def form_page(template: str, form: Form, **context: Any) -> Any:
    """A page with a form: 422 when what was typed has to be looked at again."""
    return render(template, form=form, **context), 422 if form.errors else 200
