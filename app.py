"""Bellmouth, wired: settings, rooms, who hears which fact, who carries what, jobs, commands.

Nobody imports this file but the server, the tests and the migrations. To see what follows from
something that happened, read HEARERS; to see what happens by itself, read JOBS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps

import click
from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

import acknowledgement.notices
import acknowledgement.queries
import acknowledgement.views
import community.moderation_views
import community.notices
import community.owner_views
import community.promise_views
import community.search_views
import community.views
import demo.views
import foundation.commands
import foundation.web.pictures
import funnel.first_steps
import funnel.front_views
import funnel.views
import ledger.commands
import members.commands
import members.jobs
import members.views
import notifications.card
import notifications.models
import notifications.views
import referral.card
import referral.models
import referral.notices
import referral.releasing
import referral.views
import reviews.notices
import reviews.queries
import reviews.views
import rewards.awarding.commands
import rewards.awarding.forgetting
import rewards.awarding.notices
import rewards.awarding.runs
import rewards.awarding.views
import rewards.book.statement_views
import rewards.book.views
import rewards.budgets.notices
import rewards.budgets.views
import rewards.calculator_views
import rewards.card
import rewards.cards.ending
import rewards.cards.models
import rewards.cards.notices
import rewards.cards.views
import rewards.catalogue.fulfilment_views
import rewards.catalogue.models
import rewards.catalogue.notices
import rewards.catalogue.picturing
import rewards.catalogue.views
import rewards.commands
import rewards.counts
import rewards.credit.notices
import rewards.credit.till_views
import rewards.credit.views
import rewards.expiring
import rewards.glance
import rewards.models
import rewards.notices
import rewards.papers.commands
import rewards.papers.queries
import rewards.papers.views
import rewards.perks.notices
import rewards.perks.views
import rewards.seats.vesting
import rewards.seats.views
import rewards.section_views
import rewards.standing.notices
import rewards.standing.views
import rewards.till_views
import rewards.topups.expiring
import rewards.topups.notices
import rewards.topups.till_views
import rewards.topups.views
import rewards.views
import rewards.vouchers.desk_views
import rewards.vouchers.expiring
import rewards.vouchers.views
import rewards.wares
import shop.commands
import shop.import_views
import shop.owner_views
import shop.queries
import shop.staff_views
import shop.views
import shop.webhook_views
import transparency.commands
import transparency.views
from acknowledgement import thanking
from community import promises, record, showing
from demo import greeting
from foundation import (
    doors,
    facts,
    figures,
    journal,
    outbox,
    pictures,
    role_command,
    serving,
    worker,
)
from foundation.facts import Hearer
from foundation.jobs import Job
from foundation.outbox import Deliver
from foundation.settings import Settings
from foundation.told import Told
from foundation.web import (
    assets,
    front,
    health,
    languages,
    later,
    operations,
    pages,
    refusals,
    security,
    throttle,
    typefaces,
)
from foundation.web.sessions import RememberedSessions
from foundation.web.shell import Shell
from foundation.words import lazy
from funnel import stages
from ledger import expiring, folding, privileges, sealing
from members import answering, api_keys, customers
from members import page as member_page
from members.session import Viewers, login_manager, requires
from notifications import counts, delivering, notices
from notifications.notices import Notice
from referral import attributing, expecting, following, purchasing, refunding, touches
from reviews import witness
from rewards import clawing_back, earning, publishing, releasing, replay_runs
from rewards.book import reckoning
from rewards.cards import keeping as cards
from rewards.cards import welcoming
from rewards.perks import granting as perk_granting
from rewards.seats import agreements
from rewards.standing import keeping as standing
from rewards.topups import buying as prepaying
from rewards.topups import refunding as unused_back
from rewards.topups import showing as showing_topups
from rewards.vouchers import answers as api_answers
from shop import page as shop_page
from shop import uploads, webhook_runs
from transparency import checkpoints, log, verifying
from transparency.jobs import write_checkpoint

#: Who hears which fact, in this order, in the transaction that records it. Who locks what those
#: after him will need stands first, and who may give something that budgets count before who only
#: locks members (rewards/locking.py).
HEARERS: Mapping[str, Sequence[Hearer]] = {
    "order.paid": (
        expecting.purchases,
        earning.hear,
        cards.hear,
        welcoming.hear,
        purchasing.hear,
        prepaying.hear,
        standing.hear,
        thanking.hear,
        stages.hear,
    ),
    "order.refunded": (
        clawing_back.hear,
        cards.hear,
        standing.hear,
        unused_back.hear,
        refunding.hear,
        thanking.hear,
    ),
    "card.filled": (earning.hear,),
    "member.welcomed": (earning.hear,),
    "review.published": (
        earning.hear,
        standing.hear,
        perk_granting.hear,
        thanking.hear,
        stages.hear,
    ),
    "topic.started": (earning.hear, perk_granting.hear, stages.hear),
    "post.written": (earning.hear, perk_granting.hear, stages.hear),
    "answer.accepted": (earning.hear, standing.hear, perk_granting.hear, stages.hear),
    "referral.purchased": (earning.hear, clawing_back.hear_late),
    "member.verified": (
        expecting.newcomers,
        earning.hear,
        welcoming.hear,
        attributing.hear,
        perk_granting.hear,
    ),
    "order.shipped": (thanking.hear,),
    "order.delivered": (thanking.hear,),
    "order.cancelled": (thanking.hear,),
    "member.joined": (expecting.newcomers, stages.hear),
    "referral.lead": (welcoming.hear, stages.hear),
    "referral.qualified": (standing.hear, stages.hear),
    "role.granted": (stages.hear,),
    "post.folded": (standing.hear,),
    "post.restored": (standing.hear,),
}

#: Who carries what leaves the building.
CHANNELS: Mapping[str, Deliver] = {
    "mail": delivering.carry_mail,
    "sign-up": answering.carry_sign_up,
    "verify-again": answering.carry_send_again,
    "reset": answering.carry_reset,
}

#: What the worker does by itself, and how often.
JOBS: Sequence[Job] = (
    *members.jobs.JOBS,
    promises.JOB,
    pictures.JOB,
    folding.JOB,
    expiring.JOB,
    sealing.JOB,
    Job(
        "transparency.checkpoint",
        checkpoints.EVERY,
        write_checkpoint,
        lazy("Write down the root of the public log"),
    ),
    Job(
        "rewards.release",
        timedelta(minutes=1),
        releasing.release_due,
        lazy("Release rewards whose time has come"),
    ),
    Job(
        "rewards.forget_answers",
        timedelta(hours=6),
        api_answers.forget,
        lazy("Forget the API’s old answers"),
    ),
    Job(
        "rewards.replays",
        timedelta(seconds=2),
        replay_runs.run_waiting,
        lazy("Replay changed rules"),
    ),
    rewards.awarding.runs.JOB,
    rewards.awarding.forgetting.JOB,
    standing.JOB,
    reckoning.JOB,
    figures.job(
        {
            acknowledgement.queries.FIGURES: acknowledgement.queries.count,
            rewards.glance.FIGURES: rewards.glance.count,
        }
    ),
    Job(
        "funnel.look_again",
        stages.LOOK_BACK / 2,
        stages.look_again,
        lazy("Look at the stages again"),
    ),
    Job(
        "referral.release",
        timedelta(minutes=1),
        referral.releasing.release_due,
        lazy("Release referrals whose time has come"),
    ),
    rewards.expiring.JOB,
    rewards.topups.expiring.JOB,
    rewards.vouchers.expiring.JOB,
    rewards.cards.ending.JOB,
    rewards.seats.vesting.JOB,
    uploads.JOB,
    webhook_runs.JOB,
)

#: The rooms' pages.
BLUEPRINTS: Sequence[Blueprint] = (
    health.bp,
    funnel.front_views.bp,
    typefaces.pages,
    foundation.web.pictures.pages,
    operations.pages(requires("operations.see")),
    *members.views.BLUEPRINTS,
    notifications.views.bp,
    community.views.bp,
    community.owner_views.bp,
    community.promise_views.bp,
    community.moderation_views.bp,
    community.search_views.bp,
    transparency.views.bp,
    referral.views.bp,
    funnel.views.bp,
    rewards.views.bp,
    rewards.section_views.bp,
    rewards.budgets.views.bp,
    rewards.awarding.views.bp,
    rewards.calculator_views.bp,
    rewards.standing.views.bp,
    rewards.book.statement_views.bp,
    rewards.book.views.bp,
    rewards.catalogue.views.bp,
    rewards.catalogue.fulfilment_views.bp,
    rewards.vouchers.views.bp,
    rewards.vouchers.desk_views.bp,
    rewards.topups.views.bp,
    rewards.topups.till_views.bp,
    rewards.credit.views.bp,
    rewards.credit.till_views.bp,
    rewards.cards.views.bp,
    rewards.perks.views.bp,
    rewards.papers.views.bp,
    rewards.seats.views.bp,
    shop.views.bp,
    shop.owner_views.bp,
    reviews.views.bp,
    shop.import_views.bp,
    shop.staff_views.bp,
    shop.webhook_views.bp,
    acknowledgement.views.bp,
    demo.views.bp,
)

#: Small numbers in every page's header.
COUNTS: Mapping[str, str] = {
    "unread": counts.UNREAD,
    "points": rewards.counts.POINTS,
}

#: Commands of the rooms: `bellmouth ledger audit`, `bellmouth import orders` …
COMMANDS: Sequence[click.Command] = (
    members.commands.commands,
    ledger.commands.commands,
    role_command.commands(privileges.KEPT),
    rewards.commands.commands,
    rewards.awarding.commands.commands,
    rewards.papers.commands.commands,
    shop.commands.imports,
    shop.commands.hooks,
    transparency.commands.commands,
)

#: What people are told, room by room; previews stand at /dev/mails.
NOTICES: Sequence[Notice] = (
    *notices.NOTICES,
    *acknowledgement.notices.NOTICES,
    *community.notices.NOTICES,
    *referral.notices.NOTICES,
    *reviews.notices.NOTICES,
    *rewards.notices.NOTICES,
    *rewards.awarding.notices.NOTICES,
    *rewards.budgets.notices.NOTICES,
    *rewards.cards.notices.NOTICES,
    *rewards.standing.notices.NOTICES,
    *rewards.catalogue.notices.NOTICES,
    *rewards.perks.notices.NOTICES,
    *rewards.topups.notices.NOTICES,
    *rewards.credit.notices.NOTICES,
)

#: What rooms show a member about herself on /me, and everybody about her on her public page.
CARDS: Sequence[member_page.Show] = (
    funnel.first_steps.show,
    rewards.card.show,
    referral.card.show,
    notifications.card.show,
    reviews.views.my_card,
)
SECTIONS: Sequence[member_page.Show] = (reviews.views.member_section, showing.topics)

#: What rooms show below a product, and on its card in the shop.
PRODUCT_SECTIONS: Sequence[shop_page.Section] = (
    showing_topups.on_product,
    reviews.views.section,
)
PRODUCT_NOTES: Sequence[shop_page.Note] = (reviews.views.note,)
PRODUCT_WORDS: Sequence[shop_page.Words] = (reviews.queries.addresses,)

#: Who can say what the site serves today of what the log tells of: event prefix to witness.
WITNESSES: Mapping[str, verifying.Witness] = {
    **dict.fromkeys(record.EVENTS, record.served),
    "programme.published": publishing.served,
    "agreement.published": agreements.served,
    "review.": witness.served,
    "ledger.sealed": sealing.served,
}

#: Who says which pictures are shown somewhere; all others are thrown away after a while.
PICTURES_NAMED: Sequence[pictures.Names] = (rewards.catalogue.picturing.named,)

#: Where the subjects of leaves have their pages.
SUBJECT_PAGES: Mapping[str, str] = {
    "moderation": "/moderation/{}",
    "programme": "/how-rewards-work/{}",
    "review": "/reviews/{}",
}

#: Routes that sign their requests, or show a key, instead of carrying a form token.
SIGNED_ROUTES: Sequence[Callable[..., object]] = (
    notifications.views.unsubscribed,
    shop.webhook_views.receive,
    rewards.vouchers.views.validate,
    rewards.vouchers.views.redeem,
    rewards.vouchers.views.release,
    rewards.topups.till_views.look,
    rewards.topups.till_views.take,
    rewards.topups.till_views.give_back,
    rewards.credit.till_views.look,
    rewards.credit.till_views.take,
    rewards.credit.till_views.give_back,
)


def wire(settings: Settings) -> None:
    """Open the database and hand the foundation its tables; what the worker and commands need."""
    journal.keep(settings.log_level)
    doors.connect(settings.url)
    facts.listen(HEARERS)
    outbox.deliver_with(CHANNELS)
    worker.run_jobs(JOBS)
    pictures.keep_in(settings.data)
    pictures.NAMED[:] = PICTURES_NAMED
    throttle.count_in(settings.redis_url)
    delivering.use(settings)
    notices.know(NOTICES)
    member_page.CARDS[:] = CARDS
    api_keys.SCOPES.update(rewards.till_views.SCOPES)
    member_page.SECTIONS[:] = SECTIONS
    shop_page.SECTIONS[:] = PRODUCT_SECTIONS
    shop_page.NOTES[:] = PRODUCT_NOTES
    shop_page.WORDS[:] = PRODUCT_WORDS
    customers.LOCKS[:] = (expecting.changes,)
    rewards.papers.queries.CLUBS[:] = (showing.clubs,)
    rewards.wares.CALLED[:] = (shop.queries.called,)
    touches.sign_with(settings.key())
    verifying.call_witnesses(WITNESSES)
    sealing.publish_with(tell_log)
    transparency.views.lead_to(SUBJECT_PAGES)


def tell_log(session: Session, seal: sealing.Seal, now: datetime) -> None:
    """Write the book's newest seal into the log, where others keep it too."""
    log.append(
        session,
        event="ledger.sealed",
        subject=sealing.subject_of(seal),
        content=sealing.content_of(seal),
        now=now,
    )


def create_app(settings: Settings | None = None) -> Flask:
    """The web application."""
    settings = settings or Settings()
    wire(settings)
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.config.update(
        SECRET_KEY=settings.key(),
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_REFRESH_EACH_REQUEST=False,  # a cookie on every answer costs a third of a page
        PERMANENT_SESSION_LIFETIME=timedelta(days=90),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        MAX_CONTENT_LENGTH=4 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = sessions = RememberedSessions()
    app.extensions["settings"] = settings
    CSRFProtect(app)
    for view in SIGNED_ROUTES:
        app.extensions["csrf"].exempt(view)
    viewers = Viewers(COUNTS)
    login_manager(viewers).init_app(app, add_context_processor=False)
    languages.set_up(app)
    refusals.set_up(app)
    assets.set_up(app)
    pages.set_up(app)
    app.after_request(front.keep_whole_page)
    app.extensions["shell"] = lambda: Shell(settings.site_name)
    app.context_processor(lambda: {"shell": app.extensions["shell"]()})
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.wsgi_app = front.VisitorPages(app.wsgi_app, ("session", "language", "referral"))  # type: ignore[method-assign]
    app.wsgi_app = front.MemberPages(app.wsgi_app, sessions, viewers.load)  # type: ignore[method-assign]
    app.wsgi_app = following.Links(app.wsgi_app, https=settings.is_https)  # type: ignore[method-assign]
    if settings.behind_proxy:
        n = settings.behind_proxy
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.wsgi_app = security.SecureHeaders(app.wsgi_app, https=settings.is_https)  # type: ignore[method-assign]
    return app


def served() -> Flask:
    """The web application in a process of `serve`, which ends with it."""
    serving.end_with_server()
    later.offer_below(following.ROOT)
    return create_app()


@click.group(cls=Told)
def commands() -> None:
    """Bellmouth: the sales funnel, turned round."""


def first_start(settings: Settings) -> str:
    """What `serve` does before it serves: fill an empty database, say where to look."""
    wire(settings)
    return greeting.first_start(settings)


def opened(command: click.Command) -> click.Command:
    """A room's command, or group of them, with the database open before it runs."""
    run = command.callback or (lambda: None)

    @wraps(run)
    def wired_first(*args: object, **kwargs: object) -> object:
        wire(Settings())
        return run(*args, **kwargs)

    command.callback = wired_first
    return command


for command in (
    *foundation.commands.commands(wire, first_start),
    *(opened(each) for each in COMMANDS),
):
    commands.add_command(command)

if __name__ == "__main__":
    commands(prog_name="bellmouth")
