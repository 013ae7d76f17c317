"""What several tests begin with: made once for each back end, put back for each of them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.emptied import Emptied, Taken

Begin = Callable[[str, Callable[[Path], Any]], Any]


@dataclass(frozen=True)
class Beginning:
    """What was made, the data folder it filled, and the rows: a SQLite file or what was taken."""

    made: Any
    folder: Path
    rows: Path | Taken

    @staticmethod
    def of(made: Any, data: Path, url: str, emptied: Emptied | None, folder: Path) -> Beginning:
        """As things are now, kept in `folder`."""
        shutil.copytree(data, folder / "data")
        if emptied is not None and not url.startswith("sqlite"):
            return Beginning(made, folder / "data", emptied.taken())
        _copy(Path(url.removeprefix("sqlite:///")), folder / "rows.sqlite3")
        return Beginning(made, folder / "data", folder / "rows.sqlite3")

    def again(self, data: Path, url: str, emptied: Emptied | None) -> None:
        """Fill the open, empty database and the data folder with it."""
        shutil.copytree(self.folder, data, dirs_exist_ok=True)
        if isinstance(self.rows, Path):
            _copy(self.rows, Path(url.removeprefix("sqlite:///")))
        elif emptied is not None:
            emptied.put_back(self.rows)


def _copy(source: Path, target: Path) -> None:
    """The way that minds who has either file open."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)
