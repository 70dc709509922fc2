"""Debian's Chromium, driven by Playwright: pages without errors and without requests to elsewhere."""

import contextlib
import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextlib.contextmanager
def open_browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def settled(browser, scheme="light", width=1280, height=900, allowed="file://"):
    """A page of which everything that goes wrong is an error at the end."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((allowed, "data:", "blob:")) else wrong.append(request.url))
    yield page
    context.close()
    assert not wrong, wrong


def check_accessibility(page, where):
    found = Axe().run(page)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"


def until(page, holds):
    """Waits until a condition holds, at most 20 seconds. (A page whose policy forbids `eval` cannot wait by itself.)"""
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("waited for 20 seconds")
