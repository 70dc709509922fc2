"""The training pages in a real browser: `pages.py FOLDER LOG [--update]`, where the example `training_page` wrote pages into
the folder and printed the numbers of its runs into the log. The pictures of `docs/training-page.md` are compared with what
the pages look like, or with `--update` made anew."""

import pathlib
import re
import sys

from browser import check_accessibility, open_browser, settled, until
from pictures import expect_picture

FOLDER, LOG = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).read_text()


def text(page, name):
    return page.locator(f"#{name}").inner_text()


def number(page, name):
    return float(text(page, name).replace("\u2212", "-"))


def go(page, update):
    """Moves the slider to this update."""
    place = page.evaluate("update => shown.frames.findIndex(frame => frame.update === update)", update)
    assert place >= 0, f"update {update} is on the page"
    page.locator("#slider").fill(str(place))
    assert number(page, "update") == update


def printed(name):
    """The losses that the run printed, by update."""
    found = re.findall(rf"^{name}, update +(\d+): loss ([\d.e-]+)$", LOG, re.M)
    assert found, f"the log has losses of {name}"
    return {int(update): loss for update, loss in found}


def losses_are_those_of_the_run(page, name):
    for update, loss in printed(name).items():
        go(page, update)
        # Nine digits are shown, and nine decimals printed.
        assert abs(number(page, "loss") - float(loss)) < 6e-9, (update, text(page, "loss"), loss)


def two_moons(page):
    losses_are_those_of_the_run(page, "two moons")
    points = re.findall(r"^at the end, the class at \((\S+), (\S+)\): (\d)$", LOG, re.M)
    assert {kind for _, _, kind in points} == {"0", "1"}
    page.keyboard.press("Escape")

    def shown_class(x, y):
        """The class whose colour is at a point of the picture."""
        return page.evaluate(
            """([x, y]) => {
                const { picture: { x: [x0, x1], y: [y0, y1], cells }, classes } = shown.run;
                const canvas = document.querySelector("canvas");
                const at = [Math.floor((x - x0) / (x1 - x0) * cells), cells - 1 - Math.floor((y - y0) / (y1 - y0) * cells)];
                const pixel = [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
                const far = classes.map((_, k) => {
                    const colour = getComputedStyle(document.documentElement).getPropertyValue(`--class-${k}`);
                    const parts = colour.match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16));
                    return parts.reduce((sum, part, i) => sum + (part - pixel[i]) ** 2, 0);
                });
                return far.indexOf(Math.min(...far));
            }""",
            [x, y],
        )

    page.locator("#last").click()
    for x, y, kind in points:
        assert shown_class(float(x), float(y)) == int(kind), (x, y, kind)
    end = [shown_class(x / 10, y / 10) for x in range(-10, 20) for y in range(-6, 11)]
    page.locator("#first").click()
    start = [shown_class(x / 10, y / 10) for x in range(-10, 20) for y in range(-6, 11)]
    assert start != end, "the regions change"

    # Without updates there is nothing to show, in other colours neither.
    page.evaluate("trainingPage(document.createElement('main'), { ...shown.run, frames: [] })")
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for scheme in [["dark", "light"], ["light", "dark"]][is_dark]:
        page.emulate_media(color_scheme=scheme)

    # Play goes on by itself, and stops.
    page.locator("#speed").select_option("30")
    page.locator("#play").click()
    until(page, lambda: number(page, "update") > 5)
    page.locator("#play").click()
    stopped = number(page, "update")
    page.wait_for_timeout(300)
    assert number(page, "update") == stopped

    # The keyboard, with nothing in focus.
    page.evaluate("document.activeElement.blur()")
    for key, update in [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 100)]:
        page.keyboard.press(key)
        assert number(page, "update") == update, key
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    until(page, lambda: number(page, "update") > 2)
    page.keyboard.press("Space")
    # All controls can be reached by the keyboard.
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    controls = {"first", "back", "play", "forward", "last", "slider", "speed", "sample", "neuron", "input"}
    assert controls <= reached, controls - reached


def two_two_two(page):
    losses_are_those_of_the_run(page, "2-2-2")
    # The figures of the article, where it is right, and of arithmetic with 50 digits.
    for update, loss in [(0, "0.298371109"), (1, "0.291027774")]:
        go(page, update)
        assert text(page, "loss") == loss
    go(page, 0)
    chosen = [
        ("o1", "weight from h1", ["1.10590597", "0.75136507", "0.741365070", "0.138498562", "0.0821670406", "0.35891648"]),
        ("h1", "weight from i1", ["0.3775", "0.593269992", "0.0363503064", "0.00877135469", "0.000438567734", "0.149780716"]),
    ]
    for neuron, parameter, figures in chosen:
        page.locator("#neuron").select_option(label=neuron)
        page.locator("#input").select_option(label=parameter)
        steps = text(page, "steps")
        for figure in figures:
            assert figure.rstrip("0") in steps, (neuron, figure, steps)
    # The derivative by a bias that neurons share is the sum of their deltas.
    page.locator("#input").select_option(label="bias of the layer")
    assert "∂J/∂w = 0.00877135469 + 0.00995425" in text(page, "steps"), text(page, "steps")
    # Pointing at a neuron tells its numbers; clicking chooses it.
    page.locator(".node").nth(4).hover()
    assert "o1: net input a = 1.10590597" in text(page, "hint")
    page.locator(".node").nth(5).click()
    assert page.locator("#neuron option:checked").inner_text() == "o2"


def iris(page):
    accuracy = re.search(r"iris, accuracy at the end: (\S+)", LOG).group(1)
    page.locator("#last").click()
    assert f"{number(page, 'metric'):.4f}" == accuracy
    legend = page.get_by_role("region", name="Classes").locator(".legend li")
    assert legend.all_inner_texts() == ["setosa", "versicolor", "virginica"]


with open_browser() as browser:
    for name, check in [("moons", two_moons), ("two_two_two", two_two_two), ("iris", iris)]:
        for scheme, width, height in [("light", 1280, 900), ("dark", 1280, 900), ("light", 390, 844)]:
            with settled(browser, scheme, width, height) as page:
                page.goto((FOLDER / f"{name}.html").as_uri())
                check(page)
                check_accessibility(page, f"{name}, {scheme}, {width} wide")
                overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert overflow <= 0, f"{name} is {overflow} pixels too wide for {width}"
        print(f"{name}: as the run, playable, accessible")
    for name, scheme, width, update in [("moons", "light", 1000, 60), ("iris", "dark", 1000, 120), ("two_two_two", "light", 390, 1)]:
        with settled(browser, scheme, width, 800) as page:
            page.goto((FOLDER / f"{name}.html").as_uri())
            go(page, update)
            expect_picture(f"page-{name}", page.screenshot(full_page=width > 500), "--update" in sys.argv)
    print("the pictures of the documentation are what the pages look like")
