"""The form of a set: a file, its name, and what members read."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from foundation.web.forms import Form, WholeField
from foundation.words import lazy
from rewards.awarding.award_files import LONGEST_REASON
from rewards.awarding.starting import LONGEST_DAYS, LONGEST_NAME, Terms


class AwardForm(Form):
    """A set about to be looked at."""

    file = FileField(
        lazy("File"),
        [FileRequired(lazy("Choose a file."))],
        description=lazy("CSV from a spreadsheet; 16 MB at most"),
    )
    name = StringField(
        lazy("Name"),
        [InputRequired(), Length(max=LONGEST_NAME)],
        description=lazy("For you, such as “Tasting day”. One name, one file."),
    )
    reason = StringField(
        lazy("Reason"),
        [InputRequired(), Length(max=LONGEST_REASON)],
        description=lazy("Members read it. A row of the file may have its own."),
    )
    expires_in_days = WholeField(
        lazy("Days until the points expire"),
        [Optional(), NumberRange(1, LONGEST_DAYS)],
        description=lazy("Leave empty for never. A row of the file may name a day."),
    )
    is_told = BooleanField(lazy("Tell every member"), default=True)

    def terms(self, by_id: str) -> Terms:
        return Terms(
            self.typed("name"),
            self.typed("reason"),
            by_id,
            bool(self.is_told.data),
            self.expires_in_days.data,
        )
