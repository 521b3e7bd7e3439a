"""The page in Chromium: what people do with it, from the first visit to several tabs."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import NARROW, ROOT, SCREENS, WIDE, picture, screen, watched
from PIL import Image, ImageDraw
from playwright.sync_api import expect

API = "api/v1/"
APPLE = ROOT / "Examples" / "red-apple.png"
SOURCE = "a red apple on a wooden table"
PROMPT = "a green pear on a wooden table"


def open_apple(page, source=SOURCE, prompt=PROMPT):
    """The small model's still life, ready to be painted in a second or two."""
    page.set_input_files("#file", str(APPLE))
    expect(page.locator("p-stage .photo")).to_have_js_property("complete", True)
    expect(page.locator(".overlay")).to_be_visible()
    expect(page.locator("[data-tool=brush]")).to_be_enabled()
    page.fill("#text-source", source)
    page.fill("#text-prompt", prompt)


def request_of(page, action):
    """What the page asks the server for while an action is done."""
    with page.expect_request(lambda one: one.url.endswith("/api/v1/jobs") and one.method == "POST") as caught:
        action()
    return caught.value.post_data_json


def painted(page):
    expect(page.locator("p-result")).to_be_visible(timeout=150_000)


def hurry(page):
    """The method's fast preset, where a test waits for a photo that is not small."""
    page.click("#options > summary")
    page.select_option("#choose-preset", "fast")
    page.click("#options > summary")


def newest(page, server):
    return page.request.get(server + API + "results?limit=1").json()["items"][0]


def place(page, x, y):
    """Where a share of the photo's sides is on the screen."""
    box = page.locator("p-stage .photo").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, *shares):
    page.mouse.move(*place(page, *shares[0]))
    page.mouse.down()
    for share in shares[1:]:
        page.mouse.move(*place(page, *share), steps=6)
    page.mouse.up()


def summary(page):
    return page.locator("#mask-summary").inner_text()


def area(page):
    """The share of the photo that may change, in percent, as the page tells it."""
    found = re.match(r"(less than )?(\d+) %", summary(page))
    return 0 if not found else 0.5 if found[1] else int(found[2])


def axe(page, name):
    found = Axe().run(page).response["violations"]
    assert not found, (name,
        [(one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"]) for one in found])


# ---------------------------------------------------------------------------------------------------- units and files


def test_units(context, server):
    """The page's arithmetic, run where it is used. The tests come from this folder, the rest from the server."""
    page = context.new_page()
    complaints = watched(page)
    folder = ROOT / "Tests" / "service" / "js"
    html = ("<!doctype html><title>units</title><link rel=icon href=/favicon.svg>"
            "<script type=module src=/unit/run.js></script>")
    page.route("**/unit/*.js", lambda route: route.fulfill(
        body=(folder / route.request.url.rsplit("/", 1)[1]).read_text(), content_type="text/javascript"))
    page.route("**/unit/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(server + "unit/")
    results = json.loads(page.locator("#results").inner_text())
    failed = [one for one in results if one["error"]]
    assert not failed, "\n".join(f"{one['name']}: {one['error']}" for one in failed)
    assert len(results) >= 24
    complaints.check()


def test_files():
    """The page stays small and without strings of HTML."""
    files = [one for one in (ROOT / "Web").iterdir() if one.suffix != ".jpg"]
    assert sum(one.stat().st_size for one in files) <= 180_000
    for one in files:
        text = one.read_text()
        assert len(text.splitlines()) <= 400, one.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), one.name
        # No address elsewhere but those of the sample's credit.
        assert not re.search(r"https?://(?!www\.w3\.org|www\.flickr|creativecommons)", text), one.name
    strings = json.loads((ROOT / "Web" / "strings.en.json").read_text())
    code = "\n".join(one.read_text() for one in files if one.suffix in (".js", ".html"))
    keys = re.findall(r"\b(?:t|maybe|count)\(\"([^\"]+)\"", code)
    for key in keys + re.findall(r"data-t(?:-label)?=\"([^\"]+)\"", code):
        assert key in strings or f"{key}.one" in strings, key


# --------------------------------------------------------------------------------------------------------- the path


def test_first_visit(page, server):
    """From nothing to a downloaded result with the sample."""
    expect(page.locator("p-welcome .knows")).to_contain_text("tulip")
    expect(page.locator(".credit")).to_contain_text("CC BY 2.0")
    screen(page, "welcome")
    page.click("#sample")
    expect(page.locator("#text-source")).to_have_value("a photo of an orange flower")
    expect(page.locator("#text-prompt")).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "an orange flower"
    page.keyboard.type("a red flower")
    expect(page.locator("#diff del")).to_have_text("an orange")
    expect(page.locator("#diff ins")).to_have_text("a red")
    assert page.locator("#diff del").evaluate("node => getComputedStyle(node).textDecorationLine") == "line-through"
    page.keyboard.press("Control+Enter")
    bar = page.locator("p-progress [role=progressbar]")
    expect(bar).to_be_visible()
    expect(page.locator("p-history .queue li")).to_have_count(1)
    expect(page.locator("p-stage .preview")).to_be_visible(timeout=90_000)
    painted(page)
    expect(page.locator("p-stage .preview")).to_be_hidden()
    expect(page.locator(".facts")).to_contain_text(re.compile(r"seed \d+.* · DiffEdit · \d+ passes · [\d.]+ s"))
    expect(page.locator("p-history .results li")).not_to_have_count(0)
    expect(page.locator("#say")).to_have_text("Done. The result is shown")
    # The divider: all new at its left end, all old at its right end.
    page.wait_for_timeout(1200)
    divider = page.locator("#divider")
    divider.focus()
    clip = "node => node.style.clipPath"
    assert page.locator("p-stage img.after").evaluate(clip) == "inset(0px 0px 0px 0%)"
    page.keyboard.press("End")
    assert "100%" in page.locator("p-stage img.after").evaluate("node => node.style.clipPath")
    page.keyboard.press("Home")
    screen(page, "result")
    page.click("#download")
    page.select_option("#format", "jpeg")
    with page.expect_download() as download:
        page.click("dialog[open] a")
    assert download.value.suggested_filename.endswith((".jpg", ".jpeg"))
    assert Image.open(download.value.path()).size == (640, 427)
    assert newest(page, server)["account"]["prompt"] == "a photo of a red flower"


def test_everything_by_keyboard(page):
    """A stranger to mice opens the sample, changes a word, paints, compares and goes on."""
    def tab_to(selector, most=60):
        for _ in range(most):
            if page.evaluate(f"document.activeElement?.matches('{selector}')"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {selector}")

    tab_to("#sample")
    page.keyboard.press("Enter")
    expect(page.locator("#text-prompt")).to_be_focused()
    page.keyboard.type("a pink flower")
    tab_to("#paint")
    page.keyboard.press("Enter")
    painted(page)
    tab_to(".overlay")
    page.wait_for_timeout(1100)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#divider")).to_have_js_property("value", "4")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    tab_to("#download")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")


def test_words_the_model_never_saw(page):
    open_apple(page, prompt="a turquoise kiwi on a wooden table")
    expect(page.locator("p-texts .words .unknown")).to_have_text(["turquoise", "kiwi"])
    expect(page.locator("#diff .unknown").first).to_be_visible()
    page.fill("#text-prompt", PROMPT)
    expect(page.locator("p-texts .words")).to_be_hidden()


def test_errors_stand_at_their_field(page):
    page.set_input_files("#file", str(APPLE))
    expect(page.locator(".overlay")).to_be_visible()
    page.click("#paint")
    expect(page.locator("[data-field=prompt] .error")).to_have_text("Say what the photo should show.")
    expect(page.locator("#text-prompt")).to_be_focused()
    assert page.locator("#text-prompt").get_attribute("aria-describedby") == "error-prompt"
    page.fill("#text-prompt", PROMPT)
    expect(page.locator(".error")).to_have_count(0)
    page.click("#options > summary")
    page.fill("#seed", "twelve")
    page.click("#paint")
    expect(page.locator("[data-field=seed] .error")).to_be_visible()
    page.fill("#seed", "12")
    # What only the server refuses comes to its field as well.
    page.complaints.allow("422", "415")
    page.click(".more summary")
    noises = page.locator("[data-field='options.noises'] input[type=number]")
    noises.fill("100000")
    page.click("#paint")
    expect(page.locator("[data-field='options.noises'] .error")).to_contain_text(re.compile("noises", re.IGNORECASE))
    page.locator("[data-field='options.noises'] button").click()
    expect(page.locator("[data-field='options.noises'] .dot")).to_be_hidden()
    page.set_input_files("#file",
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"these are notes, not a picture"})
    expect(page.locator("[data-field=photo] .error")).to_be_visible()


def test_options_are_those_of_the_method(page):
    open_apple(page)
    page.click("#options > summary")
    page.click(".more summary")
    described = {one["name"]: one for one in page.request.get(page.url + API + "methods").json()}
    for name in ("sdedit", "diffedit"):
        page.select_option("#choose-method", name)
        shown = page.locator(".option").evaluate_all("nodes => nodes.map(node => node.dataset.field)")
        wanted = [f"options.{one['name']}" for one in described[name]["options"]]
        assert [one for one in shown if one.startswith("options.")] == wanted
    threshold = page.locator("[data-field='options.threshold']")
    threshold.locator("input[type=number]").fill("0.25")
    expect(threshold.locator(".dot")).to_be_visible()
    page.locator("[data-field=guidance] input[type=number]").fill("5")
    page.fill("#text-negative", "a bowl")
    page.fill("#seed", "7")
    # What was not touched is not sent: the server fills in what suits the model.
    asked = request_of(page, lambda: page.keyboard.press("Control+Enter"))
    picture_id = asked.pop("picture")
    asked.pop("previews", None)
    assert re.fullmatch("[0-9a-f]{64}", picture_id)
    assert asked == {"kind": "edit", "prompt": PROMPT, "source": SOURCE, "negative": "a bowl", "method": "diffedit",
                     "options": {"threshold": 0.25}, "guidance": 5, "seed": 7}
    painted(page)
    expect(page.locator(".facts")).to_contain_text("seed 7")
    page.get_by_role("button", name="Reset the options").click()
    expect(page.locator(".dot:visible")).to_have_count(0)


def test_what_suits_the_model_is_shown(page):
    """The fields stand where the model's own folder puts them, and at the paper's values once that is asked for."""
    suits = json.loads((ROOT / "Models" / "flowers" / "editing.json").read_text())["methods"]["diffedit"]
    described = {one["name"]: one for one in page.request.get(page.url + API + "methods").json()}["diffedit"]
    papers = next(one for one in described["options"] if one["name"] == "threshold")["standard"]
    page.click("#sample")
    expect(page.locator("#text-prompt")).to_be_focused()
    page.click("#options > summary")
    page.click(".more summary")
    guidance = page.locator("[data-field=guidance] input[type=number]")
    threshold = page.locator("[data-field='options.threshold'] input[type=number]")
    expect(guidance).to_have_value(f"{suits['guidance']:g}")
    expect(threshold).to_have_value(f"{suits['threshold']:g}")
    page.select_option("#choose-preset", "paper")
    expect(guidance).to_have_value(f"{described['standard']['guidance']:g}")
    expect(threshold).to_have_value(f"{papers:g}")


def test_history_goes_back_and_on(page, server):
    """An older result is shown, taken up as the photo, its settings taken over, and deleted."""
    open_apple(page)
    page.click("#options > summary")
    page.fill("#seed", "5")
    page.click("#paint")
    painted(page)
    first = newest(page, server)
    page.fill("#text-prompt", "a yellow lemon on a wooden table")
    page.fill("#seed", "6")
    page.click("#paint")
    expect(page.locator(f"[data-id='{first['id']}'].shown")).to_have_count(0, timeout=60_000)
    expect(page.locator(".facts")).to_contain_text("seed 6")
    card = page.locator(f"[data-id='{first['id']}']")
    card.locator(".open").click()
    expect(card).to_have_class(re.compile("shown"))
    expect(page.locator(".facts")).to_contain_text("seed 5")
    page.get_by_role("button", name="Use its settings").click()
    expect(page.locator("#text-prompt")).to_have_value(PROMPT)
    expect(page.locator("#seed")).to_have_value("5")
    page.get_by_role("button", name="Use as photo").click()
    expect(page.locator("#text-source")).to_have_value(PROMPT)
    expect(page.locator("p-result")).to_be_hidden()
    asked = request_of(page, lambda: page.click("#paint"))
    assert asked["picture"] == first["picture"]
    page.keyboard.press("Escape")
    page.on("dialog", lambda dialog: dialog.accept())
    card.hover()
    card.locator(".delete").click()
    expect(card).to_have_count(0)


# ------------------------------------------------------------------------------------------------------ jobs and tabs


def test_reload_in_the_middle_comes_back(page):
    page.click("#sample")
    expect(page.locator("#text-prompt")).to_be_focused()
    page.fill("#text-prompt", "a photo of a yellow flower")
    hurry(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("p-progress")).to_be_visible()
    page.wait_for_timeout(700)
    page.reload()
    expect(page.locator("#text-prompt")).to_have_value("a photo of a yellow flower")
    expect(page.locator("p-progress")).to_be_visible()
    painted(page)


def test_cancel_and_paint_again(page, server):
    """Cancelling leaves no state without an exit."""
    page.click("#sample")
    expect(page.locator("#text-prompt")).to_be_focused()
    page.fill("#text-prompt", "a photo of a pink flower")
    hurry(page)
    before = len(page.request.get(server + API + "results?limit=200").json()["items"])
    page.keyboard.press("Control+Enter")
    expect(page.locator("p-progress")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("p-history .queue li")).to_have_count(2)
    page.locator("p-history .queue li button").nth(1).click()
    expect(page.locator("p-history .queue li")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("p-progress")).to_be_hidden()
    assert len(page.request.get(server + API + "results?limit=200").json()["items"]) == before
    open_apple(page)
    page.click("#paint")
    painted(page)


def test_the_draft_is_kept_for_another_browser(page, server, chromium):
    open_apple(page)
    page.keyboard.press("Escape")
    page.click("[data-tool=box]")
    drag(page, (0.25, 0.25), (0.75, 0.75))
    expect(page.locator("#mask-summary")).to_contain_text("25 %")
    page.wait_for_timeout(900)
    other = chromium.new_context(viewport=WIDE)
    second = other.new_page()
    second.goto(server)
    expect(second.locator("#text-prompt")).to_have_value(PROMPT)
    expect(second.locator("#mask-summary")).to_contain_text("25 %")
    other.close()


def test_tabs_share_one_stream(page, context, server):
    """Eight tabs, one connection; all hear the news."""
    streams = []
    context.on("request", lambda one: streams.append(one.url) if one.url.endswith("/events") else None)
    tabs = [context.new_page() for _ in range(7)]
    for tab in tabs:
        tab.goto(server)
        expect(tab.locator("body")).not_to_have_class(re.compile("starting"))
    assert streams == []
    open_apple(page)
    page.click("#paint")
    painted(page)
    name = newest(page, server)["id"]
    for tab in tabs:
        expect(tab.locator(f"[data-id='{name}']")).to_have_count(1)
    # The tab that listened goes: another takes over.
    page.complaints.check()
    page.close()
    tabs[0].wait_for_timeout(500)
    assert len(streams) == 1
    job = tabs[1].request.post(server + API + "jobs", data={
        "kind": "edit", "picture": newest(tabs[1], server)["picture"], "prompt": "a photo of a rose", "steps": 2})
    assert job.ok
    expect(tabs[2].locator("p-history .results li").first).not_to_have_attribute("data-id", name, timeout=30_000)


def test_files_come_by_drop_and_paste(page):
    """Drops and pastes are made in the page: a browser's own cannot be sent from outside."""
    page.evaluate("""async () => {
        const blob = await (await fetch("/sample.jpg")).blob();
        const data = new DataTransfer();
        data.items.add(new File([blob], "pasted.jpg", {type: "image/jpeg"}));
        dispatchEvent(Object.assign(new ClipboardEvent("paste", {clipboardData: data, bubbles: true})));
    }""")
    expect(page.locator("p-stage .photo")).to_have_attribute("alt", "The photo pasted.jpg")
    drop = """async ([name, selector]) => {
        const canvas = new OffscreenCanvas(64, 43);
        const pen = canvas.getContext("2d");
        pen.fillRect(0, 0, 64, 43);
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, 32, 43);
        const data = new DataTransfer();
        data.items.add(new File([await canvas.convertToBlob()], name, {type: "image/png"}));
        document.body.dispatchEvent(new DragEvent("dragenter", {dataTransfer: data, bubbles: true}));
        const target = document.querySelector(selector);
        target.dispatchEvent(new DragEvent("dragover", {dataTransfer: data, bubbles: true, cancelable: true}));
        target.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    }"""
    expect(page.locator("[data-tool=brush]")).to_be_enabled()
    page.evaluate(drop, ["mask.png", ".zone.mask"])
    expect(page.locator("#mask-summary")).to_contain_text("50 %")
    expect(page.locator(".veil")).to_be_hidden()
    page.evaluate(drop, ["other.png", ".zone.photo"])
    expect(page.locator("p-stage .photo")).to_have_attribute("alt", "The photo other.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sideways_photos_stand_upright(page, orientation):
    """Whatever way up a camera held it: the photo is seen upright, and a mask drawn on a place is at that place."""
    upright = Image.new("RGB", (120, 80), "navy")
    ImageDraw.Draw(upright).rectangle((0, 0, 59, 39), fill="orange")
    back = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
            6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}[orientation]
    stored = upright.transpose(back) if back is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = ROOT / "build" / "screens" / f"sideways-{orientation}.jpg"
    file.parent.mkdir(parents=True, exist_ok=True)
    stored.save(file, exif=exif, quality=95)
    page.set_input_files("#file", str(file))
    expect(page.locator("[data-tool=brush]")).to_be_enabled()
    assert page.locator("p-stage .photo").evaluate("node => [node.naturalWidth, node.naturalHeight]") == [120, 80]
    page.fill("#text-prompt", "a photo of a tulip")
    page.click("[data-tool=box]")
    drag(page, (0.02, 0.02), (0.48, 0.48))
    page.click("#options > summary")
    page.select_option("#choose-method", "sdedit")
    asked = request_of(page, lambda: page.click("#paint"))
    mask = picture(page, page.url + API + f"pictures/{asked['mask']['picture']}/view?side=full&format=png").convert("L")
    photo = picture(page, page.url + API + f"pictures/{asked['picture']}/view?side=full&format=png").convert("RGB")
    assert mask.size == photo.size == (120, 80)
    assert mask.getpixel((30, 20)) == 255 and mask.getpixel((90, 60)) == 0
    assert photo.getpixel((30, 20))[0] > 200
    page.keyboard.press("Escape")


# ----------------------------------------------------------------------------------------------------------- access


SCREENS_TO_SEE = [("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW),
    ("light", {"width": 320, "height": 640})]


def settings(theme, size):
    narrow = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2} if size["width"] < 900 else {}
    return {"viewport": size, "color_scheme": theme, "reduced_motion": "reduce", **narrow}


@pytest.mark.parametrize("context", [settings(*one) for one in SCREENS_TO_SEE], indirect=True,
                         ids=[f"{theme}-{size['width']}" for theme, size in SCREENS_TO_SEE])
def test_every_screen_is_accessible(page, context, request):
    """axe finds nothing on any screen, and none scrolls sideways."""
    name = request.node.callspec.id
    width = page.viewport_size["width"]

    def look(screen_name):
        axe(page, screen_name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, screen_name
        screen(page, f"{screen_name}-{name}")

    def tab(part):
        if width < 900:
            page.click(f".tabs [data-tab={part}]")

    look("welcome")
    open_apple(page, prompt="a green kiwi on a wooden table")
    look("text")
    tab("mask")
    page.click("[data-tool=brush]")
    drag(page, (0.4, 0.4), (0.6, 0.6))
    look("mask")
    page.keyboard.press("Escape")
    tab("options")
    if width >= 900:
        page.click("#options > summary")
    page.click(".more summary")
    look("options")
    tab("text")
    page.fill("#text-prompt", PROMPT)
    page.click("#paint")
    expect(page.locator("p-progress")).to_be_visible()
    axe(page, "progress")
    painted(page)
    look("result")
    tab("history")
    look("history")
    page.click("#download")
    look("download")
    page.keyboard.press("Escape")
    if width < 900:
        page.evaluate("scrollTo(0, 0)")
    for dialog in ("settings", "help"):
        page.click(f"#open-{dialog}")
        look(dialog)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("context", [{"forced_colors": "active"}], indirect=True)
def test_forced_colours(page):
    """With the system's colours the tool in hand, the bar and the marked words are still told apart."""
    open_apple(page)
    page.click("[data-tool=brush]")
    assert page.locator("[data-tool=brush]").evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    axe(page, "forced colours")
    screen(page, "forced-colours")


def test_screens_were_made():
    assert len(list(SCREENS.glob("*.png"))) >= 40
