"""Makes the two pictures of the page in Documentation/Pictures.

`build/venv-service/bin/python Tests/service/pictures.py` starts a server of its own; an address of a server that runs may be given. The fonts are those of Debian's fonts-inter and fonts-urw-base35.
"""

import io
import sys

from browser import ROOT, Server, launch
from PIL import Image
from playwright.sync_api import expect, sync_playwright


def take(page, name):
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = ROOT / "Documentation" / "Pictures" / f"{name}.webp"
    image.save(path, quality=84, method=6)
    assert path.stat().st_size <= 150_000, path
    print(path)


def open_sample(browser, address, theme):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme)
    context.set_default_timeout(60_000)
    context.request.put(address + "api/v1/draft", data={})
    page = context.new_page()
    page.goto(address)
    page.click("#sample")
    expect(page.locator("[data-tool=brush]")).to_be_enabled()
    return page


def make(address):
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        page = open_sample(browser, address, "light")
        page.click("#options > summary")
        page.fill("#seed", "1")
        page.click("#options > summary")
        for text in ("a photo of a sunflower", "a photo of a red flower"):
            page.fill("#text-prompt", text)
            page.keyboard.press("Control+Enter")
            expect(page.locator("p-progress")).to_be_visible()
            expect(page.locator("p-progress")).to_be_hidden(timeout=120_000)
            expect(page.locator("p-result")).to_be_visible()
        page.wait_for_timeout(1500)
        page.locator("#divider").fill("46")
        page.locator("#text-prompt").blur()
        page.wait_for_timeout(300)
        take(page, "page")
        page.context.close()
        page = open_sample(browser, address, "dark")
        page.fill("#text-prompt", "a photo of a pink flower")
        page.click("#find")
        expect(page.locator("#mask-threshold")).to_be_visible(timeout=120_000)
        box = page.locator("p-stage .photo").bounding_box()
        page.mouse.move(box["x"] + 0.68 * box["width"], box["y"] + 0.42 * box["height"])
        page.wait_for_timeout(400)
        take(page, "page-mask")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        make(sys.argv[1].rstrip("/") + "/")
    else:
        with Server() as server:
            make(server.url)
