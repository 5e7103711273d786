// Colours and their legend. One class per palette entry: another metric only changes class names.

const paletteRules = (table) => {
  const rules = [];
  for (let i = 0; i < 256; i++) {
    const [red, green, blue, black] = table.subarray(4 * i, 4 * i + 4);
    rules.push(`.c${i}{--fill:rgb(${red},${green},${blue});color:${black ? "#000" : "#fff"}}`);
  }
  return rules.join("");
};

function colourAt(table, i) {
  const [red, green, blue] = table.subarray(4 * i, 4 * i + 3);
  return `rgb(${red},${green},${blue})`;
}

// The second cue, for eyes that do not tell the colours apart: thicker underline, larger value.
function quarter(index, metric) {
  if (metric.scale !== "diverging") return index >> 6;
  return Math.min(3, Math.floor(Math.abs(index - 127.5) / 32));
}

function gradient(table, metric) {
  if (metric.scale === "rank") {
    const stops = [0, 85, 170, 255].map((entry, i) => {
      const colour = colourAt(table, entry);
      return `${colour} ${25 * i}%, ${colour} ${25 * (i + 1)}%`;
    });
    return `linear-gradient(to right, ${stops.join(",")})`;
  }
  const stops = Array.from({ length: 33 }, (_, i) => colourAt(table, Math.min(255, i * 8)));
  return `linear-gradient(to right, ${stops.join(",")})`;
}

function ticks(metric) {
  if (metric.scale === "rank") return ["1–10", "11–100", "101–1,000", "over 1,000"];
  const { low, high, below, above } = metric;
  const ends = [(below ? "≤ " : "") + tick(low, metric), (above ? "≥ " : "") + tick(high, metric)];
  const percentSign = metric.unit === "%" ? "%" : "";
  return [ends[0], tick((low + high) / 2, metric), ends[1]].map((text) => text + percentSign);
}

class Legend {
  constructor(openKeys) {
    this.node = element("div", "legend");
    this.title = element("div", "title");
    this.scale = element("div", "scale");
    this.note = element("div", "note");
    const help = element("button", "help", "?");
    help.type = "button";
    help.setAttribute("aria-label", "Keys");
    help.addEventListener("click", openKeys);
    this.node.append(this.title, this.scale, this.note, help);
  }

  draw(metric, table, more, { mayMiss = true, about } = {}) {
    this.title.replaceChildren(element("b", "", metric.label));
    const unit = metric.unit === "%" ? "percent" : metric.unit;
    if (unit) this.title.append(element("span", "unit", unit));
    this.title.title = metric.help;

    const bar = element("div", "bar");
    bar.style.background = gradient(table, metric);
    const cues = element("div", "cues");
    const thickness = metric.scale === "diverging" ? [3, 2, 1, 0, 0, 1, 2, 3] : [0, 1, 2, 3];
    cues.append(...thickness.map((t) => element("i", `q${t}`)));
    const labels = element("div", metric.scale === "rank" ? "ticks classes" : "ticks");
    labels.append(...ticks(metric).map((text) => element("span", "", text)));
    const none = element("span", "unpredicted");
    none.append(element("i", "none none-swatch", "–"), metric.missing);
    this.scale.replaceChildren(bar, cues, labels);

    const from = metric.scale === "diverging" ? "0" : "the low end";
    const note = [
      `Colour on ${about ?? `a token describes ${metric.subject}`};`,
      `a thicker underline means a value further from ${from}.`,
      ...more,
    ];
    this.note.replaceChildren(...(mayMiss ? [none] : []), element("span", "", note.join(" ")));
  }
}
