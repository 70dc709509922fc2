"""The playground in a real browser, and attacked from outside: `playground.py PROGRAM`."""

import json
import math
import random
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

from browser import check_accessibility, open_browser, settled, until

# Expression, values, and what they give: the value and the gradient, written out by hand.
EXPRESSIONS = [
    ("x + 2 * y", {"x": 3, "y": 4}, lambda x, y: x + 2 * y, lambda x, y: [1, 2]),
    ("x * y", {"x": 3, "y": 4}, lambda x, y: x * y, lambda x, y: [y, x]),
    ("x / y - 1", {"x": 3, "y": 4}, lambda x, y: x / y - 1, lambda x, y: [1 / y, -x / y**2]),
    ("-x^2", {"x": 3}, lambda x: -(x**2), lambda x: [-2 * x]),
    ("2^x^2", {"x": 1.5}, lambda x: 2 ** (x**2), lambda x: [2 ** (x**2) * math.log(2) * 2 * x]),
    ("sin(x) * exp(-y)", {"x": 0.5, "y": 0.25}, lambda x, y: math.sin(x) * math.exp(-y),
     lambda x, y: [math.cos(x) * math.exp(-y), -math.sin(x) * math.exp(-y)]),
    ("ln(x) / sqrt(x)", {"x": 2}, lambda x: math.log(x) / math.sqrt(x), lambda x: [(1 - math.log(x) / 2) / x**1.5]),
    ("atan2(y, x)", {"y": 1, "x": 2}, lambda y, x: math.atan2(y, x), lambda y, x: [x / (x * x + y * y), -y / (x * x + y * y)]),
    ("(x - y)^3 + max(x, y)", {"x": 2, "y": 0.5}, lambda x, y: (x - y) ** 3 + max(x, y), lambda x, y: [3 * (x - y) ** 2 + 1, -3 * (x - y) ** 2]),
    ("tanh(a * b + sin(a))", {"a": 0.5, "b": 2}, lambda a, b: math.tanh(a * b + math.sin(a)),
     lambda a, b: [(b + math.cos(a)) / math.cosh(a * b + math.sin(a)) ** 2, a / math.cosh(a * b + math.sin(a)) ** 2]),
]


def start(program):
    process = subprocess.Popen([program, "--port", "0"], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
    assert found, line
    return process, found.group(0)


def ask(url, body=None, headers=None, method=None):
    """The status and the text of an answer."""
    own = {"Content-Type": "application/json"} if body is not None else {}
    request = urllib.request.Request(url, data=body, headers=own | (headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def number(text):
    return float(text.replace("\u2212", "-"))


def expressions(page):
    for expression, values, value, gradient in EXPRESSIONS:
        page.locator("#expression-text").fill(expression)
        press(page, "#expression-ask")
        for name, x in values.items():
            field = page.locator(f".values input[name={name}]")
            if field.input_value() != str(x):
                answered = page.locator("#expression").get_attribute("data-answered")
                field.fill(str(x))
                field.press("Tab")
                until(page, lambda: page.locator("#expression").get_attribute("data-answered") != answered)
        x = list(values.values())
        shown = number(page.locator("#expression-value").inner_text().removeprefix("value "))
        assert math.isclose(shown, value(*x), rel_tol=1e-14), (expression, shown)
        rows = page.get_by_role("region", name="The gradient").locator("tbody tr").all()
        assert len(rows) == len(x)
        for row, name, slope in zip(rows, values, gradient(*x)):
            cells = row.locator("th, td").all_inner_texts()
            assert cells[0] == name
            assert math.isclose(number(cells[1]), slope, rel_tol=1e-13), (expression, cells, slope)
            assert math.isclose(number(cells[2]), slope, rel_tol=1e-13), (expression, cells, slope)
        verdicts = page.get_by_role("region", name="The check").locator("tbody tr td:last-child").all_inner_texts()
        assert verdicts == ["pass"] * len(x), (expression, verdicts)
        assert page.locator("#expression img").evaluate("image => image.naturalWidth") > 100

    # Errors stand at the field, with the place.
    page.locator("#expression-text").fill("x + )")
    press(page, "#expression-ask")
    assert page.locator("#expression-problem").inner_text().startswith("x + )\n    ^ `)` is not expected here")
    assert page.locator("#expression-text").get_attribute("aria-invalid") == "true"


def press(page, button):
    answered = page.locator("#expression").get_attribute("data-answered")
    page.locator(button).click()
    until(page, lambda: page.locator("#expression").get_attribute("data-answered") != answered)


def train(page, changes):
    """Starts a run; `is_over` tells when the last run that was started has ended."""
    page.evaluate("document.getElementById('network').removeAttribute('data-over')")
    for name, value in changes.items():
        field = page.locator(f"#network-{name}")
        field.select_option(value) if field.evaluate("node => node.tagName") == "SELECT" else field.fill(value)
    page.locator("#network-start").click()


def is_over(page):
    return page.locator("#network").get_attribute("data-over") is not None


def parameters(page):
    return json.loads(page.locator("#network").get_attribute("data-parameters"))


def networks(browser, url):
    fast = {"hidden": "4", "epochs": "200", "speed": "0", "seed": "3"}
    with settled(browser, allowed=url) as one, settled(browser, "dark", 390, 844, allowed=url) as other:
        one.goto(url)
        other.goto(url)
        # Two visitors at once, with the same settings and with other ones.
        train(one, fast)
        train(other, fast | {"data": "spirals"})
        until(one, lambda: is_over(one))
        until(other, lambda: is_over(other))
        assert parameters(one) != parameters(other)
        train(other, fast | {"data": "moons"})
        until(other, lambda: is_over(other))
        assert parameters(one) == parameters(other), "to the bit"
        check_accessibility(one, "playground")
        check_accessibility(other, "playground, dark, narrow")
        overflow = other.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{overflow} pixels too wide"

        # A run in progress: pause, another rate, go on, stop.
        train(one, {"epochs": "20000", "speed": "200", "rate": "0.001"})
        update = lambda: int(one.locator("#update").inner_text())
        until(one, lambda: one.locator("#update").count() == 1 and update() > 10)
        one.locator("#network-pause").click()
        one.wait_for_timeout(700)
        paused = update()
        one.wait_for_timeout(500)
        assert update() == paused, "paused"
        one.locator("#network-rate").fill("0.25")
        one.locator("#network-rate").press("Tab")
        one.locator("#network-pause").click()
        until(one, lambda: one.locator("#rate").inner_text() == "0.25" and update() > paused)
        with one.expect_download() as download:
            one.locator("#network-download").click()
        path = "target/playground-training.html"
        download.value.save_as(path)
        one.locator("#network-stop").click()
        until(one, lambda: is_over(one))
        one.wait_for_timeout(200)

        # An error at its field; then points set by hand.
        train(one, {"hidden": "99"})
        until(one, lambda: one.locator("#problem-hidden").inner_text() != "")
        assert one.locator("#network-hidden").get_attribute("aria-invalid") == "true"
        train(one, {"data": "points", "hidden": "3", "epochs": "50", "speed": "0", "rate": "0.1"})
        until(one, lambda: one.locator("#problem-points").inner_text() != "")
        # Lines that are no points stay as they are typed, and are told.
        one.locator("#network-points").fill("0 0 0\nnot a point")
        one.locator("#network-points").press("Tab")
        train(one, {})
        until(one, lambda: one.locator("#problem-points").inner_text().startswith("1 to 300 points"))
        assert one.locator("#network-points").input_value() == "0 0 0\nnot a point"
        one.locator("#network-points").fill("")
        one.locator("#network-points").press("Tab")
        for x, y in [(60, 60), (70, 200), (200, 70)]:
            one.locator(".points canvas").click(position={"x": x, "y": y})
        one.locator(".points select").select_option("1")
        one.locator(".points canvas").click(position={"x": 190, "y": 200})
        assert one.locator("#network-points").input_value().count("\n") == 3
        train(one, {})
        until(one, lambda: is_over(one) and len(parameters(one)) == 3 * 3 + 4)
    return path


def downloaded(browser, path):
    with settled(browser) as page:
        page.goto(f"file://{sys.path[0]}/../../{path}")
        page.locator("#last").click()
        assert int(page.locator("#update").inner_text()) > 10
        assert len(page.evaluate("shown.run.epochs")) > 10


def attacks(url):
    """What a browser does not send."""
    draw = random.Random(1)
    pieces = ["x", "y", "1e308", ".", "(", ")", ",", "+", "-", "*", "/", "^", "sin(", "max(", "sum(", "select(", "é", "\u202e", "\0", "</script>", " ", "9" * 400, "powi(x,2)", "ln(0)"]
    slowest = 0
    for k in range(1000):
        if k % 3 == 0:
            text = "".join(chr(draw.randrange(1, 0x2FFF)) for _ in range(draw.randrange(60)))
        else:
            text = "".join(draw.choice(pieces) for _ in range(draw.randrange(200 if k % 3 == 1 else 8)))
        begin = time.monotonic()
        status, answer = ask(f"{url}/expression", json.dumps({"expression": text, "values": {"x": draw.choice([0, -1, 1e300, 2])}}).encode())
        slowest = max(slowest, time.monotonic() - begin)
        assert status == 200, (text, status, answer)
        answer = json.loads(answer)
        assert "nodes" in answer or answer["error"]["message"], text
    assert slowest < 5, slowest
    for text in ["(" * 1999, "-" * 1999 + "x", "x^" * 900 + "x", "sin(" * 400 + "x" + ")" * 400, "+".join(["x"] * 1000), "sum(" + ",".join(["x"] * 900) + ")"]:
        status, _ = ask(f"{url}/expression", json.dumps({"expression": text}).encode())
        assert status == 200, (text[:20], status)
    host = url.removeprefix("http://")
    cases = [
        ((f"{url}/expression", b"{" * 100), 400),
        ((f"{url}/expression", b" " * 70_000), 413),
        ((f"{url}/expression", b"{}", {"Origin": "http://example.org"}), 403),
        ((f"{url}/expression", b"{}", {"Content-Type": "text/plain"}), 403),
        ((f"{url}/", None, {"Host": "example.org"}), 403),
        ((f"{url}/", None, {"Host": host.replace("127.0.0.1", "localhost")}), 200),
        ((f"{url}/../../Cargo.toml",), 404),
        ((f"{url}/%2e%2e/%2e%2e/etc/passwd",), 404),
        ((f"{url}/network/news?key=0&since=0",), 404),
        ((f"{url}/network/page?key=../../x",), 404),
        ((f"{url}/", None, None, "DELETE"), 405),
    ]
    for arguments, expected in cases:
        status, answer = ask(*arguments)
        assert status == expected, (arguments, status, answer)
    for path, body in [("expression", [1, 2]), ("network/start", {"hidden": [1] * 5}), ("network/change", {"key": "0", "rate": 1})]:
        status, answer = ask(f"{url}/{path}", json.dumps(body).encode())
        assert status == 200 and json.loads(answer)["error"]["message"], (path, answer)


process, url = start(sys.argv[1])
try:
    with open_browser() as browser:
        with settled(browser, allowed=url) as page:
            page.goto(url)
            expressions(page)
        print("expressions: ten, with the engine's numbers; errors at their place")
        path = networks(browser, url)
        downloaded(browser, path)
        print("networks: two visitors, paused, changed, downloaded, from points; accessible")
    attacks(url)
    print("1,000 random expressions and requests from elsewhere: answered or refused")
    assert process.poll() is None, "the playground has ended"
finally:
    process.kill()
