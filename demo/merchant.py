"""Brass Kettle Tea: what it sells, where its customers talk."""

from __future__ import annotations

from dataclasses import dataclass

Texts = dict[str, str]


@dataclass(frozen=True)
class Ware:
    """A product; `price` in cents of a dollar, `drawing` names its picture."""

    slug: str
    name: Texts
    summary: Texts
    description: Texts
    price: int
    drawing: str


@dataclass(frozen=True)
class Place:
    """A club where customers talk."""

    slug: str
    name: Texts
    description: Texts


def three(en: str, hans: str, hant: str) -> Texts:
    return {"en": en, "zh_Hans": hans, "zh_Hant": hant}


WARES = (
    Ware(
        "longjing-before-rain",
        three("Longjing, picked before the rain", "明前龙井", "明前龍井"),
        three(
            "Pan-fired green tea from Shifeng, chestnut and sweet pea.",
            "狮峰炒青绿茶，栗香与豌豆清甜。",
            "獅峰炒青綠茶，栗香與豌豆清甜。",
        ),
        three(
            "Picked in the last week of March, fired by hand in iron pans on the day of picking. "
            "Brew at **80 °C**; three infusions, the second is the best one.",
            "三月最后一周采摘，当日铁锅手工炒制。水温 **80 °C**，可冲三泡，第二泡最好。",
            "三月最後一週採摘，當日鐵鍋手工炒製。水溫 **80 °C**，可沖三泡，第二泡最好。",
        ),
        2850,
        "leaf",
    ),
    Ware(
        "tieguanyin-autumn",
        three("Tieguanyin, autumn harvest", "秋茶铁观音", "秋茶鐵觀音"),
        three(
            "Lightly roasted Anxi oolong with orchid and cream.",
            "安溪轻焙乌龙，兰花香，奶油感。",
            "安溪輕焙烏龍，蘭花香，奶油感。",
        ),
        three(
            "Rolled tight, opens slowly. Rinse once, then **95 °C** and short infusions.",
            "条索紧结，慢慢舒展。先润茶，再用 **95 °C** 快冲快出。",
            "條索緊結，慢慢舒展。先潤茶，再用 **95 °C** 快沖快出。",
        ),
        2400,
        "oolong",
    ),
    Ware(
        "da-hong-pao",
        three("Da Hong Pao, Wuyi rock tea", "武夷大红袍", "武夷大紅袍"),
        three(
            "Charcoal-roasted over forty hours; mineral, cocoa, long.",
            "炭焙四十小时，岩骨花香，回味悠长。",
            "炭焙四十小時，岩骨花香，回味悠長。",
        ),
        three(
            "The roast needs a few months to settle; we say on the tin when it was last fired.",
            "焙火需要数月退火，罐上注明最后一次焙火日期。",
            "焙火需要數月退火，罐上註明最後一次焙火日期。",
        ),
        3900,
        "oolong",
    ),
    Ware(
        "puer-2016-cake",
        three("Ripe pu’er cake, 2016", "2016 年普洱熟茶饼", "2016 年普洱熟茶餅"),
        three(
            "357 g, stored dry in Kunming: damp forest, dates, no pond.",
            "357 克，昆明干仓：枣香陈韵，无堆味。",
            "357 克，昆明乾倉：棗香陳韻，無堆味。",
        ),
        three(
            "Break off five grams, rinse twice, then boil if you like. It forgives everything.",
            "撬取五克，润茶两次，之后煮饮亦可，怎么泡都不容易失手。",
            "撬取五克，潤茶兩次，之後煮飲亦可，怎麼泡都不容易失手。",
        ),
        4600,
        "cake",
    ),
    Ware(
        "darjeeling-first-flush",
        three("Darjeeling first flush", "大吉岭初摘", "大吉嶺初摘"),
        three(
            "Brisk and floral, muscat behind; one garden, one week.",
            "清冽花香，麝香葡萄尾韵；单一茶园，同一周采摘。",
            "清冽花香，麝香葡萄尾韻；單一茶園，同一週採摘。",
        ),
        three(
            "From the upper sections of a garden at 1,900 m. **90 °C**, three minutes, no milk.",
            "来自海拔 1,900 米的茶园上段。**90 °C**，三分钟，不加奶。",
            "來自海拔 1,900 公尺的茶園上段。**90 °C**，三分鐘，不加奶。",
        ),
        2200,
        "leaf",
    ),
    Ware(
        "house-breakfast",
        three("House breakfast", "日常早餐红茶", "日常早餐紅茶"),
        three(
            "Assam and Yunnan; strong enough for milk, kind enough without.",
            "阿萨姆与滇红拼配，加奶够浓，清饮够柔。",
            "阿薩姆與滇紅拼配，加奶夠濃，清飲夠柔。",
        ),
        three(
            "The tea we drink at work. Boiling water, four minutes.",
            "我们上班喝的茶。沸水，四分钟。",
            "我們上班喝的茶。沸水，四分鐘。",
        ),
        1250,
        "black",
    ),
    Ware(
        "smoky-lapsang",
        three("Lapsang, pine smoked", "松烟正山小种", "松煙正山小種"),
        three(
            "Real pinewood, no flavouring. A campfire you can drink.",
            "真正松木烟熏，不加香精，一杯可以喝的篝火。",
            "真正松木煙燻，不加香精，一杯可以喝的篝火。",
        ),
        three(
            "Too smoky for some, and we would rather say so here than read it in a review.",
            "有人会觉得烟味太重，我们宁可先在这里说明。",
            "有人會覺得煙味太重，我們寧可先在這裡說明。",
        ),
        1900,
        "black",
    ),
    Ware(
        "silver-needle",
        three("Silver needle, Fuding", "福鼎白毫银针", "福鼎白毫銀針"),
        three(
            "Buds only; melon, hay, honey when it cools.",
            "全芽头；甜瓜、干草，放凉有蜜香。",
            "全芽頭；甜瓜、乾草，放涼有蜜香。",
        ),
        three(
            "Withered in the sun for two days. Cold overnight in the fridge, it is another tea.",
            "日光萎凋两天。放冰箱冷泡一夜，完全是另一种茶。",
            "日光萎凋兩天。放冰箱冷泡一夜，完全是另一種茶。",
        ),
        3300,
        "leaf",
    ),
    Ware(
        "gaiwan-white",
        three("Gaiwan, white porcelain, 120 ml", "白瓷盖碗 120 毫升", "白瓷蓋碗 120 毫升"),
        three(
            "Thin rim, wide flange: pours clean, keeps fingers cool.",
            "薄口宽沿，出水利落，不烫手。",
            "薄口寬沿，出水俐落，不燙手。",
        ),
        three(
            "Fired in Jingdezhen. If it arrives broken, write to us and another one leaves the same day.",
            "景德镇烧制。若运输破损，告诉我们，当天补发。",
            "景德鎮燒製。若運輸破損，告訴我們，當天補發。",
        ),
        1800,
        "gaiwan",
    ),
    Ware(
        "brass-kettle",
        three("The brass kettle, 1 litre", "铜壶 1 升", "銅壺 1 公升"),
        three(
            "The one we are named after. Spun by one workshop, tin-lined.",
            "店名由来。同一家作坊手工旋制，内镀锡。",
            "店名由來。同一家作坊手工旋製，內鍍錫。",
        ),
        three(
            "Heavy, slow, beautiful. The handle gets warm: a cloth is in the box.",
            "沉、慢、好看。壶柄会热，盒内附布。",
            "沉、慢、好看。壺柄會熱，盒內附布。",
        ),
        12900,
        "kettle",
    ),
    Ware(
        "jasmine-pearls",
        three("Jasmine pearls", "茉莉龙珠", "茉莉龍珠"),
        three(
            "Scented six nights with fresh flowers, then the flowers are picked out.",
            "鲜花窨制六夜，起花后不留花瓣。",
            "鮮花窨製六夜，起花後不留花瓣。",
        ),
        three(
            "Seven pearls to a cup, **80 °C**, watch them open.",
            "一杯七颗，**80 °C**，看它舒展。",
            "一杯七顆，**80 °C**，看它舒展。",
        ),
        2100,
        "pearls",
    ),
    Ware(
        "tasting-box",
        three("Tasting box: eight teas", "八款品鉴盒", "八款品鑑盒"),
        three(
            "Eight tins of 10 g and a card to write on.",
            "八小罐各 10 克，附品鉴卡。",
            "八小罐各 10 克，附品鑑卡。",
        ),
        three(
            "For finding out what you like before paying for fifty grams of it.",
            "先找到自己喜欢的，再买五十克。",
            "先找到自己喜歡的，再買五十克。",
        ),
        2600,
        "box",
    ),
)

#: How often each ware is bought, in their order.
POPULARITY = (7, 4, 4, 4, 3, 7, 3, 3, 2, 1, 3, 4)

PLACES = (
    Place(
        "first-cup",
        three("First cup", "第一杯", "第一杯"),
        three(
            "New here? Ask anything; nobody was born knowing water temperatures.",
            "新来的？随便问，没人天生知道水温。",
            "新來的？隨便問，沒人天生知道水溫。",
        ),
    ),
    Place(
        "green-and-white",
        three("Green and white", "绿茶与白茶", "綠茶與白茶"),
        three(
            "Longjing, needles, senchas: freshness, water, storage.",
            "龙井、银针、煎茶：新鲜度、水与存放。",
            "龍井、銀針、煎茶：新鮮度、水與存放。",
        ),
    ),
    Place(
        "dark-side",
        three("The dark side", "深色茶", "深色茶"),
        three(
            "Pu’er, rock tea, everything roasted, smoked or aged.",
            "普洱、岩茶，一切焙过、熏过、陈过的茶。",
            "普洱、岩茶，一切焙過、燻過、陳過的茶。",
        ),
    ),
    Place(
        "shop-floor",
        three("Shop floor", "店里的事", "店裡的事"),
        three(
            "Orders, parcels, prices, ideas and rants about us. We read all of it.",
            "订单、包裹、价格、建议，也欢迎吐槽我们，我们都看。",
            "訂單、包裹、價格、建議，也歡迎吐槽我們，我們都看。",
        ),
    ),
)
