"""Forms made of rows: a section of the draft is lists of rows, and every row is a form of its own.

Keys of rows are not typed: a row keeps the key it has for good (caps and history hang on it), and
a new one gets its key from its English name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import wtforms
from pydantic import ValidationError
from wtforms import FieldList, HiddenField, StringField
from wtforms.i18n import get_translations
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, Length

from foundation import words
from foundation.pictures import Drawn
from foundation.refusal import Refused
from foundation.web.forms import WTFORMS_LANGUAGES, Form, sentence_of
from foundation.words import _, lazy
from rewards.conditions import LONGEST_SLUG, MOST
from rewards.programme import Draft
from rewards.rules import Objection, Programme, objections

KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MOST_ROWS = 40


@dataclass(frozen=True)
class Fault:
    """One fault and the field it is at."""

    id: str
    label: str
    message: str


class TranslatedMeta(DefaultMeta):
    """Forms without a token: WTForms' own sentences in the reader's language."""

    def get_translations(self, form: Any) -> Any:
        return get_translations(WTFORMS_LANGUAGES[words.language()])


class Row(wtforms.Form):
    """One row of a list; it belongs to the section's form, which carries the token."""

    Meta = TranslatedMeta

    key = HiddenField()

    def title(self) -> str:
        """What the row's key is made of, in English."""
        raise NotImplementedError

    def called(self) -> str:
        """What the row is called while somebody edits it."""
        return self.title()


class RowForm(Row):
    """A row with a name."""

    name_en = StringField(lazy("Name in English"), [InputRequired(), Length(max=80)])
    name_zh_Hans = StringField(lazy("Name in 简体中文"), [Length(max=80)])
    name_zh_Hant = StringField(lazy("Name in 繁體中文"), [Length(max=80)])

    def texts(self, field: str) -> dict[str, str]:
        """What `field` says in each language in which it says something."""
        typed = {code: (self[f"{field}_{code}"].data or "").strip() for code in words.LANGUAGES}
        return {code: text for code, text in typed.items() if text}

    def title(self) -> str:
        return self.name_en.data or ""

    def called(self) -> str:
        return words.text_in(self.names())

    def names(self) -> dict[str, str]:
        return self.texts("name")


class SectionForm(Form):
    """A section of the draft: fields, and lists of rows named in LISTS as the programme names them.

    A section says `of` (its fields out of the rules), `said` when it has more than its lists, and
    `offer` when rows choose among other parts of the draft.
    """

    LISTS: ClassVar[tuple[str, ...]] = ()
    #: Whether rows take pictures; the form then is sent in parts.
    HAS_PICTURES: ClassVar[bool] = False
    revision = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.general: list[str] = []  # what is wrong with a list as a whole
        self.elsewhere: list[Objection] = []  # what would be wrong on another section

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        """What the fields and rows show of `rules`."""
        raise NotImplementedError

    def offer(self, rules: Programme) -> None:
        """Say what there is to choose from; asked before rows are read, and before they show."""

    def sent_pictures(self) -> list[Drawn]:
        """The pictures sent up with it, drawn anew; what is none says so at its field."""
        return []

    def named_pictures(self) -> set[str]:
        """Hashes of the pictures its rows name."""
        return set()

    def know(self, shapes: Mapping[str, tuple[int, int]]) -> None:
        """Hear the shapes of the pictures that are kept."""

    def said(self, rules: Programme) -> dict[str, Any] | None:
        """The parts of `rules` which this section changes; None when a field refuses."""
        parts = {name: self.parts(name) for name in self.LISTS}
        return None if None in parts.values() else parts

    @classmethod
    def filled(cls, draft: Draft) -> Self:
        """The form that says what the draft says."""
        form = cls(
            formdata=None,
            data={"revision": draft.revision, "note": draft.note} | cls.of(draft.rules),
        )
        form.offer(draft.rules)
        return form

    def changed(self, rules: Programme) -> Programme | None:
        """`rules` with what the form says once it is valid; what other sections say stays.

        None when a field refuses or a rule objects, as the fields then say.
        """
        parts = self.said(rules)
        if parts is None:
            return None
        changed = rules.model_copy(update=parts)
        found = objections(changed)
        for each in found:
            self.object(each)
        return None if found else changed

    def seen(self) -> str:
        """The revision of the draft which was on the screen; empty when the form does not tell."""
        return self.typed("revision")

    def arrange(self, act: str) -> bool:
        """Add, remove or move a row as its button asks; True if it did.

        Buttons say `add-tiers`, `remove-tiers-2`, `up-tiers-2`, `down-tiers-2`.
        """
        verb, _dash, name = act.partition("-")
        if verb == "add" and name in self.LISTS and len(self[name].entries) < MOST_ROWS:
            self[name].append_entry()
            return True
        part = name.partition("-")[0]
        if part not in self.LISTS:
            return False
        if verb == "remove":
            self[part].entries = [each for each in self[part].entries if each.name != name]
            _number(self[part])
            return True
        if verb in ("up", "down"):
            _move(self[part], name, -1 if verb == "up" else 1)
            return True
        return False

    def parts(self, name: str) -> tuple[Any, ...] | None:
        """What the rows of a list say; None when a row refuses, as its fields then say."""
        made = [self._part(*row) for row in self._keyed(name)]
        return None if None in made else tuple(made)

    def _keyed(self, name: str) -> list[tuple[Any, str]]:
        """The rows of a list with their keys, new ones for new rows."""
        rows = [row.form for row in self[name].entries]
        taken = {row.key.data for row in rows}
        keyed = []
        for row in rows:
            if not KEY.fullmatch(row.key.data or ""):
                row.key.data = fresh_key(row.title(), taken)
                taken.add(row.key.data)
            keyed.append((row, row.key.data))
        return keyed

    def _part(self, row: Any, key: str) -> Any:
        """A row's part of the document; a refusal shows at the field it names, else at `value`."""
        try:
            return row.part(key)
        except Refused as refusal:
            say(row[refusal.field or "value"], sentence_of(refusal))
        except ValidationError as error:  # what no field of ours lets choose or type
            for place in {str(each["loc"][0]) for each in error.errors() if each["loc"]}:
                field = row[place] if place in row else next(iter(row))
                say(field, _("This cannot be kept. Choose again, or write it anew."))
        return None

    def object(self, objection: Objection) -> None:
        """Show an objection at its field; `tiers-1-name_en` is in the second row there is."""
        sentence = _(objection.sentence, **objection.params)
        name, _dash, rest = objection.field.partition("-")
        if name in self.LISTS and rest:
            position, _dash, inner = rest.partition("-")
            row = self[name].entries[int(position)].form
            # A key is not typed, so what is wrong with it shows at the name it came from.
            say(row.name_en if inner == "key" else row[inner], sentence)
        elif name in self.LISTS:
            self.general.append(sentence)
        elif name not in self:
            self.elsewhere.append(objection)
        else:
            say(self[name], sentence)

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong with a field, also inside rows, for the summary on top."""
        for field in self:
            if isinstance(field, FieldList):
                for row in field.entries:
                    for inner in row.form:
                        title = f"{row.form.called() or _('New row')}, {inner.label.text}"
                        yield from (Fault(inner.id, title, str(each)) for each in inner.errors)
            else:
                title = str(field.label.text)
                yield from (Fault(field.id, title, str(each)) for each in field.errors)


def products_of(field: Any) -> tuple[str, ...]:
    """The products named in a field, each once; Refused when one is none, or they are too many."""
    slugs = (slug.strip().lower() for slug in re.split("[,，、;；]", field.data or ""))
    named = tuple(dict.fromkeys(slug for slug in slugs if slug))
    if len(named) > MOST:
        raise Refused(
            "Name at most %(most)s products.", code="products", field=field.short_name, most=MOST
        )
    long = next((slug for slug in named if len(slug) > LONGEST_SLUG), None)
    if long is not None:
        raise Refused(
            "“%(text)s” is too long for a product. Write the last part of its address, and commas"
            " between several.",
            code="products",
            field=field.short_name,
            text=long[:40],
        )
    return named


def chosen(field: Any) -> list[str]:
    """The labels of what is chosen in a field of choices."""
    values = field.data if isinstance(field.data, list) else [field.data]
    return [str(each.label) for each in field.choices or () if each.value in values]


def say(field: Any, sentence: str) -> None:
    """Add an error to a field."""
    field.errors = [*field.errors, sentence]


def _move(rows: Any, name: str, step: int) -> None:
    """Let a row change places with the one before or after it, with all that is typed in it."""
    entries = list(rows.entries)
    place = next((number for number, row in enumerate(entries) if row.name == name), None)
    if place is None or not 0 <= place + step < len(entries):
        return
    entries[place], entries[place + step] = entries[place + step], entries[place]
    rows.entries = entries
    _number(rows)


def _number(rows: Any) -> None:
    """Name the rows by their places: browsers send them back in the order of their numbers."""
    for place, entry in enumerate(rows.entries):
        entry.name = entry.id = f"{rows.name}-{place}"
        for field in entry.form:
            field.name = field.id = field.label.field_id = f"{entry.name}-{field.short_name}"
    rows.last_index = len(rows.entries) - 1


def fresh_key(name: str | None, taken: set[str]) -> str:
    """A key that nobody has, made of an English name."""
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].lstrip("0123456789-") or "row"
    number = 1
    key = stem
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def row_of(part: Any) -> dict[str, Any]:
    """A named part of the document as its row's form takes it."""
    names = {f"name_{code}": part.name.get(code, "") for code in words.LANGUAGES}
    values: dict[str, Any] = part.model_dump()
    return values | names
