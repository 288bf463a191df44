"""An image's page leads on: to the one that was chosen instead, to where it is said who somebody is."""

from __future__ import annotations

import re
from pathlib import Path

from browsing import looking
from caption_pages import change
from crowds import crowded
from lighting import Visitor, paint, rows
from manifest_filled import filled


def test_the_image_that_was_kept_instead_is_in_sight_and_leads_to_both(tmp_path: Path) -> None:
    base = filled(tmp_path)
    paint(base)
    detail = "Kept instead: 03_masked_subjects/some/where.webp (score 0.80 against 0.50; better: face)"
    change(base, "update outcome set detail = ? where item_id = 23 and reason = 'same_moment'", detail)
    with looking(base) as page:
        page.goto("/-/item/23")
        fate = page.locator(".fate.out")
        assert "score 0.80 against 0.50; better: face" in fate.inner_text()
        assert fate.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert "where.webp" not in page.locator("main").inner_text()
        assert "kept address" not in page.locator("main").inner_text()
        fate.get_by_text("Both beside each other").click()
        page.wait_for_url("**/-/compare?**")
        assert page.locator("[data-id='21']").count() > 0
        assert page.locator("[data-id='23']").count() > 0
        page.goto("/-/item/23")
        fate.get_by_text("cutout 21").click()
        page.wait_for_url("**/-/item/21")


def test_whom_match_is_unsure_of_leads_to_the_people(tmp_path: Path) -> None:
    base = tmp_path / "crowd"
    crowded(base)
    unsure = rows(base, "select item_id from outcome where reason = 'identity_unsure' and latest order by item_id")
    sure = """select item_id from outcome join step on step.id = step_id
        where tool = 'match' and outcome.kind = 'person' and passed and latest limit 1"""
    other = rows(base, sure)
    visitor = Visitor(base)
    try:
        for (item,) in unsure:
            found = re.search(r'id="whose" href="(/-/people[^"]*)"', visitor.ask(f"/-/item/{item}").text)
            assert found, item
            people = visitor.ask(found[1].split("#")[0])
            assert people.status_code == 200
            assert f'id="f{item}"' in people.text or found[1] == "/-/people"
        assert unsure
        assert 'id="whose"' not in visitor.ask(f"/-/item/{other[0][0]}").text
    finally:
        visitor.close()
    with looking(base) as page:
        page.goto(f"/-/item/{unsure[0][0]}")
        page.keyboard.press("m")
        page.wait_for_url("**/-/people**")
