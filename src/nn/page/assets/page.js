"use strict";
// Shows a training run: `trainingPage(root, run)`. It returns `append(frame)`, for a run that goes on, and `close()`, for a page
// that gives way to another one.
// Nothing is computed here that the run has computed: only sums and products that are written out are formed for display.
function trainingPage(root, run) {
  const make = (namespace) => (tag, attributes = {}, ...children) => {
    const node = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name, value);
      else if (value !== undefined && value !== null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  };
  const html = make(null), svg = make("http://www.w3.org/2000/svg");
  // JSON has no NaN and no infinity: such a number is `null`, and so is what is computed from it.
  const times = (x, y) => (x === null || y === null ? null : x * y);
  const sum = (list) => list.reduce((total, x) => (total === null || x === null ? null : total + x), 0);
  // The least and the greatest of numbers, of which there may be more than a function takes arguments.
  const ends = (numbers) => numbers.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);

  // Nine significant digits, or fewer.
  const format = (x, digits = 9) => {
    if (!Number.isFinite(x)) return "not a finite number";
    if (x === 0) return "0";
    const size = Math.abs(x);
    const text = size < 1e-4 || size >= 1e9 ? x.toExponential(digits - 1) : String(Number(x.toPrecision(digits)));
    return text.replace(/-/g, "−");
  };
  const short = (x) => format(x, 4);
  // As short as it has to be within a neuron.
  const brief = (x) => {
    if (!Number.isFinite(x)) return "?";
    const size = Math.abs(x), isPlain = size === 0 || (size >= 1e-3 && size < 1e5);
    const text = !isPlain ? x.toExponential(0).replace("+", "") : size < 1 ? String(Number(x.toFixed(3))) : String(Number(x.toPrecision(3)));
    return text.replace(/-/g, "−");
  };
  const cut = (text, most) => ([...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text);
  const factor = (x) => (x < 0 ? `(${format(x)})` : format(x));

  // Drawings are scaled to the page: narrow ones keep their letters legible on a phone.
  const isNarrow = window.innerWidth < 600;

  const { layers, frames } = run;
  const widths = [layers[0].inputs, ...layers.map((layer) => layer.neurons)];
  // The name of a neuron; layer −1 has the inputs.
  const nameOf = (layer, neuron) => {
    if (layer < 0) return run.inputs[neuron] ?? `x${neuron + 1}`;
    if (layer === layers.length - 1) return `o${neuron + 1}`;
    return layers.length > 2 ? `h${layer + 1}.${neuron + 1}` : `h${neuron + 1}`;
  };
  // Where the parameters of a neuron are in the list.
  const starts = [];
  layers.reduce((start, layer) => {
    starts.push(start);
    const own = layer.bias === "own" ? 1 : 0;
    return start + layer.neurons * (layer.inputs + own) + (layer.bias === "shared" ? 1 : 0);
  }, 0);
  const placeOf = (layer, neuron, input) => {
    const { inputs, neurons, bias } = layers[layer];
    const stride = inputs + (bias === "own" ? 1 : 0);
    if (input < inputs) return starts[layer] + neuron * stride + input;
    return bias === "shared" ? starts[layer] + neurons * stride : starts[layer] + neuron * stride + inputs;
  };
  const chosen = { layer: 0, neuron: 0, input: 0, sample: 0 };
  let at = 0;
  const frame = () => frames[at];
  const pass = () => frame().samples[chosen.sample];
  const intoNeuron = (layer) => (layer === 0 ? run.samples[chosen.sample].input : pass().out[layer - 1]);

  const network = (() => {
    const MOST = 20, WIDTH = isNarrow ? 360 : 640;
    const drawn = widths.map((width) => Math.min(width, MOST));
    const most = Math.max(...drawn), spacing = Math.max(30, Math.min(110, 560 / most));
    const height = Math.max(220, most * spacing + 50);
    const x = (column) => 40 + (column * (WIDTH - 80)) / (widths.length - 1);
    const y = (column, k) => 20 + ((k + 0.5) * (height - 50)) / drawn[column];
    const radius = Math.min(22, spacing * 0.36), hasNames = spacing >= 66;
    const edges = [], nodes = [];
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "group", "aria-label": "The network" });
    const edgeCount = sum(layers.map((_, k) => drawn[k] * drawn[k + 1]));
    const hasNumbers = edgeCount <= 16;
    const lines = svg("g"), numbers = svg("g"), circles = svg("g");
    layers.forEach((_, layer) => {
      for (let neuron = 0; neuron < drawn[layer + 1]; neuron++) {
        for (let input = 0; input < drawn[layer]; input++) {
          const [x1, y1, x2, y2] = [x(layer), y(layer, input), x(layer + 1), y(layer + 1, neuron)];
          const ends = { x1, y1, x2, y2 };
          const line = svg("line", { ...ends, class: "edge" });
          const hit = svg("line", { ...ends, class: "hit", click: () => choose({ layer, neuron, input }),
            pointerenter: () => tell(edgeText(layer, neuron, input)), pointerleave: () => tell("") });
          lines.append(line, hit);
          const share = isNarrow ? 0.37 : 0.27 + 0.1 * (neuron % 2);
          const label = hasNumbers ? svg("text", { class: "number", x: x1 + share * (x2 - x1), y: y1 + share * (y2 - y1) + 4 }) : null;
          if (label) numbers.append(label);
          edges.push({ layer, neuron, input, line, label, place: placeOf(layer, neuron, input) });
        }
      }
    });
    widths.forEach((width, column) => {
      for (let k = 0; k < drawn[column]; k++) {
        const layer = column - 1;
        const circle = svg("circle", { r: radius });
        const value = radius > 18 ? svg("text", { y: 4 }) : null;
        const label = svg("text", { y: -radius - 5, class: "name" }, cut(nameOf(layer, k), 12));
        const bias = hasNumbers && layer >= 0 && layers[layer].bias !== "none" ? svg("text", { y: radius + 14, class: "number quiet" }) : null;
        const node = svg("g", { class: "node", transform: `translate(${x(column)} ${y(column, k)})`,
          click: () => { if (layer >= 0) choose({ layer, neuron: k, input: Math.min(chosen.input, layers[layer].inputs - 1) }); },
          pointerenter: () => tell(nodeText(layer, k)), pointerleave: () => tell("") }, circle, value, bias,
          hasNames || drawn[column] * 66 <= height ? label : null);
        circles.append(node);
        nodes.push({ layer, k, node, circle, value, bias });
      }
      const hidden = width - drawn[column];
      if (hidden > 0) picture.append(svg("text", { x: x(column), y: height - 6, "text-anchor": "middle", class: "quiet" }, `and ${hidden} more`));
    });
    picture.append(lines, numbers, circles);
    const hint = html("p", { class: "hint", id: "hint" });
    const resting = "Line width is the size of a weight; negative weights are dashed. Point at a neuron or a line for its numbers, click to choose it.";
    const tell = (text) => { hint.textContent = text || resting; };
    const edgeText = (layer, neuron, input) => {
      const place = placeOf(layer, neuron, input), { w, gradient } = frame();
      const slope = gradient ? `, its derivative for the batch ${format(gradient[place])}` : "";
      return `${run.names[place]}, from ${nameOf(layer - 1, input)} to ${nameOf(layer, neuron)}: ${format(w[place])}${slope}`;
    };
    const nodeText = (layer, k) => {
      if (layer < 0) return `Input ${nameOf(layer, k)} = ${format(run.samples[chosen.sample].input[k])}`;
      const { net, out, delta } = pass();
      return `${nameOf(layer, k)}: net input a = ${format(net[layer][k])}, output f(a) = ${format(out[layer][k])}, `
        + `delta ∂J/∂a = ${format(delta[layer][k])}`;
    };
    const show = () => {
      const { w } = frame();
      const largest = Math.max(ends(w.map((weight) => Math.abs(weight ?? 0)))[1], 1e-300);
      for (const { layer, neuron, input, line, label, place } of edges) {
        const weight = w[place] ?? 0;
        const isChosen = chosen.layer === layer && chosen.neuron === neuron && chosen.input === input;
        line.setAttribute("stroke-width", 0.3 + (6 * Math.abs(weight)) / largest);
        line.setAttribute("class", `edge${weight < 0 ? " negative" : ""}${isChosen ? " chosen" : ""}`);
        if (label) label.textContent = short(w[place]);
      }
      for (const { layer, k, node, circle, value, bias } of nodes) {
        const out = layer < 0 ? run.samples[chosen.sample].input[k] : pass().out[layer][k];
        const shade = Math.tanh(Math.abs(out ?? 0)) * 55;
        circle.style.fill = `color-mix(in srgb, var(--${out < 0 ? "negative" : "positive"}) ${shade}%, var(--ground))`;
        if (value) value.textContent = brief(out);
        if (bias) bias.textContent = `bias ${brief(w[placeOf(layer, k, layers[layer].inputs)])}`;
        node.setAttribute("class", `node${layer === chosen.layer && k === chosen.neuron ? " chosen" : ""}`);
      }
    };
    tell("");
    return { node: html("section", { class: "part", "aria-labelledby": "network-title" }, html("h2", { id: "network-title" }, "Network"), picture, hint), show };
  })();

  // An SVG with axes: `at(x, y)` in its coordinates.
  const axes = ({ x: [x0, x1], y: [y0, y1], label, xName, yName, width = 480, height = 480, ticks = null }) => {
    const left = Math.max(width * 0.1, 48), right = width * 0.98, top = height * 0.02, bottom = height * 0.9;
    const place = (x, y) => [left + ((x - x0) / (x1 - x0 || 1)) * (right - left), bottom - ((y - y0) / (y1 - y0 || 1)) * (bottom - top)];
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    // Beside the vertical axis there is room for some six characters: the name of the axis has the power of ten.
    const exponent = Math.floor(Math.log10(Math.max(Math.abs(y0), Math.abs(y1)))), power = ticks || (exponent >= -3 && exponent < 4) ? 0 : exponent;
    // As many decimals as tell the numbers apart.
    const decimals = Math.min(Math.max(2 - Math.floor(Math.log10((y1 - y0) / 10 ** power)), 0), isNarrow ? 4 : 5);
    const yTicks = ticks ?? [0, 0.25, 0.5, 0.75, 1].map((share) => y0 + share * (y1 - y0)).map((y) => [y, format(Number((y / 10 ** power).toFixed(decimals)))]);
    for (const [value, text] of yTicks) {
      const [, y] = place(x0, value);
      picture.append(svg("line", { x1: left, x2: right, y1: y, y2: y, class: "grid" }), svg("text", { x: left - 4, y: Math.max(y + 4, 11), "text-anchor": "end" }, text));
    }
    for (const share of [0, 0.5, 1]) {
      const value = x0 + share * (x1 - x0);
      const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
      picture.append(svg("text", { x: place(value, y0)[0], y: bottom + 15, "text-anchor": anchor }, short(Number(value.toPrecision(3)))));
    }
    picture.append(
      svg("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "axis" }),
      svg("text", { x: (left + right) / 2 + width * 0.12, y: height - 6, "text-anchor": "middle", class: "quiet" }, cut(xName, 40)),
      svg("text", { x: right - 6, y: top + 15, "text-anchor": "end", class: "quiet" }, cut(yName, 40) + (power ? ` / 1e${power}`.replace("-", "−") : "")));
    const path = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${place(x, y).map((v) => v.toFixed(2)).join(" ")}`).join("");
    return { picture, place, path };
  };
  const range = (numbers) => {
    // What is larger is not drawn to scale, so that the width of every range is finite.
    const LARGEST = 1e300;
    const [low, high] = ends(numbers.filter((x) => Number.isFinite(x)).map((x) => Math.min(Math.max(x, -LARGEST), LARGEST)));
    if (low > high) return [-1, 1];
    const margin = (high - low) * 0.08 || Math.max(Math.abs(high) * 0.08, 1);
    return [low >= 0 && low < margin ? 0 : low - margin, high + margin];
  };
  const colour = (k) => `var(--class-${k % 8})`;
  const marker = (k, x, y, r) => {
    const shapes = [
      () => svg("circle", { cx: x, cy: y, r }),
      () => svg("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r }),
      () => svg("path", { d: `M${x} ${y - 1.2 * r}L${x + 1.1 * r} ${y + r}H${x - 1.1 * r}Z` }),
      () => svg("path", { d: `M${x} ${y - 1.3 * r}L${x + 1.3 * r} ${y}L${x} ${y + 1.3 * r}L${x - 1.3 * r} ${y}Z` }),
    ];
    // Where the colours begin again, the shapes are others.
    const shape = shapes[(k + Math.floor(k / 8)) % 4]();
    shape.style.fill = colour(k);
    shape.style.stroke = "var(--text)";
    return shape;
  };
  const legend = (entries) => html("ul", { class: "legend" }, ...entries.map(([sign, text]) => html("li", {}, sign, text)));
  const sign = (...children) => svg("svg", { viewBox: "0 0 22 16", "aria-hidden": "true" }, ...children);

  const picture = (() => {
    const section = (title, ...children) =>
      html("section", { class: "part", "aria-labelledby": "picture-title" }, html("h2", { id: "picture-title" }, title), ...children);
    const given = run.picture;
    if (given.kind === "regions") {
      const canvas = html("canvas", { width: given.cells, height: given.cells, "aria-hidden": "true" });
      const { picture, place } = axes({ x: given.x, y: given.y, label: "Classes", xName: nameOf(-1, given.axes[0]), yName: nameOf(-1, given.axes[1]) });
      for (const [x, y, k] of given.points) picture.append(marker(k, ...place(x, y), 4));
      const context = canvas.getContext("2d", { willReadFrequently: true });
      const show = () => {
        const counts = run.classes.map(() => 0);
        const style = getComputedStyle(root);
        const colours = run.classes.map((_, k) => style.getPropertyValue(`--class-${k % 8}`).trim());
        context.clearRect(0, 0, given.cells, given.cells);
        [...frame().picture].forEach((letter, k) => {
          const index = given.letters.indexOf(letter), kind = Math.floor(index / given.levels);
          if (index < 0) return;
          counts[kind] += 1;
          context.globalAlpha = 0.25 + (0.5 * (index % given.levels)) / Math.max(given.levels - 1, 1);
          context.fillStyle = colours[kind];
          context.fillRect(k % given.cells, Math.floor(k / given.cells), 1, 1);
        });
        const shares = counts.map((count, k) => `${run.classes[k]} ${Math.round((100 * count) / given.cells ** 2)} %`);
        picture.setAttribute("aria-label", `The class at each point, with the samples. Of the area: ${shares.join(", ")}`);
      };
      const entries = run.classes.map((name, k) => [sign(marker(k, 11, 8, 5)), name]);
      const note = given.is_slice ? html("p", { class: "quiet" }, "A slice: the other inputs are held at their means.") : null;
      return { node: section("Classes", html("div", { class: "plane" }, canvas, picture), legend(entries), note), show };
    }
    const outputs = layers[layers.length - 1].neurons;
    if (given.kind === "curve") {
      const all = [...given.points.flatMap((point) => point.slice(1)), ...frames.flatMap((frame) => frame.picture.flat())];
      const { picture, place, path } = axes({ x: range(given.x), y: range(all), label: "The outputs as functions of the input, with the samples", xName: nameOf(-1, 0), yName: "output" });
      const clip = svg("clipPath", { id: "curve-area" }, svg("rect", { x: 48, y: 10, width: 422, height: 422 }));
      for (const [x, ...targets] of given.points) targets.forEach((target, k) => picture.append(marker(k, ...place(x, target), 3)));
      const curves = Array.from({ length: outputs }, (_, k) => svg("path", { class: "line", style: `stroke:${colour(k)}`, "clip-path": "url(#curve-area)" }));
      picture.append(clip, ...curves);
      const show = () => curves.forEach((curve, k) =>
        curve.setAttribute("d", path(given.x.map((x, point) => [x, frame().picture[point][k]]).filter(([, y]) => Number.isFinite(y)))));
      const entries = curves.map((_, k) => [sign(svg("path", { d: "M0 8H22", class: "line", style: `stroke:${colour(k)}` })), nameOf(layers.length - 1, k)]);
      return { node: section("Fitted curve", html("div", { class: "plane" }, picture), legend([...entries, [sign(marker(0, 11, 8, 4)), "samples"]])), show };
    }
    const all = range([...given.points.flat(), ...frames.flatMap((frame) => frame.picture.flat())]);
    const { picture, place, path } = axes({ x: all, y: all, label: "Outputs against targets; on the diagonal both are the same", xName: "target", yName: "output" });
    picture.append(svg("path", { d: path([[all[0], all[0]], [all[1], all[1]]]), class: "axis", "stroke-dasharray": "4 4" }));
    const points = given.points.map((targets) => targets.map((_, k) => {
      const point = svg("g", {}, marker(k, 0, 0, 5));
      picture.append(point);
      return point;
    }));
    const list = html("ul", { class: "quiet" });
    const show = () => {
      given.points.forEach((targets, sample) => targets.forEach((target, k) => {
        const output = frame().picture[sample][k];
        points[sample][k].setAttribute("transform", `translate(${place(target, output ?? 0).join(" ")})`);
      }));
      if (given.points.length <= 3) {
        list.replaceChildren(...given.points.flatMap((targets, sample) => targets.map((target, k) =>
          html("li", {}, `${nameOf(layers.length - 1, k)}: target ${format(target)}, output ${format(frame().picture[sample][k])}`))));
      }
    };
    const entries = Array.from({ length: outputs }, (_, k) => [sign(marker(k, 11, 8, 5)), nameOf(layers.length - 1, k)]);
    return { node: section("Outputs and targets", html("div", { class: "plane" }, picture), legend(entries), list), show };
  })();

  const chart = (() => {
    const holder = html("div");
    let cursor = null, place = null, rangeOfLoss = null, drawn = -1;
    const draw = () => {
      drawn = frames.length;
      const first = frames[0].update, last = Math.max(frames[frames.length - 1].update, first + 1);
      const losses = frames.filter((frame) => Number.isFinite(frame.loss)).map((frame) => [frame.update, frame.loss]);
      const validation = run.epochs.filter((epoch) => Number.isFinite(epoch.validation) && epoch.updates >= first).map((epoch) => [epoch.updates, epoch.validation]);
      const all = [...losses, ...validation].map(([, y]) => y);
      const [low, high] = ends(all);
      const isLog = all.length > 0 && low > 0 && high / low > 20;
      const scale = (y) => (isLog ? Math.log10(y) : y);
      const y = range(all.map(scale));
      const decades = [];
      for (let k = Math.ceil(y[0]); isLog && k <= y[1]; k += Math.max(1, Math.ceil((y[1] - y[0]) / 6))) decades.push([k, `1e${k}`.replace("-", "−")]);
      const plot = axes({ x: [first, last], y, width: isNarrow ? 400 : 720, height: 260, label: "The loss over the updates", xName: "update", yName: isLog ? "loss (logarithmic)" : "loss",
        ticks: isLog && decades.length > 1 ? decades : isLog ? [y[0], (y[0] + y[1]) / 2, y[1]].map((v) => [v, short(Number((10 ** v).toPrecision(2)))]) : null });
      const line = (points, style) => svg("path", { class: "line", d: plot.path(points.map(([x, value]) => [x, scale(value)])), style });
      plot.picture.append(line(losses, "stroke:var(--positive)"), line(validation, "stroke:var(--negative);stroke-dasharray:6 4"));
      cursor = svg("line", { stroke: "var(--mark)", "stroke-width": 2 });
      plot.picture.append(cursor);
      [place, rangeOfLoss] = [plot.place, y];
      const entries = [[sign(svg("path", { d: "M0 8H22", class: "line", style: "stroke:var(--positive)" })), "loss of the batch, before the update"]];
      if (validation.length) entries.push([sign(svg("path", { d: "M0 8H22", class: "line", style: "stroke:var(--negative);stroke-dasharray:6 4" })), "loss of the validation samples"]);
      holder.replaceChildren(plot.picture, legend(entries));
    };
    const show = () => {
      if (drawn !== frames.length) draw();
      const [x, y1] = place(frame().update, rangeOfLoss[0]), [, y2] = place(frame().update, rangeOfLoss[1]);
      for (const [name, value] of Object.entries({ x1: x, x2: x, y1, y2 })) cursor.setAttribute(name, value);
    };
    return { node: html("section", { class: "part", "aria-labelledby": "loss-title" }, html("h2", { id: "loss-title" }, "Loss"), holder), show };
  })();

  const update = (() => {
    const select = (id, text, change) => {
      const node = html("select", { id, change: () => change(Number(node.value)) });
      return { node, label: html("label", { for: id }, text, node) };
    };
    const options = (node, texts, value) => {
      if (node.dataset.texts !== texts.join("\n")) {
        node.dataset.texts = texts.join("\n");
        node.replaceChildren(...texts.map((text, k) => html("option", { value: k }, text)));
      }
      node.value = value;
    };
    const sample = select("sample", "sample", (sample) => choose({ sample }));
    const neuron = select("neuron", "neuron", (k) => choose({ ...neurons[k], input: 0 }));
    const input = select("input", "parameter", (input) => choose({ input }));
    const neurons = layers.flatMap((layer, k) => Array.from({ length: layer.neurons }, (_, j) => ({ layer: k, neuron: j })));
    const steps = html("ol", { class: "steps", id: "steps" });
    const step = (text, ...formulas) => html("li", {}, text, ...formulas.map((formula) => html("span", { class: "formula" }, formula)));
    const product = (a, b) => `${factor(a)} · ${factor(b)}`;
    const several = (terms) => (terms.length > 6 ? [...terms.slice(0, 5), `… (${terms.length} terms)`] : terms).join(" + ");
    const explain = () => {
      const { layer, neuron, input } = chosen, { inputs, bias } = layers[layer];
      const { w, gradient, rate, batch } = frame(), { net, out, by_out, slope, delta } = pass();
      const weight = (k, n, i) => w[placeOf(k, n, i)];
      const name = nameOf(layer, neuron), place = placeOf(layer, neuron, input), isBias = input === inputs;
      const into = intoNeuron(layer), isLast = layer === layers.length - 1;
      const [a, y, byOut, d] = [net, out, by_out, delta].map((list) => list[layer][neuron]);
      const terms = into.map((x, k) => product(weight(layer, neuron, k), x));
      if (bias !== "none") terms.push(factor(weight(layer, neuron, inputs)));
      const list = [step(`Forwards: the net input and the output of ${name} (${layers[layer].activation}).`,
        `a = ${several(terms)} = ${format(a)}`, `f(a) = ${format(y)}`)];
      const f = slope[layer][neuron];
      if (f === undefined) {
        list.push(step(`The delta of ${name}: softmax passes the loss back from all outputs of the layer.`, `δ = ∂J/∂a = ${format(d)}`));
      } else {
        const next = isLast ? [] : delta[layer + 1].map((later, k) => product(later, weight(layer + 1, k, neuron)));
        list.push(step(isLast ? `The derivative of the sample's loss J by the output of ${name}.`
          : `The derivative of the sample's loss J by the output of ${name}: the deltas of the next layer, through its weights.`,
          isLast ? `∂J/∂f(a) = ${format(byOut)}` : `∂J/∂f(a) = Σ δ w = ${several(next)} = ${format(byOut)}`));
        list.push(step(`The delta of ${name}, by the chain rule.`, `δ = ∂J/∂f(a) · f′(a) = ${product(byOut, f)} = ${format(d)}`));
      }
      const own = !isBias ? product(d, into[input]) : bias === "shared" ? several(delta[layer].map(factor)) : "δ";
      const derivative = !isBias ? times(d, into[input]) : bias === "shared" ? sum(delta[layer]) : d;
      list.push(step(isBias ? "The derivative by the bias." : `The derivative by the weight: the delta times what comes in from ${nameOf(layer - 1, input)}.`,
        `∂J/∂w = ${own} = ${format(derivative)}`));
      if (gradient) {
        const after = (frame().after ?? frames[at + 1]?.w)?.[place];
        list.push(step(batch === 1 ? "The gradient that the optimiser gets." : `The gradient that the optimiser gets, from the batch of ${batch} samples: by default the mean over them.`,
          `g = ${format(gradient[place])}`));
        const plain = w[place] - rate * gradient[place];
        const isPlain = after !== undefined && Math.abs(after - plain) <= 1e-9 * Math.max(Math.abs(after), Math.abs(rate * gradient[place]), 1e-12);
        if (isPlain) list.push(step("The new value: a step of the learning rate against the gradient.",
          `w = ${format(w[place])} − ${factor(rate)} · ${factor(gradient[place])} = ${format(after)}`));
        else if (after !== undefined) list.push(step(`The new value, by the optimiser's own rule. (w − rate · g would be ${format(plain)}.)`,
          `w = ${format(w[place])} → ${format(after)}`));
      } else list.push(step("The parameter after the last update.", `w = ${format(w[place])}`));
      steps.replaceChildren(...list);
    };
    const show = () => {
      const { inputs, bias } = layers[chosen.layer];
      options(sample.node, run.samples.map(({ sample }) => `${sample}`), chosen.sample);
      options(neuron.node, neurons.map(({ layer, neuron }) => nameOf(layer, neuron)), neurons.findIndex((n) => n.layer === chosen.layer && n.neuron === chosen.neuron));
      const texts = Array.from({ length: inputs }, (_, k) => `weight from ${nameOf(chosen.layer - 1, k)}`);
      if (bias !== "none") texts.push(bias === "own" ? "bias" : "bias of the layer");
      options(input.node, texts, chosen.input);
      explain();
    };
    return { node: html("section", { class: "part", "aria-labelledby": "update-title" }, html("h2", { id: "update-title" }, "The update of one parameter"),
      html("div", { class: "choose" }, sample.label, neuron.label, input.label), steps), show };
  })();

  const parts = [network, picture, chart, update];
  const fields = {};
  const field = (id, text) => {
    fields[id] = html("dd", { id });
    return html("div", {}, html("dt", {}, text), fields[id]);
  };
  const show = () => {
    const { update, epoch, rate, loss } = frame();
    const done = run.epochs.filter((epoch) => epoch.updates <= update).pop();
    fields.update.textContent = update;
    fields.epoch.textContent = epoch;
    fields.rate.textContent = rate === null ? "–" : format(rate, 4);
    fields.loss.textContent = loss === null && frame().gradient === null ? "–" : format(loss);
    fields["sample-loss"].textContent = format(pass().loss);
    if (fields.validation) fields.validation.textContent = done?.validation != null ? format(done.validation) : "–";
    if (fields.metric) fields.metric.textContent = done?.metric != null ? format(done.metric, 4) : "–";
    slider.max = frames.length - 1;
    slider.value = at;
    slider.setAttribute("aria-valuetext", `update ${update}, loss ${fields.loss.textContent}`);
    parts.forEach((part) => part.show());
  };
  const choose = (choice) => {
    Object.assign(chosen, choice);
    show();
  };
  const go = (to) => {
    at = Math.min(Math.max(to, 0), frames.length - 1);
    show();
  };

  let timer = null;
  const speed = html("select", { id: "speed", "aria-label": "Frames per second" }, ...[2, 5, 10, 30].map((rate) => html("option", { value: rate }, `${rate} a second`)));
  speed.value = 10;
  const stop = () => {
    clearTimeout(timer);
    timer = null;
    play.textContent = "Play";
  };
  const tick = () => {
    if (at >= frames.length - 1) return stop();
    go(at + 1);
    timer = setTimeout(tick, 1000 / Number(speed.value));
  };
  const toggle = () => {
    if (timer !== null) return stop();
    if (at >= frames.length - 1) go(0);
    play.textContent = "Pause";
    timer = setTimeout(tick, 1000 / Number(speed.value));
  };
  const button = (id, path, label, click) =>
    html("button", { id, type: "button", "aria-label": label, title: label, click }, svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: path, fill: "currentColor" })));
  const play = html("button", { id: "play", type: "button", click: toggle }, "Play");
  const slider = html("input", { id: "slider", type: "range", min: 0, step: 1, "aria-label": "Update", input: () => { stop(); go(Number(slider.value)); } });
  const controls = html("section", { class: "controls", "aria-label": "Playback" },
    button("first", "M2 2H4V14H2ZM14 2V14L5 8Z", "To the first update", () => { stop(); go(0); }), button("back", "M12 2V14L3 8Z", "One step back", () => { stop(); go(at - 1); }), play,
    button("forward", "M4 2V14L13 8Z", "One step forward", () => { stop(); go(at + 1); }), button("last", "M2 2V14L11 8ZM12 2H14V14H12Z", "To the end", () => { stop(); go(frames.length - 1); }),
    slider, speed);
  const listening = new AbortController(), { signal } = listening;
  document.addEventListener("keydown", (event) => {
    if (!controls.isConnected || event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(event.target.tagName)) return;
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: frames.length - 1 };
    if (event.key === " ") toggle();
    else if (event.key in moves) { stop(); go(moves[event.key]); }
    else return;
    event.preventDefault();
  }, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (frames.length) show(); }, { signal });

  const activations = layers.map((layer) => layer.activation).join(", ");
  const now = html("dl", { class: "now" }, field("update", "update"), field("epoch", "epoch"), field("rate", "learning rate"), field("loss", "loss of the batch"),
    field("sample-loss", "loss of the sample"),
    run.epochs.some((epoch) => epoch.validation !== null) ? field("validation", "validation") : null,
    run.epochs.some((epoch) => epoch.metric !== null) ? field("metric", "metric") : null);
  const keys = html("p", { class: "quiet" }, "Keys: space plays and stops, ← and → go by one step, Home and End to the first and last. "
    + "Of a long run not every update is kept: all of the first ones, then fewer.");
  root.replaceChildren(html("header", {}, html("h1", {}, run.title), html("p", { class: "quiet" }, `${widths.join("-")} network (${activations}), loss: ${run.loss}`)));
  const empty = html("p", {}, "No update was recorded.");
  const start = () => {
    empty.remove();
    root.append(controls, now, html("div", { class: "parts" }, html("div", {}, network.node, chart.node), html("div", {}, picture.node, update.node)), keys);
    show();
  };
  if (frames.length) start();
  else root.append(empty);
  // Of many frames, every second of the earlier ones goes.
  const MOST_LIVE = 600;
  const thin = () => {
    const shown = frame();
    frames.splice(0, frames.length, ...frames.filter((_, k) => k % 2 === 0 || k > frames.length - 100));
    at = Math.max(frames.indexOf(shown), 0);
  };
  // Adds the next frame of a run that goes on, and shows it if the last one was shown.
  const append = (next) => {
    const isFirst = frames.length === 0, isAtEnd = at >= frames.length - 1;
    frames.push(next);
    if (frames.length > MOST_LIVE) thin();
    if (isFirst) return start();
    if (isAtEnd) at = frames.length - 1;
    show();
  };
  const close = () => {
    stop();
    listening.abort();
  };
  return { append, close, frames, run };
}
