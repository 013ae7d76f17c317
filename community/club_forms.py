"""The form of a club."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from community.clubs import LAST_POSITION, LONGEST_PROMISE, ClubDraft
from foundation import slugs
from foundation.web.forms import Form, WholeField, choices
from foundation.web.texts import as_fields, ask_in_every_language, typed_texts
from foundation.words import lazy

NAME_LENGTH = 80
DESCRIPTION_LENGTH = 500


def _zones() -> list[Any]:
    return choices((name, name.replace("_", " ")) for name in sorted(available_timezones()))


class ClubForm(Form):
    """A club but for its address; texts are added below, one field per language."""

    position = WholeField(
        lazy("Position"),
        [InputRequired()],
        description=lazy("Clubs with small numbers stand first."),
        render_kw={"min": 0, "max": LAST_POSITION},
    )
    promise_hours = WholeField(
        lazy("Answer within so many business hours"),
        [Optional()],
        description=lazy(
            "Everybody sees the promise and how it is kept. Empty: you promise nothing. A change"
            " counts for topics started afterwards."
        ),
        render_kw={"min": 1, "max": LONGEST_PROMISE},
    )
    time_zone = SelectField(
        lazy("Time zone"),
        choices=_zones,
        description=lazy("Business hours are Monday to Friday, 9:00 to 17:00 there."),
    )

    def draft(self, slug: str) -> ClubDraft:
        """What was typed."""
        return ClubDraft(
            slug,
            typed_texts(self, "name"),
            typed_texts(self, "description"),
            self.position.data or 0,
            self.promise_hours.data,
            self.typed("time_zone"),
        )


class NewClubForm(ClubForm):
    """A club that is not there yet."""

    slug = StringField(
        lazy("Address"),
        [InputRequired(), Length(max=slugs.LONGEST)],
        description=lazy("Small letters, digits and hyphens, like tea-table. It stays for good."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": slugs.LONGEST},
    )


def _name(language: str, needed: bool) -> Any:
    return StringField(
        lazy("Name (%(language)s)", language=language),
        [InputRequired() if needed else Optional(), Length(max=NAME_LENGTH)],
        render_kw={"maxlength": NAME_LENGTH},
    )


def _description(language: str, needed: bool) -> Any:
    return TextAreaField(
        lazy("What it is about (%(language)s)", language=language),
        [Optional(), Length(max=DESCRIPTION_LENGTH)],
        render_kw={"rows": 3, "maxlength": DESCRIPTION_LENGTH},
    )


ask_in_every_language(ClubForm, "name", _name)
ask_in_every_language(ClubForm, "description", _description)


def values_of(club: Any) -> dict[str, Any]:
    """What the form shows of a club before it is changed."""
    return {
        "position": club.position,
        "promise_hours": club.promise_hours,
        "time_zone": club.time_zone,
    } | as_fields(name=club.name, description=club.description)
