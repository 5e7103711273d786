"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const strip = document.getElementById("strip");
  const card = document.getElementById("card");
  const measure = document.getElementById("measure");
  const spans = [...strip.children];
  // JSON has no infinity: it comes as a word.
  const real = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);
  for (const each of Object.values(data.measures)) each.values = each.values.map(real);
  const expected = data.expected; // of a text run only
  if (expected) expected.topLogprobs = expected.topLogprobs.map((row) => row.map(real));
  const number = (stored, of) => {
    if (stored === null) return "–";
    const shown = Number.isFinite(stored) ? (stored * of.factor).toFixed(of.decimals) : stored > 0 ? "∞" : "−∞";
    return `${shown.replace("-", "−")} ${of.unit}`.trim();
  };
  const element = (name, text, className) => {
    const made = document.createElement(name);
    made.textContent = text ?? "";
    if (className) made.className = className;
    return made;
  };
  const row = (...cells) => {
    const made = document.createElement("tr");
    made.append(...cells.map((cell) => (cell instanceof Node ? cell : element("td", cell))));
    return made;
  };
  const quoted = (text) => "“" + text.replace(/\n/g, "↵") + "”";

  function paint() {
    const of = data.measures[measure.value];
    const [low, high] = of.ends.map((end) => Number((end * of.factor).toPrecision(3)));
    document.getElementById("legend").textContent = `${low} to ${high} ${of.unit}`.trim() + ", from no colour to the strongest";
    spans.forEach((span, index) => {
      const special = span.classList.contains("special");
      const shade = of.shades[index] < 0 ? "" : of.prefix + of.shades[index];
      span.className = ["token", shade, special ? "special" : ""].join(" ").trim();
    });
  }

  function explain(index) {
    spans.forEach((span) => span.classList.remove("on"));
    if (index === null) { card.hidden = true; return; }
    spans[index].classList.add("on");
    const facts = document.createElement("table");
    facts.append(row("token " + index, "id " + data.ids[index]));
    for (const [name, of] of Object.entries(data.measures)) facts.append(row(name, number(of.values[index], of)));
    const bars = document.createElement("table");
    if (expected) expected.topIds[index].forEach((id, place) => bars.append(...top(index, id, place)));
    card.replaceChildren(element("strong", quoted(data.tokens[index])), facts, bars);
    card.hidden = false;
    const box = spans[index].getBoundingClientRect();
    const below = box.bottom + 8 + card.offsetHeight < innerHeight;
    card.style.top = Math.max(4, below ? box.bottom + 8 : box.top - card.offsetHeight - 8) + "px";
    card.style.left = Math.max(4, Math.min(box.left, innerWidth - card.offsetWidth - 8)) + "px";
  }

  function top(index, id, place) {
    if (id < 0) return [];
    const share = Math.exp(expected.topLogprobs[index][place]);
    const bar = element("span", "", "bar");
    bar.style.width = 6 * share + "rem";
    const cell = document.createElement("td");
    cell.append(bar);
    const made = row(quoted(expected.vocabulary[id]), cell, (100 * share).toFixed(1) + " %");
    if (id === data.ids[index]) made.className = "real";
    return [made];
  }

  const current = () => spans.findIndex((span) => span.classList.contains("on"));
  strip.addEventListener("mouseover", (event) => {
    const index = spans.indexOf(event.target);
    if (index >= 0) explain(index);
  });
  strip.addEventListener("mouseleave", () => explain(null));
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") explain(null);
    if (!step) return;
    event.preventDefault();
    const next = Math.min(Math.max(current() + step, 0), spans.length - 1);
    explain(next);
    spans[next].scrollIntoView({ block: "nearest" });
  });
  measure.addEventListener("change", paint);
  paint();
})();
