"""The upper kinds of thanks in the demo: a perk by the owner's word, a paper for advocates, and a
seat at the table for Ada, to whom the invitation is still open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from members.models import Member
from rewards.papers import writing as papers
from rewards.papers.writing import PaperDraft
from rewards.perks import granting as perk_granting
from rewards.perks.granting import PerkDraft
from rewards.perks.rules import PRIORITY_ANSWERS
from rewards.seats import agreements, inviting, unit_gate
from rewards.seats.inviting import InvitationDraft

PAPER_TITLE = {
    "en": "What the spring harvest will cost us",
    "zh_Hans": "今年春茶，我们要付多少",
    "zh_Hant": "今年春茶，我們要付多少",
}
PAPER = {
    "en": "Frost took a third of the first picking at **Shifeng**. We pay the growers 18 % more and put 6 %"
    " of it on the tin; the rest is ours to carry.\n\n## What that means for you\n\n- Longjing before the"
    " rain: 31.00 from April on. Until then it costs what it costs today.\n- No change for anything that"
    " is in the house already.\n- If the second picking is as good as it looks, we take the price back in"
    " May.\n\nYou read this two weeks before it stands in the shop.",
    "zh_Hans": "霜冻带走了**狮峰**头采的三分之一。我们付给茶农的价格高了 18%，其中 6% 加在罐上，其余由我们承担。\n\n"
    "## 对你意味着什么\n\n- 明前龙井：四月起 31.00，在那之前价格不变。\n- 店里已有的茶一律不变。\n"
    "- 如果二采像看上去那么好，五月就把价格降回来。\n\n你比商店页面早两周读到这些。",
    "zh_Hant": "霜凍帶走了**獅峰**頭採的三分之一。我們付給茶農的價格高了 18%，其中 6% 加在罐上，其餘由我們承擔。\n\n"
    "## 對你意味著什麼\n\n- 明前龍井：四月起 31.00，在那之前價格不變。\n- 店裡已有的茶一律不變。\n"
    "- 如果二採像看上去那麼好，五月就把價格降回來。\n\n你比商店頁面早兩週讀到這些。",
}
AGREEMENT = {
    "en": "*An example: let your own counsel write yours.*\n\n1. You advise Brass Kettle Tea: we ask you before"
    " we change what customers feel, and four times a year we drink tea over the figures.\n2. The seat is"
    " honorary. It carries no pay, no vote and no part of the company.\n3. What you hear at the table stays"
    " there until we publish it.\n4. Either of us ends the seat by a word, at any time.",
    "zh_Hans": "*示例：请让你自己的法律顾问撰写。*\n\n1. 你为铜壶茶铺出主意：凡是顾客会感受到的改变，我们先问你；"
    "每季度一起喝茶看数字。\n2. 席位是荣誉性的，没有报酬，没有表决权，也不是公司的一部分。\n"
    "3. 桌上听到的，在我们公布之前请不要外传。\n4. 双方随时一句话即可结束席位。",
    "zh_Hant": "*範例：請讓你自己的法律顧問撰寫。*\n\n1. 你為銅壺茶鋪出主意：凡是顧客會感受到的改變，我們先問你；"
    "每季一起喝茶看數字。\n2. 席位是榮譽性的，沒有報酬，沒有表決權，也不是公司的一部分。\n"
    "3. 桌上聽到的，在我們公布之前請不要外傳。\n4. 雙方隨時一句話即可結束席位。",
}


def thank(session: Session, members: Mapping[str, str], now: datetime) -> None:
    """Olga's three: `members` are ids by mailbox."""
    owner = members["olga"]
    reason = "Your answers about water got half the club brewing properly."
    given = PerkDraft(
        _handle(session, members["clara.nyberg"]),
        PRIORITY_ANSWERS,
        reason,
        now + timedelta(days=90),
    )
    perk_granting.grant(session, owner, given, now)
    paper = PaperDraft(PAPER_TITLE, PAPER, now, tier_from="advocate")
    papers.write(session, owner, paper, None, now)
    agreements.change(session, owner, AGREEMENT, "settled", 0, now)
    agreements.publish(session, owner, 1, now)
    asked = InvitationDraft(
        _handle(session, members["ada"]), "Nobody tells us more honestly when we are wrong."
    )
    inviting.invite(session, owner, asked, unit_gate.gate("", "", ""), now)


def _handle(session: Session, member_id: str) -> str:
    return session.get_one(Member, member_id).handle
