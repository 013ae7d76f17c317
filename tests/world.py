"""A small world in which everything exists once: for tests that walk over all pages.

Every role owns one of what a member can own: `world.of["order_id"]["moderator"]` is Mo's order.
Made by the rooms' verbs, in one go.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from PIL import Image
from sqlalchemy import select

from community import appealing, clubs, moderation, posting, reporting
from community.models import ModerationEntry
from foundation import clock, facts, outbox, pictures
from foundation.doors import reading, writing
from foundation.outbox import Message
from foundation.tables import new_id
from ledger import accounts
from ledger.bulk import CreditDraft, credit_many
from members import api_keys, proofs, signing_in
from members.models import Member, SignIn
from members.permissions import Role
from notifications import unsubscribing
from notifications.models import Notification
from referral import codes, touches
from referral.models import Referral
from referral.touches import Touch
from reviews import publishing as reviewing
from reviews.rules import ReviewDraft
from rewards import drafting, programme, publishing, releasing, replay_runs
from rewards.awarding import award_files, giving, starting
from rewards.awarding import runs as awards
from rewards.awarding.models import Award
from rewards.awarding.starting import Terms
from rewards.catalogue import redeeming
from rewards.credit import taking as taking_credit
from rewards.credit.taking import Taking as CreditTaking
from rewards.first_programme import first_programme
from rewards.models import Grant
from rewards.papers import files as paper_files
from rewards.papers import writing as papers
from rewards.papers.writing import PaperDraft
from rewards.perks import granting as perk_granting
from rewards.perks.granting import PerkDraft
from rewards.seats import agreements, inviting, unit_gate
from rewards.seats import answering as seats
from rewards.seats.answering import Acceptance
from rewards.seats.inviting import InvitationDraft
from rewards.topups import taking
from rewards.topups.rules import TopUp
from rewards.topups.taking import Taking
from shop import ordering, uploads
from shop.models import Product
from tests import people
from tests.shop import orders

#: What everybody bought, and by it prepaid a pot.
TEA = "yunnan-black"

ROLES: tuple[Role, ...] = ("member", "moderator", "staff", "owner")


@dataclass
class World:
    """`one[argument]` and `of[argument][role]` fill the arguments of the routes."""

    now: datetime
    who: dict[str, Member] = field(default_factory=dict)
    one: dict[str, Any] = field(default_factory=dict)
    of: dict[str, dict[str, Any]] = field(default_factory=dict)

    def value(self, name: str, role: str) -> Any:
        """What fills an argument when somebody of `role` asks (a visitor asks for Ada's)."""
        owned = self.of.get(name)
        return owned.get(role, owned["member"]) if owned else self.one[name]

    def own(self, name: str, role: str, value: Any) -> None:
        self.of.setdefault(name, {})[role] = value


def make(data: Path) -> World:
    """Fill the open, empty database (and the data folder) with what happened in 40 days."""
    world = World(clock.now())
    with writing() as session:
        cast = (people.ada, people.mo, people.sam, people.olga)
        world.who = {role: made(session) for role, made in zip(ROLES, cast, strict=True)}
        world.who["cleo"], world.who["ben"] = people.cleo(session), people.ben(session)
        world.who["max"] = people.member(session, "Max", role="moderator")
        pots = TopUp(key="pots", name={"en": "Pots"}, unit={"en": "A pot"}, product=TEA, every=1)
        rules = first_programme().model_copy(update={"topups": (pots,)})
        publishing.publish_first(session, world.who["owner"].id, people.JOINED, rules)
    _buy(world)
    for role in ROLES:
        _write(world, role)
        _letters(world, role)
    _report(world)
    _bring_a_friend(world)
    _give_perks(world)
    _send_a_paper(world, data)
    _offer_seats(world)
    _steer(world)
    _import(world, data)
    _award(world, data)
    _pay_with_credit(world)
    return world


def _buy(world: World) -> None:
    with writing() as session:
        tea = orders.a_product(session, world.now, TEA)
        world.one |= {"product": tea.slug, "product_id": tea.id}
    for role in ROLES:
        bought = world.now - timedelta(days=40)
        with writing() as session:
            tea = session.get_one(Product, world.one["product_id"])
            order = orders.delivered_order(
                session, world.who[role].id, bought, total=30_000, product=tea
            )
            world.own("order_id", role, order.id)
            draft = ReviewDraft(4, f"Tea of {role}", f"Malty, says {role}, and long in the cup.")
            review = reviewing.publish(session, world.who[role].id, tea.id, draft, world.now)
            world.own("review_id", role, review.id)
    releasing.release_due(world.now)
    with writing() as session:
        ordering.refund(session, world.of["order_id"]["member"], 500, "refund-1", world.now)
    for role in ROLES:
        with writing() as session:
            mine = select(Grant.id).where(Grant.member_id == world.who[role].id)
            world.own("grant_id", role, session.scalars(mine).first() or "none")
            bought = redeeming.Order("voucher-5", f"key-{role}")
            done = redeeming.redeem(session, world.who[role].id, bought, world.now)
            world.own("redemption_id", role, done.redemption.id)

    with writing() as session:
        wanted = Taking(world.who["member"].id, "pots", "use-1", by_id=world.who["staff"].id)
        world.one["use_id"] = taking.take(session, wanted, world.now).id


def _write(world: World, role: str) -> None:
    """A topic with an answer of Ben's, a post, and a folded post with its appeal."""
    author, now = world.who[role], world.now
    judge = world.who["max"] if role == "moderator" else world.who["moderator"]
    with writing() as session:
        if "club" not in world.one:
            draft = clubs.ClubDraft("tea", {"en": "Tea"}, {"en": "Leaves and water."})
            world.one |= {"club": "tea", "club_id": clubs.open_club(session, draft, now)}
        topic = posting.TopicDraft(world.one["club_id"], "question", f"Kettle of {role}", "Clay?")
        started = posting.start_topic(session, author, topic, now)
        world.own("topic_id", role, started.id)
    for name, by in (("answer_id", "ben"), ("post_id", role), ("folded_id", role)):
        with writing() as session:
            post = posting.reply(session, world.who[by], started.id, f"Words, {name}.", now)
            world.own(name, role, post.id)
    with writing() as session:
        fold = moderation.fold(session, judge, post.id, "spam", "The same text, four times.", now)
        world.own("fold_id", role, fold.id)
    with writing() as session:
        appeal = appealing.appeal(session, author, fold.id, "It was not the same text.", now)
        world.own("appeal_id", role, appeal.id)


def _letters(world: World, role: str) -> None:
    """What was told to somebody, another browser of hers, and her links in letters."""
    member, now = world.who[role], world.now
    with writing() as session:
        signing_in.sign_in(session, member.id, now, browser="another browser")
        mine = select(SignIn.id).where(SignIn.member_id == member.id)
        world.own("sign_in_id", role, session.scalars(mine).first())
        told = select(Notification.id).where(Notification.member_id == member.id)
        world.own("notification_id", role, session.scalars(told).first())
        address = f"new-{role}@example.com"
        claim = {"password_hash": people.PASSWORD_HASH, "browser": "", "email": address}
        for purpose in ("join", "reset", "move"):
            token = proofs.issue(session, member.id, purpose, address, now, claim=claim)
            world.own(f"{purpose}_token", role, token)
    link = unsubscribing.link(member.id, "news")
    world.own("unsubscribe_token", role, link.removeprefix("/unsubscribe/"))


def _report(world: World) -> None:
    place = f"/posts/{world.of['post_id']['member']}"
    draft = reporting.ReportDraft(place, "spam", "It sells kettles.", True)
    with writing() as session:
        report = reporting.report(session, world.who["cleo"], draft, world.now)
        world.one["report_id"] = report.id
        world.one["entry_id"] = session.scalars(select(ModerationEntry.id)).first()


def _bring_a_friend(world: World) -> None:
    now = world.now
    with writing() as session:
        code = codes.ensure(session, world.who["member"].id, now - timedelta(days=2))
        assert code is not None
        world.one["referral_code"] = code.code
        fay = people.member(session, "Fay", joined_at=now - timedelta(days=1))
        cookie = touches.write(Touch(code.code, "link", now - timedelta(days=1)))
        subject = f"member:{fay.id}"
        facts.record(session, "member.joined", fay.id, subject, now, referral_cookie=cookie)
        facts.record(session, "member.verified", fay.id, subject, now)
        world.one["referral_id"] = session.scalars(select(Referral.id)).one()
    with writing() as session:
        orders.paid_order(session, fay.id, now, total=4_000)
        world.who["fay"] = fay


def _give_perks(world: World) -> None:
    owner = world.who["owner"].id
    with writing() as session:
        draft = PerkDraft("ada", "priority_answers", "She answers half the club.")
        world.one["entitlement_id"] = perk_granting.grant(session, owner, draft, world.now).id


def _send_a_paper(world: World, data: Path) -> None:
    """A picture for everybody, and access to it that ended for Ben; the store has it too."""
    drawn = io.BytesIO()
    Image.new("RGB", (90, 80), "white").save(drawn, "PNG")
    kept = pictures.look_at(drawn.getvalue())
    file = paper_files.look_at("harvest.png", drawn.getvalue())
    paper_files.keep(data, file)
    owner, now = world.who["owner"].id, world.now
    with writing() as session:
        pictures.keep(session, kept, now)
        world.one["picture_name"] = f"{kept.sha256}-small"
        draft = PaperDraft({"en": "Harvest"}, {"en": "Seen."}, now, tier_from="bud")
        paper = papers.write(session, owner, draft, file, now)
        ended = papers.revoke(session, owner, paper.id, "ben", "He posted it.", now)
        world.one |= {"paper_id": paper.id, "revocation_id": ended.id}


def _offer_seats(world: World) -> None:
    """Everybody is invited; Ada took her seat."""
    owner, now, gate = world.who["owner"].id, world.now, unit_gate.gate("", "", "")
    with writing() as session:
        agreements.change(session, owner, {"en": "You advise us."}, "settled", 0, now)
        agreements.publish(session, owner, 1, now)
        for role in ROLES:
            draft = InvitationDraft(world.who[role].handle, "We want your advice.")
            invitation = inviting.invite(session, owner, draft, gate, now)
            world.own("invitation_id", role, invitation.id)
        said = Acceptance(1, "en", "Ada", "DE", "192.0.2.1")
        ada, invited = world.who["member"].id, world.of["invitation_id"]["member"]
        world.one["seat_id"] = seats.accept(session, ada, invited, said, gate, now).id


def _steer(world: World) -> None:
    owner, now = world.who["owner"].id, world.now
    world.one["item_key"] = "voucher-5"
    with writing() as session:
        world.one["api_key"] = api_keys.make(session, owner, "Till", api_keys.SCOPES, now)
        api_keys.make(
            session, owner, "Old till", api_keys.SCOPES, now
        )  # the one that is ended on the way
        keys = {line.name: line.id for line in api_keys.lines(session)}
        world.one["key_id"] = keys["Old till"]
    with writing() as session:
        draft = drafting.start(session, owner, now)
        since = now - timedelta(days=90)
        run = replay_runs.ask(session, owner, draft.rules, since, now, now)
        world.one["run_id"] = run.id
        outbox.put(session, "mail", {"nobody": "can read this"}, now, key="dead")
    with writing() as session:
        dead = session.scalars(select(Message).where(Message.key == "dead")).one()
        dead.state, world.one["message_id"] = "dead", dead.id
        letters = select(Message.id).where(Message.channel == "mail", Message.state == "waiting")
        world.one["letter_id"] = session.scalars(letters).first()
    replay_runs.run(world.one["run_id"], now)
    with reading() as session:
        assert programme.latest(session) is not None


def _import(world: World, data: Path) -> None:
    options = {"currency": "USD", "time_zone": "UTC", "date_format": "", "said": {}}
    world.one["import_id"] = import_id = new_id(world.now)
    with writing() as session:
        owner = world.who["owner"].id
        uploads.take(session, owner, import_id, "orders.csv", 100, options, world.now)
    (uploads.folder(data) / f"{import_id}.rejects.csv").write_text("order,why\n")


def _award(world: World, data: Path) -> None:
    place = awards.folder(data)
    path = place / "awards.csv"
    gifts = [f"@{world.who[role].handle},50" for role in ROLES]
    path.write_text("\n".join(["member,amount", *gifts, "nobody,5"]))
    source, terms = award_files.look_at(path), Terms("Tasting day", "Thank you")
    with writing() as session:
        world.one["set_id"] = set_id = starting.start(
            session, source, terms, "running", world.now
        ).id
    giving.give(set_id, source, world.now, rejects=place / f"{set_id}.rejects.csv")
    with reading() as session:
        for role in ROLES:
            mine = select(Award.id).where(Award.member_id == world.who[role].id)
            world.own("award_id", role, session.scalars(mine).one())


def _pay_with_credit(world: World) -> None:
    with writing() as session:
        accounts.define(session, "USD", 2)
        drafts = [CreditDraft(world.who[role].id, "USD", 2_000, f"credit-{role}") for role in ROLES]
        credit_many(session, drafts, world.now)
        for role in ROLES:
            asked = CreditTaking(world.who[role].id, f"receipt-{role}", 500, "USD")
            world.own("taking_id", role, taking_credit.take(session, asked, world.now).id)


RAW_TOKEN = "0123456789abcdef0123456789abcdef01234567"


def form_token(app: Any, raw: str = RAW_TOKEN) -> str:
    """The token that our forms carry in a session whose `csrf_token` is `raw`."""
    return str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw))


def browser(app: Any, who: Member | None, address: str = "192.0.2.1") -> Any:
    """A browser of somebody signed in (None: a visitor) whose session knows `RAW_TOKEN`."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    if who is not None:
        people.sign_in(client, who)
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = RAW_TOKEN
    return client


#: Arguments of routes: by the beginning of the rule where a name means several things.
ARGUMENTS: dict[tuple[str, str], str] = {
    ("/pictures", "name"): "picture_name",
    ("/clubs", "slug"): "club",
    ("/products", "slug"): "product",
    ("/posts/<post_id>/accept", "post_id"): "answer_id",
    ("/verify", "token"): "join_token",
    ("/reset", "token"): "reset_token",
    ("/settings/email", "token"): "move_token",
    ("/unsubscribe", "token"): "unsubscribe_token",
    ("/r/", "code"): "referral_code",
    ("/dev/mails/waiting", "message_id"): "letter_id",
    ("/demo/postbox", "message_id"): "letter_id",
}
FIXED: dict[tuple[str, str], Any] = {
    ("/language", "code"): "zh_Hans",
    ("/static", "filename"): "css/base.css",
    ("/typefaces", "name"): "sans-400",
    ("/dev/mails", "kind"): "reward.redeemed",
    ("/me/referrals", "kind"): "svg",
    ("/r/", "channel"): "qr",
    ("/", "handle"): "ada",
    ("/", "number"): 1,
    ("/", "index"): 0,
    ("/funnel", "stage"): "participation",
}


def address_of(world: World, rule: Any, role: str) -> str:
    """A real address for a rule of the URL map; KeyError names an argument nobody fills."""
    filled = {}
    for name in rule.arguments - set(rule.defaults or ()):
        fixed = _closest(FIXED, rule.rule, name)
        filled[name] = (
            FIXED[fixed]
            if fixed
            else world.value(
                ARGUMENTS.get(_closest(ARGUMENTS, rule.rule, name) or ("", ""), name), role
            )
        )
    _domain, path = rule.build(filled) or ("", "")
    assert path, f"{rule.rule} cannot be built with {filled}"
    return str(path)


def _closest(table: Any, rule: str, name: str) -> tuple[str, str] | None:
    fitting = [key for key in table if key[1] == name and rule.startswith(key[0])]
    return max(fitting, key=lambda key: len(key[0]), default=None)
