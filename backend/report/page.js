"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const strip = document.getElementById("strip");
  const card = document.getElementById("card");
  const measure = document.getElementById("measure");
  const spans = [...strip.children];
  // JSON has no infinity: it comes as a word.
  const real = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);
  for (const name in data.measures) data.measures[name] = data.measures[name].map(real);
  const predicted = data.predicted; // of a text run only
  if (predicted) predicted.topLogprobs = predicted.topLogprobs.map((row) => row.map(real));
  const number = (nats) => {
    if (nats === null) return "–";
    return (nats === Infinity ? "∞" : (nats * data.scale).toFixed(4)) + " " + data.unit;
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
    const values = data.measures[measure.value], high = data.high[measure.value], last = data.shades - 1;
    document.getElementById("legend").textContent =
      `0 to ${Number((high * data.scale).toPrecision(3))} ${data.unit}, dark to bright`;
    spans.forEach((span, index) => {
      const special = span.classList.contains("special");
      const value = values[index];
      const shade = value === null ? "" : "k" + Math.round(Math.min(Math.max(value / high, 0), 1) * last);
      span.className = ["token", shade, special ? "special" : ""].join(" ").trim();
    });
  }

  function explain(index) {
    spans.forEach((span) => span.classList.remove("on"));
    if (index === null) { card.hidden = true; return; }
    spans[index].classList.add("on");
    const facts = document.createElement("table");
    facts.append(row("token " + index, "id " + data.ids[index]));
    for (const name in data.measures) facts.append(row(name, number(data.measures[name][index])));
    const bars = document.createElement("table");
    if (predicted) {
      const surprisal = data.measures.surprisal[index], rank = predicted.rank[index];
      const share = surprisal === null ? "–" : (100 * Math.exp(-surprisal)).toFixed(3) + " %";
      facts.append(row("probability", share), row("rank", rank === null ? "–" : String(rank)));
      predicted.topIds[index].forEach((id, place) => bars.append(...top(index, id, place)));
    }
    card.replaceChildren(element("strong", quoted(data.tokens[index])), facts, bars);
    card.hidden = false;
    const box = spans[index].getBoundingClientRect();
    const below = box.bottom + 8 + card.offsetHeight < innerHeight;
    card.style.top = Math.max(4, below ? box.bottom + 8 : box.top - card.offsetHeight - 8) + "px";
    card.style.left = Math.max(4, Math.min(box.left, innerWidth - card.offsetWidth - 8)) + "px";
  }

  function top(index, id, place) {
    if (id < 0) return [];
    const share = Math.exp(predicted.topLogprobs[index][place]);
    const bar = element("span", "", "bar");
    bar.style.width = 6 * share + "rem";
    const cell = document.createElement("td");
    cell.append(bar);
    const made = row(quoted(predicted.vocabulary[id]), cell, (100 * share).toFixed(1) + " %");
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
