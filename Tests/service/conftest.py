"""A server, a browser and a page for the tests of the page."""

import os
import re

import pytest
from browser import WIDE, Server, launch, watched
from playwright.sync_api import expect, sync_playwright


@pytest.fixture(scope="session")
def server():
    """The address of the server: the one that PENTIMENTO_URL names, else one with a folder of its own."""
    if url := os.environ.get("PENTIMENTO_URL"):
        yield url.rstrip("/") + "/"
        return
    with Server() as one:
        yield one.url


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium, request):
    """A browser of its own: `@pytest.mark.parametrize("context", [settings], indirect=True)` changes it."""
    settings = {"viewport": WIDE, "accept_downloads": True, **getattr(request, "param", {})}
    context = chromium.new_context(**settings)
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context, server):
    """An open page of a server that has no draft; the test fails where the console complained."""
    context.request.put(server + "api/v1/draft", data={})
    page = context.new_page()
    complaints = watched(page)
    page.complaints = complaints
    page.goto(server)
    expect(page.locator("body")).not_to_have_class(re.compile("starting"))
    yield page
    complaints.check()
