"""Pages of the programme: public explanation, a member's rewards, the owner's desk."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from foundation import clock, figures
from foundation.doors import reading, writing
from foundation.tables import new_id
from foundation.web.forms import refilling
from foundation.web.pages import public_page, render
from foundation.words import _
from members.session import members_only, requires, signed_in
from rewards import (
    drafting,
    explaining,
    explaining_rules,
    glance,
    programme,
    publishing,
    queries,
    replay_runs,
    wares,
)
from rewards.budgets import withholding
from rewards.catalogue import redeeming
from rewards.credit import purse
from rewards.first_programme import first_programme
from rewards.forms import PublishForm, RedeemForm, ReplayForm

bp = Blueprint("rewards", __name__)

#: Days a replay covers unless the owner chooses otherwise.
USUAL_DAYS = 90

bp.add_app_template_global(explaining.points, "points")
bp.add_app_template_global(explaining.anchor_of, "anchor_of")
bp.add_app_template_global(explaining_rules.given, "amount_of")
bp.add_app_template_global(explaining_rules.given_all, "amounts_of")
bp.add_app_template_global(explaining_rules.written, "written_as")


@bp.context_processor
def explained() -> dict[str, Any]:
    """Templates of this room let rules explain themselves."""
    return {"in_words": explaining_rules, "explaining": explaining}


# Public: how rewards work.


@bp.get("/how-rewards-work")
@public_page(lambda: ["programme"])
def how() -> Any:
    """The programme in force, in plain words, and every version before it."""
    with reading() as session:
        changed = queries.history(programme.versions(session))
    return render(
        "rewards/how.html",
        version=changed[0].version if changed else None,
        current=changed[0].version if changed else None,
        history=changed,
    )


@bp.get("/how-rewards-work/<int:number>")
@public_page(lambda number: ["programme"])
def how_then(number: int) -> Any:
    """One version of the programme, as it was published."""
    with reading() as session:
        changed = queries.history(programme.versions(session))
    shown = next((each.version for each in changed if each.version.number == number), None)
    if shown is None:
        abort(404)
    return render("rewards/how.html", version=shown, current=changed[0].version, history=changed)


# A member's own.


@bp.get("/me/rewards")
@members_only
def mine() -> Any:
    """Five numbers, the tier, the catalogue, vouchers and the statement."""
    return _mine(RedeemForm(formdata=None))


def _mine(form: RedeemForm) -> Any:
    now = clock.now()
    form.request_key.data = new_id(now)
    with reading() as session:
        page = queries.mine(session, signed_in().id, now, request.args.get("page"))
        withheld = withholding.of_member(session, signed_in().id)
        credit = purse.purses(session, signed_in().id, now)
    status = 422 if form.errors else 200
    shown = {"mine": page, "form": form, "withheld": withheld, "credit": credit}
    return render_template("rewards/mine.html", **shown), status


@bp.post("/me/rewards/redeem")
@requires("reward.redeem")
def redeem() -> Any:
    """Buy an item of the catalogue with points."""
    form = RedeemForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            wanted, key = form.typed("item"), form.typed("request_key")
            order = redeeming.Order(wanted, key, seen=form.seen.data)
            voucher = redeeming.redeem(session, signed_in().id, order, clock.now()).voucher
        if not form.refused and voucher is not None:
            flash(_("Here is your voucher: %(code)s", code=voucher.code), "good")
            return redirect(url_for(".mine", _anchor="vouchers"), 303)
        if not form.refused:
            return redirect("/me/redemptions", 303)
    return _mine(form)


@bp.get("/me/rewards/<grant_id>")
@members_only
def why(grant_id: str) -> Any:
    """Why a member got something: the rule, the version and the fact behind it."""
    with reading() as session:
        page = queries.why(session, grant_id, signed_in().id)
        grant = page.grant
        withheld = withholding.of_grant(
            session, page.version, grant.fact_id, grant.rule, grant.member_id
        )
    return render_template("rewards/why.html", why=page, withheld=withheld, now=clock.now())


# The owner's desk.


@bp.get("/programme")
@requires("programme.edit")
def overview() -> Any:
    """What is in force, what it costs, the draft and the history."""
    counted = figures.counted(glance.FIGURES, glance.count, clock.now())
    with reading() as session:
        versions = programme.versions(session)
        latest = versions[0] if versions else None
        return render_template(
            "rewards/overview.html",
            version=latest,
            history=queries.history(versions),
            draft=programme.draft(session),
            members=counted.document["members"],
            costs=glance.costs(session, counted.document["costs"], latest),
            months=glance.months(counted.document["months"]),
            counted_at=counted.at,
        )


@bp.post("/programme/first")
@requires("programme.publish")
def publish_first() -> Any:
    """Publish the programme the house proposes, when there is none yet."""
    with writing() as session:
        publishing.publish_first(session, signed_in().id, clock.now(), first_programme(_currency()))
    return redirect(url_for(".overview"), 303)


@bp.post("/programme/draft/start")
@requires("programme.edit")
def start_draft() -> Any:
    """Start a draft from what is in force."""
    with writing() as session:
        drafting.start(session, signed_in().id, clock.now(), _currency())
    return redirect("/programme/draft", 303)


def _currency() -> str:
    """What the house counts in until its programme says so itself."""
    return str(current_app.extensions["settings"].currency)


@bp.post("/programme/draft/discard")
@requires("programme.edit")
def discard_draft() -> Any:
    """Throw the draft away."""
    with writing() as session:
        drafting.discard(session)
    flash(_("The draft is gone. What is in force has not changed."), "good")
    return redirect(url_for(".overview"), 303)


@bp.get("/programme/replay")
@requires("programme.edit")
def replays() -> Any:
    """Choose a period to replay, and the last replays."""
    today = clock.now().date()
    form = ReplayForm(
        formdata=None, data={"since": today - timedelta(days=USUAL_DAYS - 1), "until": today}
    )
    return _replays(form)


def _replays(form: ReplayForm) -> Any:
    with reading() as session:
        return render_template(
            "rewards/replays.html",
            form=form,
            draft=programme.draft(session),
            version=programme.latest(session),
            runs=queries.latest_runs(session),
        ), (422 if form.errors else 200)


@bp.post("/programme/replay")
@requires("programme.edit")
def replay() -> Any:
    """Replay the draft (or, without one, what is in force) over the chosen days."""
    form, now = ReplayForm(), clock.now()
    if not form.validate_on_submit():
        return _replays(form)
    start = _midnight(form.since.data)
    end = _after(form.until.data, now)
    with refilling(form), writing() as session:
        draft, latest = programme.draft(session), programme.latest(session)
        rules = draft.rules if draft else latest.rules if latest else None
        if rules is None:
            abort(404)
        asked = replay_runs.ask(session, signed_in().id, rules, start, end, now)
    if form.refused:
        return _replays(form)
    if asked.total <= replay_runs.AT_ONCE:
        replay_runs.run(asked.id, now)
    return redirect(url_for(".replayed", run_id=asked.id), 303)


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)


def _after(last: Any, now: datetime) -> datetime:
    """The end of the last day, or now: nothing happened later."""
    return now if last >= now.date() else _midnight(last) + timedelta(days=1)


@bp.get("/programme/replay/<run_id>")
@requires("programme.edit")
def replayed(run_id: str) -> Any:
    """How far a replay is, or what came out of it."""
    with reading() as session:
        page = queries.replayed(session, run_id)
        has_draft = programme.draft(session) is not None
    html = render_template("rewards/replayed.html", page=page, has_draft=has_draft)
    answer = make_response(html)
    if page.run.finished_at is None:
        answer.headers["Refresh"] = "2"  # the page looks again by itself, without script
    return answer


@bp.get("/programme/publish")
@requires("programme.publish")
def confirm() -> Any:
    """What publishing would change, and the box to tick."""
    with reading() as session:
        draft = drafting.needed(session)
    form = PublishForm(formdata=None, data={"revision": draft.revision})
    return _confirm(form)


def _confirm(form: PublishForm) -> Any:
    with reading() as session:
        draft, latest = drafting.needed(session), programme.latest(session)
        missing = wares.missing(session, draft.rules)
    changes = explaining.changes(latest.rules, draft.rules) if latest else []
    page = render_template(
        "rewards/publish.html",
        form=form,
        draft=draft,
        latest=latest,
        changes=changes,
        missing=missing,
    )
    return page, (422 if form.errors else 200)


@bp.post("/programme/publish")
@requires("programme.publish")
def publish() -> Any:
    """Put the draft in force."""
    form = PublishForm()
    if not form.validate_on_submit():
        return _confirm(form)
    with refilling(form), writing() as session:
        version = drafting.publish(session, signed_in().id, form.typed("revision"), clock.now())
    if form.refused:
        return _confirm(form)
    flash(_("Version %(number)s is in force.", number=version.number), "good")
    return redirect(url_for(".how"), 303)
