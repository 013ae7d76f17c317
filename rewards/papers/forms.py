"""Forms of papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from foundation.web.forms import DayField, Form, choices
from foundation.web.texts import as_fields, ask_in_every_language, typed_texts
from foundation.words import lazy, text_in
from rewards.papers import files
from rewards.papers.files import File
from rewards.papers.models import Paper
from rewards.papers.writing import BODY_LENGTH, TITLE_LENGTH, PaperDraft
from rewards.perks.forms import ReasonForm
from rewards.rules import Programme


class PaperForm(Form):
    """A paper; its texts are added below, one field per language."""

    file = FileField(
        lazy("File"),
        description=lazy(
            "PDF, PNG, JPEG, MP3, OGG or M4A, up to 20 megabytes. Each reader gets a copy of her"
            " own with her name on every page. Empty: a text."
        ),
        render_kw={"accept": ".pdf,.png,.jpg,.jpeg,.mp3,.ogg,.m4a"},
    )
    tier_from = SelectField(lazy("From the tier"), choices=[], default="")
    club = SelectField(lazy("Whoever wrote in the club"), choices=[], default="")
    guests = StringField(
        lazy("Single members"),
        [Optional(), Length(max=5_000)],
        description=lazy("Their handles or e-mail addresses, like @ada @ben."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    opens_on = DayField(lazy("From"), [InputRequired()])
    closes_on = DayField(lazy("Last day"), [Optional()], description=lazy("Empty: for good."))
    is_listed = BooleanField(
        lazy("Others see its title"),
        description=lazy("And what leads to it. Not a word of what is in it."),
    )

    def offer(self, rules: Programme | None, clubs: Mapping[str, dict[str, str]]) -> None:
        """Let the owner choose among what there is."""
        tiers = [(tier.key, text_in(tier.name)) for tier in rules.tiers] if rules else []
        self.tier_from.choices = choices([("", lazy("no tier")), *tiers])
        names = [(slug, text_in(name)) for slug, name in clubs.items()]
        self.club.choices = choices([("", lazy("no club")), *names])

    def draft(self) -> PaperDraft:
        """What was typed; days begin and end in UTC, the last one with its last second."""
        last = self.closes_on.data
        return PaperDraft(
            title=typed_texts(self, "title"),
            body=typed_texts(self, "body"),
            opens_at=_midnight(self.opens_on.data or date.max),
            closes_at=datetime.combine(last, time(23, 59, 59), UTC) if last else None,
            tier_from=self.typed("tier_from") or None,
            club=self.typed("club") or None,
            guests=self.typed("guests").replace(",", " ").split(),
            is_listed=bool(self.is_listed.data),
        )

    def sent(self) -> File | None:
        """The file that was sent up, looked at; None without one."""
        upload = self.file.data
        if not upload or not upload.filename:
            return None
        return files.look_at(upload.filename, upload.stream.read(files.LARGEST + 1))


def _title(language: str, needed: bool) -> Any:
    return StringField(
        lazy("Title (%(language)s)", language=language),
        [InputRequired() if needed else Optional(), Length(max=TITLE_LENGTH)],
        render_kw={"maxlength": TITLE_LENGTH},
    )


def _body(language: str, needed: bool) -> Any:
    return TextAreaField(
        lazy("Text (%(language)s)", language=language),
        [Optional(), Length(max=BODY_LENGTH)],
        description=lazy(
            "Markdown works: **bold**, _italic_, - list. Of a file, what is said about it."
        )
        if needed
        else "",
        render_kw={"rows": 10 if needed else 5},
    )


ask_in_every_language(PaperForm, "title", _title)
ask_in_every_language(PaperForm, "body", _body)


def values_of(paper: Paper, guests: Sequence[str]) -> dict[str, Any]:
    """What the form shows of a paper before it is changed."""
    last = paper.closes_at - timedelta(seconds=1) if paper.closes_at else None
    return {
        "tier_from": paper.tier_from or "",
        "club": paper.club or "",
        "guests": " ".join(f"@{handle}" for handle in guests),
        "opens_on": paper.opens_at.date(),
        "closes_on": last.date() if last else None,
        "is_listed": paper.is_listed,
    } | as_fields(title=paper.title, body=paper.body)


class RevokeForm(ReasonForm):
    """Ending access: for one, or for all."""

    handle = StringField(
        lazy("Member"),
        [Optional(), Length(max=254)],
        description=lazy("Her handle, like @ada, or her e-mail address. Empty: for everybody."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
