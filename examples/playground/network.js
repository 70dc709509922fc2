"use strict";
// The network half of the playground: `networkTab(root)` builds the form and shows the run as a training page.
function networkTab(root) {
  const fields = {};
  const field = (name, label, input) => {
    const problem = element("span", { class: "problem", id: `problem-${name}`, role: "alert" });
    input.id = `network-${name}`;
    input.setAttribute("aria-describedby", problem.id);
    fields[name] = { input, problem };
    return element("div", { class: "field" }, element("label", { for: input.id }, label), input, problem);
  };
  const number = (value, attributes) => element("input", { type: "number", value, ...attributes });
  const select = (options) => element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));

  // Points set by hand: a click puts one of the chosen class, on one that is there removes it.
  const points = [];
  const SIZE = 260, RANGE = 2;
  const canvas = element("canvas", { width: SIZE, height: SIZE, tabindex: 0, role: "img", "aria-label": "No points" });
  const pointClass = select([["0", "class 0"], ["1", "class 1"]]);
  pointClass.setAttribute("aria-label", "Class of new points");
  const place = (x, y) => [((x + RANGE) / (2 * RANGE)) * SIZE, ((RANGE - y) / (2 * RANGE)) * SIZE];
  const draw = () => {
    const context = canvas.getContext("2d"), style = getComputedStyle(root);
    context.clearRect(0, 0, SIZE, SIZE);
    for (const [x, y, kind] of points) {
      const [left, top] = place(x, y);
      context.fillStyle = style.getPropertyValue(`--class-${kind}`).trim();
      context.beginPath();
      if (kind) context.rect(left - 5, top - 5, 10, 10);
      else context.arc(left, top, 5.5, 0, 7);
      context.fill();
    }
    canvas.setAttribute("aria-label", points.length ? `${points.length} points` : "No points");
  };
  const put = (x, y, kind) => {
    const near = points.findIndex((point) => Math.hypot(point[0] - x, point[1] - y) < 0.1);
    if (near >= 0) points.splice(near, 1);
    else points.push([Number(x.toFixed(3)), Number(y.toFixed(3)), kind]);
    coordinates.value = points.map((point) => point.join(" ")).join("\n");
    draw();
  };
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    put(((event.clientX - box.left) / box.width) * 2 * RANGE - RANGE, RANGE - ((event.clientY - box.top) / box.height) * 2 * RANGE, Number(pointClass.value));
  });
  // The same as text, for the keyboard.
  const coordinates = element("textarea", { rows: 4, change: () => {
    points.splice(0, points.length, ...coordinates.value.split("\n").filter((line) => line.trim()).map((line) => line.trim().split(/\s+/).map(Number)));
    draw();
  } });
  const editor = element("div", { class: "points", hidden: "" },
    element("p", {}, "Click to set a point, click on a point to remove it; or write a line for each: x y class."), pointClass, canvas, field("points", "Points", coordinates));

  const data = select([["moons", "two moons"], ["circles", "circles"], ["spirals", "two spirals"], ["xor", "XOR"], ["sine", "a sine (curve)"], ["points", "points set by hand"]]);
  data.addEventListener("change", () => {
    editor.hidden = data.value !== "points";
    const isCurve = data.value === "sine", loss = fields.loss.input.value;
    if (isCurve && !["half_squared", "absolute"].includes(loss)) fields.loss.input.value = "half_squared";
  });
  const speed = select([["2", "2 epochs a second"], ["20", "20 epochs a second"], ["200", "200 epochs a second"], ["0", "as fast as it goes"]]);
  speed.value = "20";

  const start = element("button", { type: "submit", id: "network-start" }, "Train");
  const pause = element("button", { type: "button", id: "network-pause", disabled: "", click: () => setPaused(!isPaused) }, "Pause");
  const stop = element("button", { type: "button", id: "network-stop", disabled: "", click: () => change({ stopped: true, paused: false }) }, "Stop");
  const download = element("a", { id: "network-download", download: "training.html", class: "button", hidden: "" }, "Download as a page");
  const status = element("p", { id: "network-status", role: "status" });
  const view = element("div", { id: "network-view" });
  const form = element("form", { id: "network-form", novalidate: "" },
    field("hidden", "Hidden layers (neurons of each)", element("input", { value: "8 8", inputmode: "numeric" })),
    field("activation", "Activation", select(["tanh", "relu", "sigmoid", "gelu", "silu", "softplus", "identity"].map((name) => [name, name]))),
    field("loss", "Loss", select([["binary_cross_entropy", "binary cross entropy"], ["hinge", "hinge"], ["half_squared", "half squared error"], ["absolute", "absolute error"]])),
    field("optimizer", "Optimiser", select([["adam", "Adam"], ["sgd", "gradient descent"], ["momentum", "momentum"], ["rmsprop", "RMSprop"], ["adagrad", "Adagrad"]])),
    field("rate", "Learning rate", number(0.03, { min: 0, step: "any" })),
    field("data", "Data", data),
    field("noise", "Noise", number(0.1, { min: 0, max: 1, step: 0.05 })),
    field("seed", "Seed", number(7, { min: 0, step: 1 })),
    field("batch", "Batch (samples)", number(100, { min: 1, step: 1 })),
    field("epochs", "Epochs", number(300, { min: 1, step: 1 })),
    field("speed", "Speed", speed), editor,
    element("div", { class: "buttons" }, start, pause, stop, download), status);
  root.append(form, view);

  let key = null, isPaused = false, run = 0, page = null;
  const post = async (path, body) => {
    try {
      const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      return await response.json();
    } catch {
      return { error: { field: "", message: "The playground does not answer." } };
    }
  };
  const tell = (problem) => {
    for (const { input, problem } of Object.values(fields)) {
      problem.textContent = "";
      input.removeAttribute("aria-invalid");
    }
    if (!problem) return;
    const { field, message } = problem;
    if (fields[field]) {
      fields[field].problem.textContent = message;
      fields[field].input.setAttribute("aria-invalid", "true");
      fields[field].input.focus();
    } else status.textContent = message;
  };
  const change = async (what) => {
    if (!key) return;
    const answer = await post("/network/change", { ...what, key });
    tell(answer.error);
  };
  const setPaused = (paused) => {
    isPaused = paused;
    pause.textContent = paused ? "Go on" : "Pause";
    change({ paused });
  };
  // The rate and the speed take effect at once, also while a network learns.
  fields.rate.input.addEventListener("change", () => change({ rate: Number(fields.rate.input.value) }));
  speed.addEventListener("change", () => change({ speed: Number(speed.value) }));

  const settings = () => {
    const value = (name) => fields[name].input.value;
    const numeric = (name) => (value(name).trim() === "" ? null : Number(value(name)));
    return {
      hidden: value("hidden").split(/[\s,]+/).filter((part) => part).map(Number),
      activation: value("activation"), loss: value("loss"), optimizer: value("optimizer"), rate: numeric("rate"), data: value("data"),
      noise: numeric("noise"), seed: numeric("seed"), batch: numeric("batch"), epochs: numeric("epochs"), speed: numeric("speed"), points,
    };
  };
  // A second click while the first is answered would start a network that nobody sees.
  let isStarting = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isStarting) return;
    isStarting = true;
    await change({ stopped: true, paused: false });
    tell(null);
    status.textContent = "";
    const answer = await post("/network/start", settings());
    isStarting = false;
    if (answer.error) return tell(answer.error);
    [key, isPaused] = [answer.key, false];
    pause.textContent = "Pause";
    follow(++run).catch(() => { status.textContent = "The playground does not answer any more."; });
  });
  const follow = async (own) => {
    let since = 0;
    page?.close();
    page = null;
    view.replaceChildren();
    pause.disabled = stop.disabled = false;
    download.hidden = false;
    download.href = `/network/page?key=${key}`;
    status.textContent = "It learns.";
    while (own === run) {
      const response = await fetch(`/network/news?key=${key}&since=${since}`);
      const news = await response.json();
      if (own !== run) return;
      if (news.error && news.over === undefined) return tell(news.error);
      if (!page && news.run) page = trainingPage(view, news.run);
      news.frames.forEach((frame) => page.append(frame));
      since = news.next;
      root.dataset.parameters = JSON.stringify(news.parameters);
      if (news.over) {
        status.textContent = news.error ?? "It has learned.";
        pause.disabled = stop.disabled = true;
        root.dataset.over = own;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  draw();
}
networkTab(document.getElementById("network"));
