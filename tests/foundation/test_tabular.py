"""In which encoding somebody saved a table is found out by looking at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation import tabular


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gb18030", "会员,积分\n@ada,5\n"),
        ("gb18030", "member,reason\n@ada,感谢您参加我们的品茶活动，期待再次见到您\n"),
        ("cp950", "會員,點數\n@ada,5\n"),
        ("cp950", "member,reason\n@ada,感謝您參加我們的品茶活動，期待再次見到您\n"),
        ("cp950", "order,name\n1,林怡君\n2,陳志明\n"),
        ("cp1252", "member,reason\n@ada,Ärger und Öl im Übermaß\n"),
        ("cp1252", "member,reason\n@ada,À bientôt, señor Ångström\n"),
        ("utf-8", "member,reason\n@ada,謝謝\n"),
    ],
)
def test_what_members_read_is_what_was_written(tmp_path: Path, encoding: str, text: str) -> None:
    """A spreadsheet in Taiwan saves Big5: read as GB 18030, its words are others."""
    path = tmp_path / "table.csv"
    path.write_text(text, encoding=encoding, newline="")
    assert path.read_text(encoding=tabular.encoding_of(path)) == text
