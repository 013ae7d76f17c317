"""The customers and the four who work here; all share one password, printed at first start."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "one kettle for everybody"  # noqa: S105 - the demo's, printed on the screen


@dataclass(frozen=True)
class Person:
    """Somebody in the demo; addresses end in `.example`, which never receives mail (RFC 2606)."""

    name: str
    mailbox: str
    language: str = "en"
    role: str = "member"
    time_zone: str = "UTC"

    @property
    def email(self) -> str:
        return f"{self.mailbox}@tea.example"


HOUSE = (
    Person("Olga Brandt", "olga", role="owner", time_zone="Europe/Berlin"),
    Person("Sam Whitfield", "sam", role="staff", time_zone="Europe/London"),
    Person("林慕青", "mo", "zh_Hans", "moderator", "Asia/Shanghai"),
)
ADVOCATE = Person("Ada Okafor", "ada", time_zone="Europe/London")

_ENGLISH = [
    "Ben Marsh",
    "Clara Nyberg",
    "Devi Raman",
    "Edwin Holt",
    "Farah Aziz",
    "Greta Lindqvist",
    "Hugo Marchetti",
    "Ines Duarte",
    "Jonas Weber",
    "Kira Petrova",
    "Liam Doyle",
    "Maya Cohen",
    "Noor Haddad",
    "Owen Price",
    "Priya Nair",
    "Quentin Roux",
    "Rosa Jimenez",
    "Stefan Novak",
    "Tess van Dijk",
    "Umar Sheikh",
]
_SIMPLIFIED = [
    "王思远",
    "李静怡",
    "张浩然",
    "刘雨桐",
    "陈嘉禾",
    "杨若曦",
    "赵明轩",
    "黄诗涵",
    "周子墨",
    "吴婉清",
    "徐一帆",
    "孙悦宁",
]
_TRADITIONAL = ["陳怡君", "林志豪", "黃淑芬", "張家瑋", "李佩珊", "吳宗翰", "蔡雅婷", "鄭明哲"]
_PINYIN = [
    "siyuan",
    "jingyi",
    "haoran",
    "yutong",
    "jiahe",
    "ruoxi",
    "mingxuan",
    "shihan",
    "zimo",
    "wanqing",
    "yifan",
    "yuening",
    "yijun",
    "chihhao",
    "shufen",
    "chiawei",
    "peishan",
    "tsunghan",
    "yating",
    "mingche",
]

#: They buy and say nothing: known from their orders, never joined.
_QUIET = (
    "Abel Moreno, Birgit Thomsen, Carlo Ferri, Dagny Berg, Esra Yilmaz, Finn Carter, Gianna Costa,"
    " Helga Maurer, Ivan Sokolov, Joan Whitby, Klara Jonsson, Lothar Engel, Mina Sato, Nils Holm,"
    " Odette Faure, Pavel Kral, Rhea Banerjee, Sven Aalto, Tomas Silva, Ursula Kern, Vera Lang,"
    " Walter Boyd, Xenia Popov, Yusuf Demir, Zoe Archer"
).split(", ")
#: They joined and have not bought yet.
_LOOKING = "Amelie Girard, Bruno Keller, 何雨晴, Dora Svensson, 高子轩".split(", ")


def _mailbox(name: str) -> str:
    return name.lower().replace(" ", ".")


CUSTOMERS = (
    ADVOCATE,
    *(Person(name, _mailbox(name), time_zone="Europe/Berlin") for name in _ENGLISH),
    *(
        Person(name, mailbox, "zh_Hans", time_zone="Asia/Shanghai")
        for name, mailbox in zip(_SIMPLIFIED, _PINYIN, strict=False)
    ),
    *(
        Person(name, mailbox, "zh_Hant", time_zone="Asia/Taipei")
        for name, mailbox in zip(_TRADITIONAL, _PINYIN[12:], strict=True)
    ),
)

QUIET = tuple(Person(name, _mailbox(name)) for name in _QUIET)
LOOKING = tuple(
    Person(name, f"looking.{n}", "zh_Hans" if ord(name[0]) > 0x4E00 else "en")
    for n, name in enumerate(_LOOKING, 1)
)
