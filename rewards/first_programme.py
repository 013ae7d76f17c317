"""Version 1 of the programme, as the house proposes it: an owner changes it as he likes.

Sized for a shop whose baskets are some 40 dollars, or what comes near it in its own currency: a
hundred points are worth five, so ordinary purchases give back about 5 per cent, and a brought
friend is worth a few orders.
"""

from __future__ import annotations

from foundation.money import exponent
from rewards.perks.rules import EARLY_DELIVERY, PRIORITY_ANSWERS, Perk
from rewards.rules import EarningRule, Item, Programme, Texts, Tier
from rewards.standing.rules import StandingRules

#: How many units of a currency come nearest to a dollar, as a power of ten; of the others, one. No
#: rate of exchange: only so that what is proposed has the size of a purchase.
COARSE = {
    10: "CNY CZK DKK EGP HKD MOP MXN NOK PHP SEK THB TRY TWD UAH ZAR",
    100: "DZD HUF INR ISK JPY KES LKR NPR PKR RSD RUB",
    1_000: "ARS CLP COP KHR KRW MMK MNT NGN TZS UGX XAF XOF",
    10_000: "IDR IRR LAK PYG UZS VND",
}


def dollar(currency: str) -> int:
    """The round number of units that comes nearest to a dollar: 1 of USD, 100 of JPY."""
    return next((many for many, codes in COARSE.items() if currency in codes.split()), 1)


def first_programme(currency: str = "USD") -> Programme:
    """The default rules in `currency`."""
    worth = dollar(currency)
    unit = worth * 10 ** exponent(currency)
    more = max(1, worth // 100)  # a point for a hundred units is the least that a rule can say
    return Programme(
        currency=currency,
        return_days=14,
        standing_window_days=365,
        standing=StandingRules(full_spend=400 * unit),
        tiers=_tiers(),
        earning=_earning(worth, more),
        catalogue=_catalogue(currency, worth, unit, more),
        perks=_perks(),
    )


def _texts(en: str, zh_hans: str, zh_hant: str) -> Texts:
    return {"en": en, "zh_Hans": zh_hans, "zh_Hant": zh_hant}


def _tiers() -> tuple[Tier, ...]:
    return (
        Tier(key="bud", name=_texts("Bud", "新芽", "新芽"), standing_min=0),
        Tier(
            key="regular",
            name=_texts("Regular", "常客", "常客"),
            standing_min=25,
            earn_percent=105,
        ),
        Tier(
            key="advocate",
            name=_texts("Advocate", "知音", "知音"),
            standing_min=45,
            earn_percent=125,
        ),
        Tier(
            key="ambassador",
            name=_texts("Ambassador", "大使", "大使"),
            standing_min=65,
            earn_percent=150,
        ),
    )


def _earning(worth: int, more: int) -> tuple[EarningRule, ...]:
    return (
        EarningRule(
            key="order",
            fact="order.paid",
            name=_texts("Your order", "你的订单", "你的訂單"),
            kind="per_currency_unit" if worth == 1 else "percent",
            amount=1 if worth == 1 else more * 100 // worth,
            hold="return_period",
            tier_applies=True,
        ),
        EarningRule(
            key="review",
            fact="review.published",
            name=_texts("Your review", "你的评价", "你的評價"),
            amount=20 * more,
            cap_per_month=100 * more,
        ),
        EarningRule(
            key="answer",
            fact="answer.accepted",
            name=_texts("Your accepted answer", "你的回答获采纳", "你的回答獲採納"),
            amount=15 * more,
            tier_applies=True,
            cap_per_month=150 * more,
        ),
        EarningRule(
            key="referrer",
            fact="referral.purchased",
            name=_texts("You brought a friend", "你介绍了一位朋友", "你介紹了一位朋友"),
            who="referrer",
            amount=200 * more,
            hold="return_period",
            cap_per_month=2_000 * more,
        ),
        EarningRule(
            key="friend",
            fact="referral.purchased",
            name=_texts("A friend brought you", "朋友介绍你来", "朋友介紹你來"),
            who="friend",
            amount=100 * more,
            hold="return_period",
            cap_per_member=100 * more,
        ),
    )


def _perks() -> tuple[Perk, ...]:
    return (
        Perk(
            key=PRIORITY_ANSWERS,
            name=_texts("Priority answers", "优先回复", "優先回覆"),
            description=_texts(
                "Your questions and rants stand first in our list, and we answer them in half the"
                " time.",
                "你的提问和吐槽排在我们清单的最前面，回复时限减半。",
                "你的提問和吐槽排在我們清單的最前面，回覆時限減半。",
            ),
            tiers=("advocate", "ambassador"),
            answer_percent=50,
        ),
        Perk(
            key=EARLY_DELIVERY,
            name=_texts("Early delivery", "提前送达", "提前送達"),
            description=_texts(
                "Your parcel is packed first and promised a day sooner.",
                "你的包裹优先打包，承诺送达日提前一天。",
                "你的包裹優先打包，承諾送達日提前一天。",
            ),
            tiers=("ambassador",),
            days_sooner=1,
        ),
    )


def _catalogue(currency: str, worth: int, unit: int, more: int) -> tuple[Item, ...]:
    def voucher(key: str, cost: int, dollars: int) -> Item:
        value = f"{dollars * worth} {currency}"
        return Item(
            key=key,
            name=_texts(f"{value} voucher", f"{value} 礼券", f"{value} 禮券"),
            cost=cost * more,
            value=dollars * unit,
            currency=currency,
            description=_texts(
                "Off any order, at the till of the shop.",
                "购物结账时抵扣，任何订单皆可。",
                "購物結帳時折抵，任何訂單皆可。",
            ),
        )

    return (
        voucher("voucher-5", 100, 5),
        voucher("voucher-12", 220, 12),
        voucher("voucher-30", 500, 30),
    )
