"""The page when its server wants a token, goes away, comes back."""

import re
import signal

import pytest
from browser import WIDE, Server, launch, screen, watched
from playwright.sync_api import expect
from test_page import API, axe, hurry, newest, open_apple, painted

REFUSED = ("401", "ERR_", "Failed to load resource")


@pytest.fixture
def own(chromium):
    """A page that its own server is yet to be opened in, and which may lose it."""
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints = watched(page)
    complaints.allow(*REFUSED)
    yield page
    context.close()
    complaints.check()


def test_a_token_is_asked_for_and_remembered(own):
    page = own
    with Server("--token", "correct-horse-battery") as server:
        page.goto(server.url)
        expect(page.locator("#login")).to_be_visible()
        axe(page, "login")
        screen(page, "login")
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#login-error")).to_have_text("That is not the token.")
        page.fill("#token", "correct-horse-battery")
        page.keyboard.press("Enter")
        expect(page.locator("#login")).to_have_count(0)
        expect(page.locator("p-welcome")).to_be_visible()
        page.reload()
        expect(page.locator("p-welcome")).to_be_visible()
        expect(page.locator("#login")).to_have_count(0)
        # The printed address carries the token in its fragment, which does not stay in the address bar.
        page.context.clear_cookies()
        page.goto("about:blank")
        page.goto(server.url + "#token=correct-horse-battery")
        expect(page.locator("p-welcome")).to_be_visible()
        assert "token" not in page.url


def test_a_lost_server_is_told_and_healed(own):
    """Killed in the middle of a job: the page says so, and shows the result once the server is back."""
    page = own
    server = Server().start()
    try:
        page.goto(server.url)
        page.click("#sample")
        expect(page.locator("#text-prompt")).to_be_focused()
        page.fill("#text-prompt", "a photo of a red flower")
        hurry(page)
        page.keyboard.press("Control+Enter")
        expect(page.locator("p-progress .what")).to_have_text(re.compile("Finding|Painting|Taking"))
        server.stop(signal.SIGKILL)
        expect(page.locator("#lost")).to_be_visible()
        screen(page, "lost")
        server.start()
        expect(page.locator("#lost")).to_be_hidden()
        painted(page)
        assert newest(page, server.url)["account"]["prompt"] == "a photo of a red flower"
        open_apple(page)
        page.click("#paint")
        painted(page)
    finally:
        server.stop()


def test_a_plain_address_of_the_local_network(chromium):
    """Without a certificate browsers keep Web Locks, the clipboard and randomUUID back: the page does without them."""
    rules = "--host-resolver-rules=MAP photos.test 127.0.0.1"
    browser = launch(chromium.browser_type, rules)
    try:
        with Server("--allow-host", "photos.test") as server:
            context = browser.new_context(viewport=WIDE)
            streams = []
            context.on("request", lambda one: streams.append(one) if one.url.endswith("/events") else None)
            page = context.new_page()
            complaints = watched(page)
            complaints.allow("Cross-Origin-Opener-Policy")
            page.goto(f"http://photos.test:{server.port}/")
            assert page.evaluate("[isSecureContext, typeof navigator.locks, typeof crypto.randomUUID]") == [
                False, "undefined", "undefined"]
            open_apple(page)
            page.click("#paint")
            painted(page)
            # Each tab that is seen listens for itself.
            assert len(streams) == 1
            second = context.new_page()
            second.goto(page.url)
            expect(second.locator("p-history .results li")).to_have_count(1)
            assert len(streams) == 2
            complaints.check()
    finally:
        browser.close()


def test_a_page_opened_before_its_server(own):
    """A bookmark opened too early: the page of the browser's cache waits for the server."""
    page = own
    server = Server().start()
    try:
        page.goto(server.url)
        expect(page.locator("p-welcome")).to_be_visible()
        page.route("**/api/v1/**", lambda route: route.abort())
        page.reload()
        expect(page.locator("#lost")).to_be_visible()
        page.unroute("**/api/v1/**")
        expect(page.locator("p-welcome")).to_be_visible()
        expect(page.locator("#lost")).to_be_hidden()
        assert page.request.get(server.url + API + "capabilities").ok
    finally:
        server.stop()
