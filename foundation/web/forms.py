"""Forms: WTForms with our token and languages, and the way a refusal comes back filled in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateField, IntegerField, PasswordField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs of 3.2
from wtforms.i18n import get_translations
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, TextInput

from foundation import words
from foundation.clock import typed_day
from foundation.money import ungrouped
from foundation.refusal import Refused

WTFORMS_LANGUAGES = {"en": ["en"], "zh_Hans": ["zh"], "zh_Hant": ["zh_TW", "zh"]}


#: More than any field asks for. What counts in it still fits into the smaller whole numbers of
#: PostgreSQL, and so does the next number.
LARGEST = 10**9
#: Signs that steer machines, and those that break lines in word processors.
CONTROL, BREAK = re.compile("[\x00-\x08\x0e-\x1f\x7f]"), re.compile("[\x0b\x0c]")
#: Of a text of such signs alone nobody sees anything: blanks, marks without a letter, zero widths.
SHOWS_NOTHING = frozenset(("Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"))


class SelectMultipleCheckboxField(SelectMultipleField):
    """Several of some choices, as boxes to tick (drawn by macros/forms.html)."""

    option_widget = CheckboxInput()


class _Digits(TextInput):
    """A field of text that telephones open their digits for.

    A browser's own field for numbers sends what it makes of the text: of “1,5” it sends 15, of
    “1e” nothing at all, which would be no limit where a limit was meant.
    """

    def __call__(self, field: Any, **kwargs: Any) -> Any:
        return super().__call__(field, **{"inputmode": "numeric", **kwargs})


class WholeField(IntegerField):
    """A whole number that fits into the database; no page ever has to show a larger one.

    Read with commas between thousands, and in any script's digits.
    """

    widget = _Digits()

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = _typed(self, valuelist)
        self.data = None
        self.data = _whole(typed) if typed else None

    def pre_validate(self, form: Any) -> None:
        """What is no number is not also outside of some bounds."""
        if self.process_errors:
            raise StopValidation


class DayField(DateField):
    """A day of our time, as the browser sends it.

    Who types 12/31/26 into a browser's own field for days sends the year 26.
    """

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = _typed(self, valuelist)
        self.data = None
        self.data = typed_day(typed) if typed else None
        if typed and self.data is None:
            raise ValueError(
                words._("“%(text)s” is not a day. Write it like 2026-03-31.", text=typed[:40])
            )


def _typed(field: Any, sent: list[Any]) -> str:
    """What was typed into a field; blanks alone are nothing, also for `InputRequired`."""
    typed = str(sent[0]).strip() if sent else ""
    field.raw_data = sent if typed else []
    return typed


def _whole(typed: str) -> int:
    plain = ungrouped(typed)
    if plain is None or "." in plain:
        raise ValueError(words._("“%(text)s” is not a whole number.", text=typed[:40]))
    if len(plain) > len(str(LARGEST)) or abs(int(plain)) > LARGEST:
        raise ValueError(words._("This number is too large."))
    return int(plain)


def _seen(form: Any, sent: MultiDict[str, Any]) -> MultiDict[str, Any]:
    """What was sent without signs that no text needs; a text that nobody could see is empty.

    What is copied out of a document brings such signs along. Passwords stay as they are.
    """
    secret = {name for name, field in form._fields.items() if isinstance(field, PasswordField)}
    return MultiDict(
        (name, visible(value) if isinstance(value, str) and name not in secret else value)
        for name, value in sent.items(multi=True)
        if _is_countable(name)
    )


def _is_countable(name: str) -> bool:
    """Whether a row in a field's name has a number that a list can have: `-²-` is none."""
    numbers = [part for part in name.split("-") if part.isdigit()]
    return all(part.isascii() and len(part) < 5 for part in numbers)


def visible(text: str) -> str:
    """A text without what steers machines; empty when it shows nothing."""
    kept = CONTROL.sub("", BREAK.sub("\n", text))
    return kept if any(unicodedata.category(sign) not in SHOWS_NOTHING for sign in kept) else ""


class Form(FlaskForm):  # type: ignore[misc]
    """A form with its token; `refused` is True once a rule said no to what was typed."""

    refused = False

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What a browser sends; JSON, in which a list may stand for a text, is no form."""
            if request.is_json and not hasattr(formdata, "getlist"):
                formdata = MultiDict()
            sent = super().wrap_formdata(form, formdata)
            return None if sent is None else _seen(form, sent)

        def get_translations(self, form: Any) -> Any:
            return get_translations(WTFORMS_LANGUAGES[words.language()])

    def typed(self, name: str) -> str:
        """The text of a field; empty for one that was not sent."""
        return str(self._fields[name].data or "")


def choices(pairs: Iterable[tuple[str, Any]]) -> list[Any]:
    """What a field offers: (value, label); a label may be lazy."""
    return [SelectChoice(value, label) for value, label in pairs]


def sentence_of(refusal: Refused) -> str:
    """A refusal's sentence in the reader's language."""
    return words._(refusal.sentence, **refusal.params)


@contextmanager
def refilling(form: Form) -> Iterator[None]:
    """Run a verb; a refusal becomes an error of its field (or of the form), nothing typed is lost.

    with refilling(form), writing() as session:
        publishing.publish(session, ...)
    if not form.refused:
        return redirect(...)
    """
    try:
        yield
    except Refused as refusal:
        form.refused = True
        field = form._fields.get(refusal.field) if refusal.field else None
        if field is None:
            form.form_errors = [*form.form_errors, sentence_of(refusal)]
        else:
            field.errors = [*field.errors, sentence_of(refusal)]
