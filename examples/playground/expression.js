"use strict";
// The expression half of the playground.
(() => {
  const root = document.getElementById("expression");
  const text = (x) => (x === null ? "" : String(x).replace(/^-/, "−"));
  // Of a check, so many digits that the verdict is in sight.
  const brief = (x, digits) => (typeof x === "number" ? Number(x.toPrecision(digits)) : x);
  const table = (caption, heads, rows) => element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows.map(([first, ...cells]) => element("tr", {}, element("th", { scope: "row" }, text(first)), ...cells.map((cell) => element("td", {}, text(cell))))))));

  const input = element("textarea", { id: "expression-text", rows: 2, spellcheck: "false", autocapitalize: "off", "aria-describedby": "expression-problem expression-help" });
  input.value = "tanh(x * y + sin(x))";
  const problem = element("span", { class: "problem", id: "expression-problem", role: "alert" });
  const values = element("div", { class: "values" });
  const results = element("div", { class: "results", id: "expression-results" });
  const form = element("form", { id: "expression-form", submit: (event) => { event.preventDefault(); ask(); } },
    element("div", { class: "field wide" }, element("label", { for: "expression-text" }, "Expression"), input, problem,
      element("span", { id: "expression-help", class: "quiet" }, "Numbers, names, pi and e, + − * / ^, x², parentheses, and the functions of the table, such as sin, ln, max, sigmoid, log_sum_exp.")),
    values, element("div", { class: "buttons" }, element("button", { type: "submit", id: "expression-ask" }, "Differentiate")));
  root.append(form, results);

  const given = { x: 0.5, y: 2 };
  const showValues = (names, numbers) => {
    if (names.join() === [...values.querySelectorAll("input")].map((field) => field.name).join()) return;
    values.replaceChildren(...names.map((name, k) => {
      const field = element("input", { type: "number", step: "any", name, id: `value-${k}`, value: numbers[k], change: () => { given[name] = Number(field.value); ask(); } });
      return element("div", { class: "field" }, element("label", { for: `value-${k}` }, name), field);
    }));
  };
  const tell = ({ field, message, at }) => {
    const where = at === null || at === undefined ? "" : `${input.value.replace(/\s/g, " ")}\n${" ".repeat(at)}^ `;
    problem.textContent = field && field !== "expression" ? `${field}: ${message}` : `${where}${message}`;
    input.setAttribute("aria-invalid", "true");
    results.replaceChildren();
  };
  const show = (answer) => {
    problem.textContent = "";
    input.removeAttribute("aria-invalid");
    showValues(answer.variables, answer.values);
    const { variables, gradient, forward, hessian } = answer;
    results.replaceChildren(
      element("section", { class: "part wide" }, element("p", { id: "expression-value" }, `value ${text(answer.value)}`),
        element("img", { alt: "The graph of the expression: every operation with its value and adjoint, partials on the arrows", src: `data:image/svg+xml;utf8,${encodeURIComponent(answer.graph)}` })),
      element("section", { class: "part" }, table("The tape: every value and adjoint", ["#", "node", "value", "adjoint"], answer.nodes)),
      element("section", { class: "part" },
        table("The gradient, backwards and forwards", ["variable", "reverse mode", "forward mode"], variables.map((name, k) => [name, gradient[k], forward[k]])),
        table("The check against differences", ["derivative", "analytic", "numeric", "± error", "verdict"],
          answer.check.map(([name, analytic, numeric, error, verdict]) => [name, brief(analytic, 8), brief(numeric, 8), brief(error, 1), verdict])),
        table("The Hessian", ["by", ...variables], variables.map((name, k) => [name, ...hessian[k]]))));
  };
  // Only the answer to the last question is shown.
  let asked = 0;
  const ask = async () => {
    const own = ++asked;
    try {
      const response = await fetch("/expression", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ expression: input.value, values: given }) });
      const answer = await response.json();
      if (own !== asked) return;
      if (answer.error) tell(answer.error);
      else show(answer);
    } catch {
      if (own === asked) tell({ field: "", message: "The playground does not answer." });
    }
    root.dataset.answered = own;
  };
  ask();
})();
