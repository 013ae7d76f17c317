"""What customers say in the demo: reviews by product, and topics with their answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Opinion:
    """A review: stars, headline, words and the language they are in."""

    stars: int
    title: str
    body: str
    language: str = "en"


@dataclass(frozen=True)
class Talk:
    """A topic with its answers; `accepted` is the number of the answer that settled it."""

    club: str
    kind: str
    title: str
    body: str
    answers: tuple[str, ...]
    language: str = "en"
    accepted: int | None = None


H, T = "zh_Hans", "zh_Hant"

OPINIONS: dict[str, tuple[Opinion, ...]] = {
    "longjing-before-rain": (
        Opinion(5, "Spring in a glass", "The second infusion tastes of sweet peas. I have bought Longjing for ten years and this is the first one that arrived as fresh as it was described."),
        Opinion(4, "Lovely, but the tin is too big", "Wonderful leaf. Fifty grams in a tin made for a hundred means a lot of air; I moved it to a smaller one the same day."),
        Opinion(5, "栗香很正", "到手当天就开了，栗香明显，叶底完整。第二泡最甜，第三泡还站得住。", H),
        Opinion(2, "比去年淡", "今年的明显比去年淡，第三泡就没味了。客服回复很快，但茶还是淡。", H),
        Opinion(4, "清甜順口", "水溫降到七十八度更好喝，豆香很乾淨，價格稍高。", T),
        Opinion(3, "Good, not great", "Clean and pleasant, but I expected more depth at this price. Brewing cooler helped."),
    ),
    "tieguanyin-autumn": (
        Opinion(5, "Orchid for days", "Seven infusions and it still had something to say. The dry leaf alone smells like a flower shop."),
        Opinion(4, "兰香持久", "兰花香很高，汤感柔，就是第一泡要润久一点。", H),
        Opinion(5, "秋香果然不同", "跟春茶比起來香氣更揚，喉韻甜。會再回購。", T),
        Opinion(3, "Too green for me", "I hoped for the roasted style. It is what the page says it is, so three stars for my own mistake."),
    ),
    "da-hong-pao": (
        Opinion(5, "The roast has settled", "They print the firing date on the tin. Mine had rested four months and it was all cocoa and wet stone."),
        Opinion(2, "Fired last week", "Tin said fired nine days ago. It tasted of charcoal and nothing else. I will put it away until spring and write again."),
        Opinion(5, "岩韵十足", "炭火香退得刚好，水里有骨头，七泡有余香。", H),
        Opinion(4, "焙火稍重", "香氣厚實，頭兩泡火味重一些，放兩個月應該更好。", T),
    ),
    "puer-2016-cake": (
        Opinion(5, "Dates and old books", "No pond, no fish, no basement. My mother-in-law, who hates pu’er, had three cups."),
        Opinion(4, "干仓，放心", "没有堆味，枣香明显，撬的时候有点紧，小心手。", H),
        Opinion(1, "Arrived in two pieces", "The cake was broken and the wrapper torn. The tea is fine; the parcel was not."),
        Opinion(5, "煮著喝最棒", "潤兩次後直接煮，棗香滿屋。", T),
    ),
    "darjeeling-first-flush": (
        Opinion(4, "Brisk and bright", "Three minutes is right, four is punishment. Beautiful with nothing in it."),
        Opinion(5, "Muscat, finally", "You read 'muscatel' on every packet. Here you taste it."),
        Opinion(3, "茶香清淡", "适合早上喝，香气不错，但耐泡度一般。", H),
    ),
    "house-breakfast": (
        Opinion(5, "Our office runs on this", "We go through a kilo a month. Same taste every time, and the price went down when they found a cheaper carrier."),
        Opinion(4, "Strong and honest", "Takes milk well. The tin's lid sticks."),
        Opinion(5, "加奶最好喝", "早餐配这个一年了，稳定。", H),
        Opinion(4, "上班必備", "濃度剛好，四分鐘不苦。", T),
        Opinion(2, "Dust at the bottom", "The last third of the bag was nearly powder. It brews far too fast."),
    ),
    "smoky-lapsang": (
        Opinion(5, "A campfire you can drink", "The page warns you. Believe it, then buy it anyway."),
        Opinion(1, "Like licking a chimney", "I was warned and did not listen. My kitchen smelled of bacon for two days. One star for the tea, five for the honesty."),
        Opinion(4, "松烟香很真", "不是香精的那种烟味，第三泡回甘。", H),
    ),
    "silver-needle": (
        Opinion(5, "Cold overnight", "Did what the page says: fridge, overnight. Melon and honey. I will never brew it hot again."),
        Opinion(4, "毫香明显", "芽头肥，冷泡一绝，热泡偏淡。", H),
        Opinion(5, "蜜香", "放涼後的蜜香讓我驚訝，值得。", T),
    ),
    "gaiwan-white": (
        Opinion(5, "Pours clean", "Not a drop down the side, and it does not burn. The lid sits at exactly the right angle."),
        Opinion(2, "Chipped rim", "Small chip on arrival. A new one came four days later without any argument, so I am keeping both."),
        Opinion(4, "薄而不烫", "手感很好，容量对两个人刚好。", H),
    ),
    "brass-kettle": (
        Opinion(5, "It is why I came", "Heavy, slow and beautiful, exactly as written. The handle does get warm; the cloth is not decoration."),
        Opinion(3, "Beautiful but slow", "Eleven minutes on induction with a plate under it. I use it on Sundays."),
        Opinion(4, "做工紮實", "重量有點嚇人，但水的確比較軟。", T),
    ),
    "jasmine-pearls": (
        Opinion(5, "Six nights of flowers", "No perfume, no bits of petal, just jasmine that stays to the fourth cup."),
        Opinion(4, "花香自然", "不是喷香精的，第四泡还有花香。", H),
        Opinion(5, "看它展開就開心", "小孩最愛看珍珠打開，香氣乾淨。", T),
    ),
    "tasting-box": (
        Opinion(5, "The right way in", "Eight small tins told me more than three years of buying fifties. The card is surprisingly useful."),
        Opinion(4, "送礼合适", "小罐精致，品鉴卡用心，希望再加一款熟普。", H),
        Opinion(3, "One tin was missing", "Seven tins instead of eight. They sent the eighth and two more as an apology."),
    ),
}  # fmt: skip

TALKS: tuple[Talk, ...] = (
    Talk("first-cup", "question", "What water temperature for my first Longjing?", "I have a kettle without a thermometer and no patience. How do I get to 80 degrees without guessing?", ("Boil it, pour it into a mug, pour the mug into the pot. Each move costs about ten degrees, so you land near 80.", "Or wait five minutes with the lid off. The mug trick is quicker.", "If it turns bitter it was too hot. If it tastes of nothing it was too cold. You will find it in three cups."), accepted=1),
    Talk("first-cup", "question", "Do I really have to rinse oolong?", "Everybody says rinse the first infusion away. It feels like throwing money into the sink.", ("You are not washing it, you are waking it: five seconds so that the rolled leaf starts to open.", "I drink the rinse. Nothing bad has happened so far.", "For rock tea I rinse, for green tea never."), accepted=1),
    Talk("first-cup", "question", "新手第一套茶具怎么配？", "预算三百左右，想先从盖碗开始，公道杯和品茗杯需要一次买齐吗？", ("先一个白瓷盖碗加一个公道杯就够，杯子家里随便拿。", "盖碗选宽沿的，不烫手比好看重要。", "等喝出偏好了再买壶，紫砂先别碰。"), H, 1),
    Talk("first-cup", "talk", "What did you drink this morning?", "House breakfast here, third cup, raining sideways. You?", ("Silver needle, cold from the fridge. It is twenty-nine degrees already.", "Lapsang. My neighbours have stopped asking.", "The last crumbs of the 2016 cake, boiled with a stick of cinnamon. Do not tell anybody.", "Darjeeling and toast.")),
    Talk("first-cup", "talk", "今天喝什麼？", "上班前泡了鐵觀音，第三泡最好喝。大家呢？", ("早餐紅茶加奶，簡單。", "冷泡白毫銀針，昨晚放的。", "茉莉龍珠，辦公室都是花香。"), T),
    Talk("green-and-white", "question", "How long does Longjing keep once it is open?", "I drink maybe two grams a day. Will fifty grams still be worth it in autumn?", ("Airtight, dark, cold: eight weeks at its best, then it goes quiet rather than bad.", "Split it into small tins and keep the rest in the freezer, sealed twice. Let it reach room temperature before you open it.", "We now sell it in 25 g bags as well, because of this thread."), accepted=2),
    Talk("green-and-white", "rave", "Second infusion of the new Longjing", "I had to sit down. That is the post.", ("Same. Sweet peas.", "第二泡确实最好，水温 80 不能再高。", "Mine arrived yesterday and I am saving it for Sunday.")),
    Talk("green-and-white", "question", "白毫银针冷泡比例是多少？", "500 毫升的瓶子放多少克？泡多久？", ("五克，冰箱八小时，冷水下茶就行。", "我放四克泡一夜，第二天再加水泡一次也不错。", "用软水差别很大。"), H, 1),
    Talk("green-and-white", "rant", "Fifty grams in a hundred-gram tin", "You sell the freshest green tea I know and pack it with fifty grams of air. Why?", ("Because we buy one size of tin. You are right and it is silly: smaller tins are ordered, from May on.", "Thank you for a straight answer.", "Mine came in the small tin today. Well done.")),
    Talk("dark-side", "question", "How do I tell damp storage from dry storage?", "I can taste that something is off in a cake I bought elsewhere, but I lack the words.", ("Smell the wet leaf: basement and fish is damp, wood and dates is dry.", "Look at the wrapper. Water marks tell you more than the seller does.", "拿热水闷一分钟再闻，湿仓味藏不住。"), accepted=1),
    Talk("dark-side", "rave", "大红袍退火之后", "去年十一月的那罐，放到三月再开，完全不一样，火味没了，全是花香。", ("我也留了一罐，准备放到秋天。", "罐上写焙火日期这件事太重要了。", "Rock tea rewards the patient. Well said."), H),
    Talk("dark-side", "rant", "The cake arrived in two pieces again", "Second time. The tea is good, the box is a joke: no padding at the edges at all.", ("I am sorry. Two in a row is our fault, not the carrier's. A new cake left today and we are testing moulded edges.", "Mine survived, but only just.", "Moulded edges arrived with my order this week. Problem solved as far as I can see.")),
    Talk("dark-side", "question", "普洱茶餅怎麼撬才不碎？", "每次都撬成粉，有沒有訣竅？", ("從側邊找層，茶針平平推進去，不要往下戳。", "先蒸三十秒會好撬很多，記得放乾再收。", "茶刀別太尖，安全第一。"), T, 1),
    Talk("dark-side", "talk", "Lapsang: love or chimney?", "We say on the page that it is too smoky for some. Where do you stand?", ("Chimney. But I respect the honesty.", "Love. With blue cheese.", "A little in the house breakfast, one to ten. Try it before you laugh.", "松烟香配烧肉，绝了。")),
    Talk("shop-floor", "idea", "Refill bags for the tins", "I have eleven tins now. Sell me bags without them and take a little off the price.", ("Yes please.", "I would order twice as often.", "We like it. Under review: we need a bag that keeps the air out for eight weeks.", "Planned for spring. Your name goes on the page.")),
    Talk("shop-floor", "rant", "Delivery promised Tuesday, came Friday", "Not a tragedy, but nobody told me on Tuesday. I sat at home for it.", ("You should have heard from us on Monday, when we knew. From now on a late parcel tells you before you wait for it. Your points for the trouble are booked.", "Happened to me in February as well.", "Got a notice yesterday that mine is a day late. First shop ever to do that. Thank you.")),
    Talk("shop-floor", "rave", "The card in the tasting box", "Whoever wrote the tasting card, thank you. My father and I went through it on video from two countries.", ("That was our Min, and she is very red right now.", "The card is why I bought a second box.")),
    Talk("shop-floor", "question", "积分什么时候到账？", "朋友昨天下单了，我看到推荐奖励显示待发放，要等多久？", ("等退货期过了就会自动到账，奖励页面写着具体日期。", "我的上个月正好第十五天早上到的。", "点进去能看到规则和日期，很清楚。"), H, 1),
    Talk("shop-floor", "idea", "Show the harvest date on the product page", "Not only the year. The week, like on the tin.", ("Seconded.", "It is on every green tea now; the oolongs follow when the new lots arrive.", "採摘週對綠茶真的很重要，感謝。")),
    Talk("shop-floor", "question", "可以只換積分不買東西嗎？", "我累積了三百點，想換一張禮券送朋友。", ("可以，在「我的獎勵」選禮券就好，代碼可以直接給朋友用。", "我上週換過，馬上就有代碼。"), T, 1),
    Talk("shop-floor", "talk", "Meet-up in Hamburg?", "A few of us order from there. Somebody has a garden, I have the big kettle.", ("Count me in, I bring the cake. The tea kind.", "Saturday the 14th?", "We would love to send samples, no speeches attached.")),
)  # fmt: skip

SPAM = "CHEAP WATCHES and followers!!! best price >>> http://watches.example/buy <<< limited offer"
SPAM_CHINESE = "专业刷单，日赚五百，加微信 tea-rich-888"
