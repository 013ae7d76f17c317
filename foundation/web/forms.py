"""Forms: WTForms with our token and languages, and the way a refusal comes back filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs of 3.2
from wtforms.i18n import get_translations
from wtforms.widgets import CheckboxInput

from foundation import words
from foundation.money import LARGEST
from foundation.refusal import Refused

WTFORMS_LANGUAGES = {"en": ["en"], "zh_Hans": ["zh"], "zh_Hant": ["zh_TW", "zh"]}


class SelectMultipleCheckboxField(SelectMultipleField):
    """Several of some choices, as boxes to tick (drawn by macros/forms.html)."""

    option_widget = CheckboxInput()


class WholeField(IntegerField):
    """A whole number that fits into the database; no page ever has to show a larger one."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and abs(self.data) > LARGEST:
            self.data = None
            raise ValueError(words._("This number is too large."))


class Form(FlaskForm):  # type: ignore[misc]
    """A form with its token; `refused` is True once a rule said no to what was typed."""

    refused = False

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
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
