"""What the tea merchant gives for points beside his vouchers, one thing of every kind; and what he
lets them cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from demo import counter
from rewards.budgets.rules import Budget
from rewards.cards.rules import StampCard, WelcomeVoucher
from rewards.catalogue.items import Item, Picture
from rewards.first_programme import first_programme
from rewards.rules import Condition, EarningRule, Programme

#: What came in of what is counted, by the item's key; a visit has so many places a date.
CAME_IN = {"caddy": 12, "visit": 8}

#: Minor units that 100 points cost, and limits for all members together. They warn and withhold
#: nothing, for the story is also told with many times the people.
WORTH_OF_100 = 500
BUDGETS = (
    Budget(key="all", limit=15_000, unit="money", at_cap="warn"),
    Budget(key="referrer", rule="referrer", limit=500, at_cap="warn"),
)
#: Money to spend in the shop: for whoever a friend brought, and for those who are here the most.
CREDIT = (
    EarningRule(
        key="friend-credit",
        fact="referral.purchased",
        name={"en": "A welcome from us", "zh_Hans": "我们的见面礼", "zh_Hant": "我們的見面禮"},
        commodity="money",
        who="friend",
        amount=500,
        hold="return_period",
        cap_per_member=500,
    ),
    EarningRule(
        key="two-per-cent",
        fact="order.paid",
        name={"en": "Two per cent back", "zh_Hans": "返还百分之二", "zh_Hant": "返還百分之二"},
        commodity="money",
        kind="percent",
        amount=2,
        when=Condition(tiers=("advocate", "ambassador")),
        hold="return_period",
        expires_after_days=365,
        cap_per_month=1_000,
    ),
)
#: Five visits in a season, and a reason to come back after the first one.
CARD = StampCard(
    key="tea",
    name={"en": "Tea card", "zh_Hans": "茶卡", "zh_Hant": "茶卡"},
    orders=5,
    days=120,
    value_min=1_000,
    points=50,
)
COME_AGAIN = WelcomeVoucher(
    key="come-again",
    name={
        "en": "For your second visit",
        "zh_Hans": "欢迎再来",
        "zh_Hant": "歡迎再來",
    },
    voucher="voucher-5",
    after_orders=1,
    valid_days=60,
    order_min=2_500,
)


def programme(now: datetime, hung: Mapping[str, Picture]) -> Programme:
    """The proposed programme with the merchant's own shelves and pictures; visits are half a year away."""
    noon = now.replace(hour=13, minute=0, second=0, microsecond=0)
    visits = (noon + timedelta(days=290), noon + timedelta(days=318))
    rules = first_programme()
    goods = (item.model_copy(update={"picture": hung.get(item.key)}) for item in _shelves(visits))
    return rules.model_copy(
        update={
            "earning": (*rules.earning, *CREDIT),
            "catalogue": (*rules.catalogue, *goods),
            "budgets": BUDGETS,
            "cards": (CARD,),
            "welcome": (COME_AGAIN,),
            "topups": (counter.POTS,),
            "worth_of_100": WORTH_OF_100,
        }
    )


def _shelves(visits: tuple[datetime, ...]) -> tuple[Item, ...]:
    return (
        Item(
            key="caddy",
            kind="goods",
            name={"en": "A brass tea caddy", "zh_Hans": "黄铜茶叶罐", "zh_Hant": "黃銅茶葉罐"},
            description={
                "en": "Hammered by hand, for 100 g. Not for sale: it is only to be had for points.",
                "zh_Hans": "手工锤制，可装 100 克茶叶。不对外出售，只能用积分兑换。",
                "zh_Hant": "手工錘製，可裝 100 克茶葉。不對外販售，只能用點數兌換。",
            },
            cost=120,
            value=1_800,
            currency="USD",
            counted=True,
            sent=True,
            limit=2,
        ),
        Item(
            key="water",
            kind="service",
            name={
                "en": "Your water, tasted",
                "zh_Hans": "为你的水试茶",
                "zh_Hant": "為你的水試茶",
            },
            description={
                "en": "Send us a bottle from your tap; we tell you which teas like it, and why.",
                "zh_Hans": "寄一瓶自来水来，我们告诉你它适合哪些茶，以及为什么。",
                "zh_Hant": "寄一瓶自來水來，我們告訴你它適合哪些茶，以及為什麼。",
            },
            cost=150,
            limit=1,
        ),
        Item(
            key="visit",
            kind="experience",
            name={
                "en": "A day in the tasting room",
                "zh_Hans": "品茶室一日",
                "zh_Hant": "品茶室一日",
            },
            description={
                "en": "Taste the new harvest with our buyers, lunch included.",
                "zh_Hans": "和我们的买手一起品尝新茶，含午餐。",
                "zh_Hant": "和我們的採購一起品嚐新茶，含午餐。",
            },
            cost=400,
            tier="advocate",
            counted=True,
            dates=visits,
        ),
        Item(
            key="first-flush",
            kind="preorder",
            name={
                "en": "First flush, a week early",
                "zh_Hans": "头采新茶，提前一周",
                "zh_Hant": "頭採新茶，提前一週",
            },
            description={
                "en": "50 g of the next Darjeeling first flush, before it is in the shop.",
                "zh_Hans": "下一季大吉岭头采 50 克，先于商店上架。",
                "zh_Hant": "下一季大吉嶺頭採 50 克，先於商店上架。",
            },
            cost=180,
            sent=True,
            expected_on=(visits[0] + timedelta(days=30)).date(),
        ),
    )
