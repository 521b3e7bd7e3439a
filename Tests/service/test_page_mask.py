"""The mask editor in Chromium: pointers, fingers, keys, files."""

import re

import pytest
from browser import NARROW, picture, png
from PIL import Image, ImageChops
from playwright.sync_api import expect
from test_page import API, area, drag, newest, open_apple, painted, place, request_of, summary

TOUCH = {"viewport": NARROW, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


def uploaded(page, asked):
    """The mask of a request, as the server has it."""
    return picture(page, page.url + API + f"pictures/{asked['mask']['picture']}/view?side=full&format=png").convert("L")


def test_tools(page):
    open_apple(page)
    page.keyboard.press("Escape")
    assert area(page) == 0
    page.click("[data-tool=box]")
    drag(page, (0.25, 0.25), (0.75, 0.75))
    assert area(page) == 25
    page.get_by_role("button", name="Invert").click()
    assert area(page) == 75
    page.get_by_role("button", name="Clear").click()
    assert area(page) == 0
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert area(page) == 25
    # Alt turns a tool into its opposite.
    page.keyboard.down("Alt")
    drag(page, (0.25, 0.25), (0.5, 0.75))
    page.keyboard.up("Alt")
    assert 12 <= area(page) <= 13
    page.click("[data-tool=lasso]")
    drag(page, (0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2))
    assert 20 <= area(page) <= 21
    page.get_by_role("button", name="All").click()
    page.click("[data-tool=eraser]")
    drag(page, (0.5, 0.5), (0.6, 0.5))
    assert 80 < area(page) < 100


def test_undo_goes_back_stroke_by_stroke(page):
    open_apple(page)
    page.click("[data-tool=brush]")
    found = [summary(page)]
    for k in range(8):
        drag(page, (0.1 + 0.1 * k, 0.2), (0.1 + 0.1 * k, 0.8))
        found.append(summary(page))
    assert len(set(found)) == 9
    for k in range(7, -1, -1):
        page.keyboard.press("Control+z")
        assert summary(page) == found[k]
    for k in range(1, 9):
        page.keyboard.press("Control+Shift+z")
        assert summary(page) == found[k]


def test_outside_of_a_drawn_mask_nothing_changes(page, server):
    """The mask on the screen is the mask that is asked for, and outside of it every pixel is the photo's."""
    open_apple(page)
    page.click("[data-tool=box]")
    drag(page, (0.2, 0.2), (0.8, 0.7))
    asked = request_of(page, lambda: page.keyboard.press("Control+Enter"))
    mask = uploaded(page, asked)
    width, height = mask.size
    assert mask.getpixel((width // 2, height // 2)) == 255
    assert mask.getpixel((2, 2)) == mask.getpixel((width // 2, height - 3)) == 0
    painted(page)
    result = newest(page, server)
    before = picture(page, server + API + f"pictures/{asked['picture']}/view?side=full&format=png").convert("RGB")
    after = picture(page, server + API + f"pictures/{result['picture']}/view?side=full&format=png").convert("RGB")
    changed = ImageChops.difference(before, after).convert("L").point(lambda value: 255 if value else 0)
    outside = mask.point(lambda value: 255 if value == 0 else 0)
    assert ImageChops.multiply(changed, outside).getbbox() is None
    assert changed.getbbox() is not None


def test_a_small_mask_is_worked_on_closely(page):
    """On by itself where the surroundings are less than half of the photo, and as it was chosen from then on."""
    open_apple(page)
    page.click("[data-tool=box]")
    drag(page, (0.1, 0.1), (0.9, 0.9))
    expect(page.locator("#mask-focus")).to_be_hidden()
    page.keyboard.press("Control+z")
    drag(page, (0.4, 0.4), (0.6, 0.6))
    expect(page.locator("#mask-focus")).to_be_checked()
    asked = request_of(page, lambda: page.keyboard.press("Control+Enter"))
    assert asked["focus"] == {"margin": 0.25}
    painted(page)
    page.uncheck("#mask-focus")
    asked = request_of(page, lambda: page.keyboard.press("Control+Enter"))
    assert "focus" not in asked
    page.keyboard.press("Escape")


def test_the_crosshair_paints_without_a_pointer(page):
    open_apple(page)
    page.locator("#text-prompt").blur()
    page.keyboard.press("b")
    expect(page.locator("[data-tool=brush]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".overlay")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    dab = area(page)
    assert dab > 0
    for _ in range(6):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press(" ")
    assert area(page) > dab
    # Two corners make a box.
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("r")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press(" ")
    assert area(page) > 0
    page.keyboard.press("Escape")
    expect(page.locator("[data-tool=box]")).to_have_attribute("aria-pressed", "false")


def scale(page):
    return int(re.sub(r"\D", "", page.locator(".zoom .scale").inner_text()))


def test_zoom_and_pan(page):
    open_apple(page)
    fit = scale(page)
    x, y = place(page, 0.5, 0.5)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_timeout(100)
    assert scale(page) > fit
    # The place under the pointer stays there.
    nx, ny = place(page, 0.5, 0.5)
    assert abs(nx - x) < 2 and abs(ny - y) < 2
    page.locator(".overlay").focus()
    page.click("[data-tool=brush]")
    for _ in range(6):
        page.keyboard.press("+")
    page.mouse.move(x, y)
    page.wait_for_timeout(100)
    before = place(page, 0.5, 0.5)
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    page.keyboard.up(" ")
    page.wait_for_timeout(100)
    after = place(page, 0.5, 0.5)
    assert after[0] - before[0] == pytest.approx(60, abs=2)
    assert area(page) == 0, "dragging with the space bar paints nothing"
    page.keyboard.press("0")
    page.wait_for_timeout(100)
    assert scale(page) == fit


def touch(session, kind, *points):
    session.send("Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]})


@pytest.mark.parametrize("context", [TOUCH], indirect=True)
def test_one_finger_paints_two_pinch(page, context):
    open_apple(page)
    page.click(".tabs [data-tab=mask]")
    page.click("[data-tool=brush]")
    session = context.new_cdp_session(page)
    x, y = place(page, 0.5, 0.5)
    fit = scale(page)
    # Two fingers at once: nothing is painted.
    touch(session, "touchStart", (x - 30, y))
    touch(session, "touchStart", (x - 30, y), (x + 30, y))
    for k in range(1, 9):
        touch(session, "touchMove", (x - 30 - 6 * k, y), (x + 30 + 6 * k, y))
    touch(session, "touchEnd")
    page.wait_for_timeout(100)
    assert scale(page) > 2 * fit
    assert area(page) == 0
    page.get_by_role("button", name=re.compile("%")).click()
    # One finger paints.
    touch(session, "touchStart", (x - 40, y))
    for k in range(8):
        touch(session, "touchMove", (x - 40 + 10 * k, y))
    touch(session, "touchEnd")
    assert area(page) > 0


def test_masks_are_loaded_and_saved(page):
    open_apple(page)
    page.click("[data-tool=brush]")
    mask = Image.new("L", (32, 32), 0)
    mask.paste(255, (0, 0, 16, 32))
    page.set_input_files("#mask-file", {"name": "left.png", "mimeType": "image/png", "buffer": png(mask)})
    expect(page.locator("#mask-summary")).to_contain_text("50 %")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    assert download.value.suggested_filename == "red-apple-mask.png"
    saved = Image.open(download.value.path()).convert("L")
    assert saved.getpixel((2, 2)) == 255 and saved.getpixel((saved.width - 3, 2)) == 0


def test_the_place_is_found_and_corrected(page):
    features = page.request.get(page.url + API + "capabilities").json()["features"]
    if "mask" not in features:
        pytest.skip("this server finds no masks")
    open_apple(page)
    asked = request_of(page, lambda: page.click("#find"))
    assert asked["kind"] == "mask"
    expect(page.locator("#mask-threshold")).to_be_visible(timeout=60_000)
    found = area(page)
    assert 0 < found < 100
    slider = page.locator("#mask-threshold")
    slider.focus()
    page.keyboard.press("Home")
    wide = area(page)
    assert wide >= found
    page.keyboard.press("End")
    assert area(page) <= found
    page.keyboard.press("Home")
    # The brush goes over what was found, and the slider leaves it there.
    page.get_by_role("button", name="Eraser").click()
    drag(page, (0.45, 0.5), (0.6, 0.55))
    assert area(page) < wide
    asked = request_of(page, lambda: page.keyboard.press("Control+Enter"))
    assert uploaded(page, asked).getextrema()[1] == 255
    painted(page)
