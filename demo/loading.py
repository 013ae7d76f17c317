"""Living through eight months of a tea merchant, with the clock moved and the real verbs called.

A `Story` is a list of (moment, act); acts are called in order, each in a transaction of the day it
belongs to, and the periodic jobs run between the days, so holds are released as they would have
been. Letters are not sent: nobody of the demo has a mailbox. The same seed tells the same
story, `scale` tells it with so many times the people (for benchmarks).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import appealing, clubs, moderation, posting
from community.clubs import ClubDraft
from community.posting import TopicDraft
from demo import counter, drawings, insiders, merchant, people, shelves, tasting, voices
from demo.merchant import Ware
from demo.people import Person
from demo.voices import Opinion, Talk
from foundation import outbox, worker
from foundation.doors import reading, writing
from ledger import statements
from members import customers, joining, passwords
from members.joining import SignUp
from members.models import Member
from referral import clicking, codes, touches
from referral.touches import Touch
from reviews import publishing as reviewing
from reviews.rules import ReviewDraft
from rewards import publishing as programmes
from rewards.book import reckoning
from rewards.catalogue import fulfilling, redeeming, stock
from rewards.catalogue.redeeming import Order
from rewards.rules import POINTS
from shop import ordering, products
from shop.ordering import LineDraft, OrderDraft
from shop.products import ProductDraft

MONTHS = 8
DAYS = MONTHS * 30
CURRENCY = "USD"
SEED = 1854

Act = Callable[[Session, datetime], None]
Progress = Callable[[int, int], None]


def is_empty() -> bool:
    """Whether nobody has ever been here."""
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Member)) == 0


def load(now: datetime, scale: int = 1, progress: Progress = lambda done, total: None) -> None:
    """Fill an empty database with the demo business, ending at `now`."""
    story = Story(now, scale)
    story.tell()
    acts = sorted(story.acts, key=lambda act: (act[0], act[1]))
    done = 0
    for _day, todays in groupby(acts, key=lambda act: act[0].date()):
        with writing() as session:
            for moment, _order, act in todays:
                act(session, moment)
                done += 1
        _end_the_day(moment)
        progress(done, len(acts))
    with writing() as session:
        outbox.forgo(session, now, "a letter of the demo's past: nobody of it has a mailbox")


def _end_the_day(moment: datetime) -> None:
    """What the worker would have done by now: release what was on hold, write a checkpoint …"""
    for job in worker.jobs_table():
        if job is not reckoning.JOB or moment.weekday() == 0:  # a point a week draws the same curve
            job.run(moment)


@dataclass
class Story:
    """Who does what and when; ids are learnt while it is acted out."""

    now: datetime
    scale: int = 1
    acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    member_ids: dict[str, str] = field(default_factory=dict)
    product_ids: dict[str, str] = field(default_factory=dict)
    club_ids: dict[str, str] = field(default_factory=dict)
    joined_on: dict[str, float] = field(default_factory=dict)
    talkers: set[str] = field(default_factory=set)
    said: set[Opinion] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = random.Random(SEED)  # noqa: S311 - a story, not a secret
        self.start = (self.now - timedelta(days=DAYS)).replace(hour=8, minute=0, second=0)
        self.numbers = count(10_001)
        self.order = count()
        self.secret = passwords.hashed(people.PASSWORD)

    def at(self, day: float, act: Act) -> None:
        """Let `act` happen on a day of the story (fractions are hours), never in the future."""
        moment = min(self.start + timedelta(days=day), self.now - timedelta(minutes=5))
        self.acts.append((moment, next(self.order), act))

    def tell(self) -> None:
        self.open_house()
        crowd = self.customers()
        for place, person in enumerate(crowd):
            self.arrive(person, place, len(crowd))
        self.buy_quietly()
        self.look_around()
        self.talk([each for each in crowd if each.mailbox in self.talkers])
        self.spam()
        self.spend()
        guests = [each.mailbox for each in crowd[:3]]
        counter.Counter(self.member_ids).serve(self.at, guests, DAYS)
        self.at(DAYS - 12, lambda session, now: tasting.thank(session, self.member_ids, now))
        self.at(DAYS - 6, lambda session, now: insiders.thank(session, self.member_ids, now))

    # The house

    def open_house(self) -> None:
        for person in people.HOUSE:
            self.at(0, self.join(person, role=person.role))
        self.at(0.1, self.stock)
        self.at(0.2, self.first_programme)

    def stock(self, session: Session, now: datetime) -> None:
        for ware in (*merchant.WARES, counter.CARD):
            draft = ProductDraft(
                ware.slug,
                ware.name,
                ware.price,
                CURRENCY,
                ware.summary,
                ware.description,
                ware.drawing,
            )
            self.product_ids[ware.slug] = products.add(session, draft, now).id
        for position, place in enumerate(merchant.PLACES):
            club = ClubDraft(place.slug, place.name, place.description, position, promise_hours=8)
            self.club_ids[place.slug] = clubs.open_club(session, club, now)

    def first_programme(self, session: Session, now: datetime) -> None:
        olga = self.member_ids["olga"]
        rules = shelves.programme(now, drawings.hang_up(session, now))
        programmes.publish_first(session, olga, now, rules)
        for item in rules.catalogue:
            for occasion in item.occasions if item.counted else ():
                stock.receive(session, olga, item.key, occasion, shelves.CAME_IN[item.key], "", now)

    # People

    def customers(self) -> list[Person]:
        """Everybody, and at a larger scale their namesakes."""
        named = list(people.CUSTOMERS[1:])
        self.chance.shuffle(named)
        named.insert(0, people.ADVOCATE)
        return self.with_namesakes(named)

    def with_namesakes(self, named: Sequence[Person]) -> list[Person]:
        return [*named] + [
            Person(each.name, f"{each.mailbox}.{n}", each.language, each.role, each.time_zone)
            for n in range(2, self.scale + 1)
            for each in named
        ]

    def buy_quietly(self) -> None:
        """Customers known from their orders only, who never joined."""
        for person in self.with_namesakes(people.QUIET):
            day = self.chance.uniform(5, DAYS - 3)
            self.at(day - 0.1, self.known(person))
            self.buy(person, [self.basket()[0].slug], day)

    def known(self, person: Person) -> Act:
        def act(session: Session, now: datetime) -> None:
            self.member_ids[person.mailbox] = customers.known_customer(
                session, now, email=person.email, name=person.name, language=person.language
            )

        return act

    def look_around(self) -> None:
        """People who joined and have not bought yet."""
        for person in self.with_namesakes(people.LOOKING):
            self.at(self.chance.uniform(DAYS - 60, DAYS - 2), self.join(person))

    def basket(self) -> list[Ware]:
        """One to three different wares, the popular ones more often."""
        wanted = self.chance.choice((1, 1, 2, 3))
        chosen: dict[str, Ware] = {}
        while len(chosen) < wanted:
            ware = self.chance.choices(merchant.WARES, merchant.POPULARITY)[0]
            chosen[ware.slug] = ware
        return list(chosen.values())

    def join(self, person: Person, role: str = "member", via: str | None = None) -> Act:
        def act(session: Session, now: datetime) -> None:
            draft = SignUp(
                person.name,
                person.email,
                self.secret,
                person.language,
                person.time_zone,
                referral_cookie=self.followed(session, via, now) if via else None,
            )
            self.member_ids[person.mailbox] = joining.add(session, draft, now, role=role)

        return act

    def followed(self, session: Session, friend: str, now: datetime) -> str:
        """The cookie of somebody who followed a friend's link the day before."""
        code = codes.ensure(session, self.member_ids[friend], now - timedelta(days=1))
        assert code is not None
        clicking.click_within(session, code.code, "whatsapp", "/", now - timedelta(days=1))
        return touches.write(Touch(code.code, "whatsapp", now - timedelta(days=1)))

    def arrive(self, person: Person, place: int, crowd: int) -> None:
        """Join, buy at a rhythm of one's own, review some of it."""
        joined = 1 + (DAYS - 7) * (place / crowd) ** 1.3
        inviter = None
        is_last = place >= crowd - 2  # their friends' rewards are still on hold today
        if place > 4 and (is_last or self.chance.random() < 0.4):
            others = [each for each in self.joined_on if each in self.talkers]
            is_ada = is_last or self.chance.random() < 0.4
            inviter = people.ADVOCATE.mailbox if is_ada else self.chance.choice(others)
        self.joined_on[person.mailbox] = joined
        if place < 6 or self.chance.random() < 0.7:
            self.talkers.add(person.mailbox)
        self.at(joined, self.join(person, via=inviter))
        rhythm = self.chance.uniform(16, 75)
        day = joined + self.chance.uniform(0.1, 6)
        reviewed: set[str] = set()
        while day < DAYS - 1:
            wares = self.basket()
            self.buy(person, [ware.slug for ware in wares], day)
            for ware in wares:
                speaks = person.mailbox in self.talkers and self.chance.random() < 0.5
                if ware.slug not in reviewed and speaks:
                    reviewed.add(ware.slug)
                    self.review(person, ware.slug, day + self.chance.uniform(6, 14))
            if self.chance.random() < 0.18:
                return  # some come once and not again
            day += rhythm * self.chance.uniform(0.6, 1.4)

    def buy(self, person: Person, slugs: list[str], day: float) -> None:
        number = f"BK-{next(self.numbers)}"
        refunded = self.chance.random() < 0.06
        late = self.chance.random() < 0.1
        ids: dict[str, str] = {}

        def pay(session: Session, now: datetime) -> None:
            wares = [ware for ware in merchant.WARES if ware.slug in slugs]
            lines = [LineDraft(ware.name["en"], 1, ware.price, ware.slug) for ware in wares]
            total = sum(line.amount for line in lines)
            promised = (now + timedelta(days=4)).date()
            buyer = self.member_ids[person.mailbox]
            draft = OrderDraft(number, buyer, total, CURRENCY, now, lines, promised, "demo")
            ids["order"] = ordering.place(session, draft, now).id
            ordering.pay(session, ids["order"], now)

        def ship(session: Session, now: datetime) -> None:
            ordering.ship(session, ids["order"], now)

        def deliver(session: Session, now: datetime) -> None:
            ordering.deliver(session, ids["order"], now)

        def refund(session: Session, now: datetime) -> None:
            order = ordering.locked(session, ids["order"])
            ordering.refund(session, order.id, max(1, order.total // 4), f"RF-{number}", now)

        self.at(day, pay)
        if day + 1 < DAYS:
            self.at(day + 1, ship)
        if day + 4 < DAYS:
            self.at(day + (6 if late else 3.5), deliver)
        if refunded and day + 9 < DAYS:
            self.at(day + 9, refund)

    # Words

    def review(self, person: Person, slug: str, day: float) -> None:
        if day >= DAYS:
            return
        said = voices.OPINIONS[slug]
        mine = [each for each in said if each.language == person.language]
        fresh = [each for each in mine if each not in self.said]
        if not fresh and self.scale == 1:
            return  # nobody repeats somebody else's words
        opinion: Opinion = self.chance.choice(fresh or mine or list(said))
        self.said.add(opinion)

        def act(session: Session, now: datetime) -> None:
            draft = ReviewDraft(opinion.stars, opinion.title, opinion.body)
            author = self.member_ids[person.mailbox]
            reviewing.publish(session, author, self.product_ids[slug], draft, now)

        self.at(day, act)

    def talk(self, talkers: list[Person]) -> None:
        talks = [talk for _ in range(self.scale) for talk in voices.TALKS]
        for place, talk in enumerate(talks):
            day = 25 + (DAYS - 29) * place / len(talks)
            known = [each for each in talkers if self.joined_on[each.mailbox] < day - 1]
            speakers = [each for each in known if each.language == talk.language]
            speakers = speakers if len(speakers) > 2 else known
            self.discuss(talk, self.chance.sample(speakers, k=min(5, len(speakers))), day)

    def discuss(self, talk: Talk, speakers: list[Person], day: float) -> None:
        ids: dict[int, str] = {}
        topic: dict[str, str] = {}
        mailboxes = [speaker.mailbox for speaker in speakers]

        def who(session: Session, mailbox: str) -> Member:
            return session.get_one(Member, self.member_ids[mailbox])

        def start(session: Session, now: datetime) -> None:
            draft = TopicDraft(self.club_ids[talk.club], talk.kind, talk.title, talk.body)
            topic["id"] = posting.start_topic(session, who(session, mailboxes[0]), draft, now).id

        def answer(place: int, mailbox: str, body: str) -> Act:
            def act(session: Session, now: datetime) -> None:
                ids[place] = posting.reply(
                    session, who(session, mailbox), topic["id"], body, now
                ).id

            return act

        def accept(session: Session, now: datetime) -> None:
            assert talk.accepted is not None
            posting.accept_answer(session, who(session, mailboxes[0]), ids[talk.accepted], now)

        self.at(day, start)
        for place, body in enumerate(talk.answers, 1):
            speaks_for_us = place == 1 and talk.kind == "rant"
            company = speaks_for_us or any(
                mark in body for mark in ("We like it", "We now sell", "That was our", "We would")
            )
            mailbox = "sam" if company else mailboxes[1 + (place - 1) % (len(mailboxes) - 1)]
            self.at(day + 0.15 * place, answer(place, mailbox, body))
        if talk.accepted:
            self.at(day + 0.15 * len(talk.answers) + 0.3, accept)

    def spam(self) -> None:
        """Two spam posts: one fold appealed and upheld, one still open to appeal."""
        spammer = Person("Lucky Larry", "larry")
        posts: dict[str, str] = {}

        def write(session: Session, now: datetime) -> None:
            author = session.get_one(Member, self.member_ids["larry"])
            draft = TopicDraft(self.club_ids["shop-floor"], "talk", "BEST WATCHES", voices.SPAM)
            topic = posting.start_topic(session, author, draft, now)
            posts["first"] = topic.last_post_id

        def fold(session: Session, now: datetime) -> None:
            moderator = session.get_one(Member, self.member_ids["mo"])
            reason = "An advertisement that has nothing to do with tea."
            posts["fold"] = moderation.fold(
                session, moderator, posts["first"], "spam", reason, now
            ).id

        def appeal(session: Session, now: datetime) -> None:
            author = session.get_one(Member, self.member_ids["larry"])
            posts["appeal"] = appealing.appeal(
                session, author, posts["fold"], "They are very good watches.", now
            ).id

        def decide(session: Session, now: datetime) -> None:
            owner = session.get_one(Member, self.member_ids["olga"])
            reason = "Good watches are still not tea. The fold stays."
            appealing.decide(session, owner, posts["appeal"], "refused", reason, now)

        self.at(100, self.join(spammer))
        for day, act in ((101, write), (101.2, fold), (102, appeal), (103, decide)):
            self.at(day, act)

    def spend(self) -> None:
        """Ada turns points into a voucher."""

        def redeem(session: Session, now: datetime) -> None:
            ada = self.member_ids["ada"]
            version = programmes.publish_first(session, None, now)
            cheapest = min(version.rules.catalogue, key=lambda item: item.cost)
            redeeming.redeem(session, ada, redeeming.Order(cheapest.key, "demo-1"), now)

        self.at(DAYS - 10, redeem)
        self.at(DAYS - 2, self.order_a_caddy)

    def order_a_caddy(self, session: Session, now: datetime) -> None:
        """Two who have the points order one; Sam has begun with the first."""
        known = [self.member_ids[each.mailbox] for each in people.CUSTOMERS]
        balances = statements.balances_of(session, known, POINTS)
        rich = sorted(known, key=lambda each: -balances[each].available)[:2]
        for place, member_id in enumerate(rich):
            if balances[member_id].available >= 120:
                order = Order("caddy", "demo-caddy", address="7 Lantern Street\nPortland OR 97209")
                done = redeeming.redeem(session, member_id, order, now)
                if place == 0:
                    sam = self.member_ids["sam"]
                    fulfilling.move(session, done.redemption.id, "take", sam, "", now)


def log_ins() -> list[tuple[str, str]]:
    """Role and address of those a newcomer should try, for the first screen."""
    house = [(person.role, person.email) for person in people.HOUSE]
    return [("member", people.ADVOCATE.email), *house]
