"""The draft's editor: every section of `sections.SECTIONS` is shown and kept in the same way.

What somebody else kept meanwhile is noticed by the draft's revision; the form then comes back as
it was typed. How to add a section stands in `sections`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _
from members.session import requires, signed_in
from rewards import drafting, explaining, programme
from rewards.programme import Draft, Version
from rewards.row_forms import SectionForm
from rewards.sections import SECTIONS, Section

bp = Blueprint("draft", __name__)
bp.add_app_template_global(lambda: SECTIONS, "sections_of_draft")


def _edit(section: Section) -> Any:
    """The section as the draft has it."""
    with reading() as session:
        draft, latest = programme.draft(session), programme.latest(session)
    if draft is None:
        return redirect("/programme", 303)
    return _page(section, section.form.filled(draft), draft, latest)


def _keep(section: Section) -> Any:
    """Keep the section, or add, move or remove a row as its button asks."""
    form, act = section.form(), request.form.get("act", "save")
    with reading() as session:
        draft, latest = drafting.needed(session), programme.latest(session)
    form.offer(draft.rules)
    if form.arrange(act):
        return _page(section, form, draft, latest)
    rules = form.changed(draft.rules) if form.validate_on_submit() else None
    if rules is None:
        return _page(section, form, draft, latest, 422)
    note = form.typed("note") if "note" in form else draft.note
    with refilling(form), writing() as session:
        drafting.change(session, signed_in().id, rules, note, form.seen(), clock.now())
    if form.refused:
        return _page(section, form, draft, latest, 409)
    if act == "replay":
        return redirect("/programme/replay", 303)
    flash(_("The draft is kept. Nobody but owners sees it until you publish it."), "good")
    return redirect(section.path, 303)


def _page(
    section: Section, form: SectionForm, draft: Draft, latest: Version | None, status: int = 200
) -> Any:
    form.offer(draft.rules)  # a row that was just added does not know it yet
    changes = explaining.changes(latest.rules, draft.rules) if latest else []
    page = render_template(
        section.template, section=section.path, form=form, draft=draft, changes=changes
    )
    return page, status


for each in SECTIONS:
    name = each.path.removeprefix("/programme/").replace("/", "_")
    for view, method in ((_edit, "GET"), (_keep, "POST")):
        guarded = requires("programme.edit")(partial(view, each))
        bp.add_url_rule(each.path, f"{view.__name__[1:]}_{name}", guarded, methods=[method])
