// Light up the tokens that one token looks at, as strongly as it does.

const FAINTEST = 8; // of 255, a square root: a weight below a thousandth
const BLACK_FROM = 0.66; // above this strength, orange carries black text better than white

function showLinks(strip, token) {
  for (const node of strip.lit ?? []) {
    node.classList.remove("lit", "strong", "asking");
    node.style.removeProperty("--weight");
  }
  strip.lit = [];
  const row = strip.links && token !== null ? strip.links.row_of[token] : -1;
  strip.scroller.classList.toggle("linking", row >= 0);
  if (row < 0) return;
  const { length } = strip.text;
  for (let i = 0; i < length; i++) {
    const shade = strip.links.shades[row * length + i];
    if (shade < FAINTEST) continue;
    const node = strip.nodeOf(i);
    const weight = shade / 255;
    node.classList.add("lit");
    node.classList.toggle("strong", weight > BLACK_FROM);
    node.style.setProperty("--weight", weight.toFixed(3));
    strip.lit.push(node);
  }
  const asking = strip.nodeOf(token);
  asking.classList.add("asking");
  strip.lit.push(asking);
}
