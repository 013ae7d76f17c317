"""Order files as shops export them, for tests."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

#: 6,919 orders of eighteen months; its first lines do where a file need only be long.
CDNOW = Path(__file__).parent.parent / "data" / "cdnow_sample.csv"


def first_orders(folder: Path, many: int) -> Path:
    """A file with the first so many orders of the log."""
    path = folder / "first_orders.csv"
    with CDNOW.open() as log:
        path.write_text("".join(islice(log, many + 1)))
    return path


SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,Total,\
Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Refunded Amount
#1001,ben@example.com,paid,2024-01-05 09:12:40 -0500,fulfilled,2024-01-06 10:00:00 -0500,USD,\
40.00,45.00,2024-01-05 09:12:33 -0500,2,"Yunnan Black, 100 g",14.00,yunnan-black,Ben Baker,0.00
#1001,ben@example.com,,,,,,,,2024-01-05 09:12:33 -0500,1,"The ""big"" tin",12.00,tin,,
#1002,fay@example.com,partially_refunded,2024-01-07 11:00:00 -0500,,,USD,14.00,14.00,\
2024-01-07 11:00:00 -0500,1,Yunnan Black,14.00,yunnan-black,Fay Friend,4.00
#1003,cleo@example.com,voided,,,,USD,9.00,9.00,2024-01-08 11:00:00 -0500,1,Tin,9.00,tin,Cleo,0.00
"""

EXCEL_GERMAN = """\
Order No;Customer No;Customer name;Order Date;Qty;Unit price;Description\r
A-1;K17;Müller, Käthe;31.01.2024 08:15;2;1.234,50;Teeservice\r
A-2;K18;Weiß;01.02.2024 10:00;1;0,99;Löffel\r
"""

TAOBAO = """\
订单编号,买家会员名,买家实际支付金额,订单状态,收货人姓名,订单创建时间,宝贝标题,宝贝总数量
202401050001,茶友小王,128.00,交易成功,王小明,2024/1/5 9:12,云南滇红 100克,2
202401050002,爱喝茶的猫,0.00,交易关闭,李雷,2024/1/5 10:30,试饮装,1
202401050003,茶友小王,"1,066.50",卖家已发货,王小明,2024/1/6 21:05,龙井 250克,3
"""
