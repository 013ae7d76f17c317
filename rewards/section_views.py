"""The draft's editor: every section of `sections.SECTIONS` is shown and kept in the same way.

What somebody else kept meanwhile is noticed by the draft's revision; the form then comes back as
it was typed. How to add a section stands in `sections`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from sqlalchemy.orm import Session

from foundation import clock, pictures
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _, text_in
from members.session import requires, signed_in, viewer
from rewards import drafting, explaining, programme, wares
from rewards.first_programme import first_programme
from rewards.programme import Draft
from rewards.row_forms import SectionForm
from rewards.rules import Budget, Programme
from rewards.sections import SECTIONS, Section

bp = Blueprint("draft", __name__)
bp.add_app_template_global(lambda: SECTIONS, "sections_of_draft")

#: Bytes of one form with its pictures, and its fields: forty rows of thirty.
MOST_BYTES = 4 * pictures.LARGEST
MOST_FIELDS = 3_000


@bp.url_value_preprocessor
def let_owners_send_more(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Before anything reads the body: only who may change the programme may send much."""
    who = viewer()
    if who is not None and who.may("programme.edit"):
        request.max_content_length = MOST_BYTES
        request.max_form_parts = MOST_FIELDS


@dataclass(frozen=True)
class Beside:
    """What stands beside the form: what the draft changes so far about the programme in force, or
    about the proposed one while none is, and what it waits for."""

    draft: Draft
    changes: Sequence[str]
    missing: Sequence[str]


def _beside(session: Session, draft: Draft) -> Beside:
    latest = programme.latest(session)
    settings = current_app.extensions["settings"]
    before = latest.rules if latest else first_programme(settings.currency)
    changes = explaining.changes(before, draft.rules)
    return Beside(draft, changes, wares.missing(session, draft.rules))


@dataclass(frozen=True)
class Elsewhere:
    """What another section would have to say first, and the way there."""

    href: str
    label: str
    message: str


def _elsewhere(form: SectionForm, rules: Programme) -> Iterator[Elsewhere]:
    """What is wrong on other sections; `rules` says what is in their rows."""
    for each in form.elsewhere:
        part, _dash, rest = each.field.partition("-")
        section = next((s for s in SECTIONS if part in s.form.LISTS), SECTIONS[0])
        place, label = rest.partition("-")[0], str(section.label)
        if part in section.form.LISTS and place.isdecimal():
            label = f"{label}, {_called(getattr(rules, part)[int(place)], rules)}"
        href = f"{section.path}#{part}-{place}"
        yield Elsewhere(href, label, _(each.sentence, **each.params))


def _called(row: Any, rules: Programme) -> str:
    """What a row of the draft is called; a budget has the name of its rule."""
    named = rules.rule(row.rule or "") if isinstance(row, Budget) else row
    return text_in(named.name) if named is not None else _("All rules together")


def _edit(section: Section) -> Any:
    """The section as the draft has it."""
    with reading() as session:
        draft = programme.draft(session)
        beside = _beside(session, draft) if draft else None
    if beside is None:
        return redirect("/programme", 303)
    return _page(section, section.form.filled(beside.draft), beside)


def _keep(section: Section) -> Any:
    """Keep the section, or add, move or remove a row as its button asks."""
    form, act = section.form(), request.form.get("act", "save")
    with reading() as session:
        draft = drafting.needed(session)
        beside = _beside(session, draft)
    if form.HAS_PICTURES:
        _take_pictures(form)
    form.offer(draft.rules)
    if form.arrange(act):
        return _page(section, form, beside)
    rules = form.changed(draft.rules) if form.validate_on_submit() else None
    if rules is None:
        return _page(section, form, beside, 422)
    note = form.typed("note") if "note" in form else draft.note
    with refilling(form), writing() as session:
        drafting.change(session, signed_in().id, rules, note, form.seen(), clock.now())
    if form.refused:
        return _page(section, form, beside, 409)
    if act == "replay":
        return redirect("/programme/replay", 303)
    flash(_("The draft is kept. Nobody but owners sees it until you publish it."), "good")
    return redirect(section.path, 303)


def _take_pictures(form: SectionForm) -> None:
    """Keep what was sent up at once: a form that comes back, or grows a row, still has it."""
    sent = form.sent_pictures()
    if sent:
        with writing() as session:
            for each in sent:
                pictures.keep(session, each, clock.now())
    with reading() as session:
        form.know(pictures.shapes(session, form.named_pictures()))


def _page(section: Section, form: SectionForm, beside: Beside, status: int = 200) -> Any:
    form.offer(beside.draft.rules)  # a row that was just added does not know it yet
    page = render_template(
        section.template,
        section=section.path,
        form=form,
        elsewhere=list(_elsewhere(form, beside.draft.rules)),
        draft=beside.draft,
        changes=beside.changes,
        missing=beside.missing,
    )
    return page, status


for each in SECTIONS:
    name = each.path.removeprefix("/programme/").replace("/", "_")
    for view, method in ((_edit, "GET"), (_keep, "POST")):
        guarded = requires("programme.edit")(partial(view, each))
        bp.add_url_rule(each.path, f"{view.__name__[1:]}_{name}", guarded, methods=[method])
