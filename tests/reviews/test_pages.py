"""The pages of reviews, as visitors, members, authors and staff see them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from foundation.doors import writing
from reviews import publishing
from reviews.rules import ReviewDraft
from tests import people
from tests.conftest import NOW
from transparency.receipts import holds


def structured(html: str) -> Any:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


class TestProductSection:
    def test_it_works(self, client, shelf):
        shelf.buy(shelf.ben)
        review = shelf.review(shelf.ben)
        html = client.get("/products/sencha").text
        assert f'id="review-{review.id}"' in html
        assert "Smells of spring" in html
        assert "Verified purchase" in html
        assert "Earned 20 points, whatever the stars" in html
