// Losses of networks by size, to be dragged or left out, with the law through them fitted at once.

import { button, element, mark, onKeys } from "../dom.js";
import { factor, tickText, ticks, unitIn, withUnit } from "../numbers.js";
import { fitPowerLaw } from "./power_law.js";
import { View } from "./view.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [56, 16, 12, 40]; // pixels around the plot
const STEP = 0.01; // nats that a key moves a point
const SPACE = "http://www.w3.org/2000/svg";

export default class LadderFit extends View {
  constructor(stage, panel) {
    super(stage, panel, "ladder-fit", ["unit", "theme"]);
    this.picture = document.createElementNS(SPACE, "svg");
    this.words = mark(element("p", "ladder-fit-words"), { role: "status" });
    this.back = button("Reset", () => this.#begin(), "quiet");
    const head = element("div", "ladder-fit-head");
    head.append(this.words, this.back);
    this.node.append(head, this.picture);
    this.watch(this.node, () => this.#draw());
  }

  partial({ content }) {
    return this.show({ ...this.run, content });
  }

  draw() {
    if (this.begun !== this.part) this.#begin();
    else this.#draw();
  }

  #begin() {
    this.begun = this.part;
    const { sizes, best } = this.part;
    this.points = Array.from(sizes, (size, i) => ({ size, loss: best[i], first: best[i], out: !Number.isFinite(best[i]) }));
    this.#draw();
  }

  get quantity() {
    return this.part.numbers[0];
  }

  #draw() {
    const { points, picture, quantity, state } = this;
    const { clientWidth: width, clientHeight: all } = this.node;
    const height = all - 40;
    if (width < 120 || height < 100) return;
    const used = points.filter((each) => !each.out);
    const law = used.length > 2 ? fitPowerLaw(used) : null;
    const sizes = points.map((each) => each.size);
    const [low, high] = [Math.log(Math.min(...sizes) / 2), Math.log(Math.max(...sizes) * 4)];
    const top = Math.max(...points.filter((each) => !Number.isNaN(each.loss)).map((each) => Math.max(each.loss, each.first)), this.part.true_floor) * 1.08;
    const x = (size) => LEFT + ((Math.log(size) - low) / (high - low)) * (width - LEFT - RIGHT);
    this.y = (loss) => TOP + (1 - loss / top) * (height - TOP - BOTTOM);
    this.loss = (y) => (1 - (y - TOP) / (height - TOP - BOTTOM)) * top;
    mark(picture, { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": this.panel.title });
    const parts = [pattern()];
    const times = factor(quantity, state.unit);
    for (const tick of ticks({ scale: "linear" }, [0, top * times], 6)) {
      const at = this.y(tick / times);
      parts.push(line(LEFT, at, width - RIGHT, at, "grid"), words(LEFT - 8, at + 4, tickText(tick), "end"));
    }
    for (let size = 10; size < Math.exp(high); size *= 10) {
      if (Math.log(size) > low) parts.push(words(x(size), height - 22, size.toLocaleString("en"), "middle"));
    }
    parts.push(words((LEFT + width) / 2, height - 4, "parameters", "middle"), words(LEFT, TOP - 1, unitIn(quantity, state.unit), "end"));
    if (law) parts.push(...this.#law(law, x, [low, high], width));
    const floor = this.y(this.part.true_floor);
    parts.push(line(LEFT, floor, width - RIGHT, floor, "true"), words(LEFT + 6, floor + 15, "true floor", "start"));
    parts.push(...points.filter((each) => !Number.isNaN(each.loss)).map((each) => this.#point(each, x)));
    const had = picture.querySelector("circle:focus")?.dataset.size;
    picture.replaceChildren(...parts);
    if (had) picture.querySelector(`circle[data-size="${had}"]`)?.focus();
    this.#tell(law);
  }

  // Below the fitted floor hatched: irreducible; between it and the curve shaded: reducible.
  #law(law, x, [low, high], width) {
    const sizes = Array.from({ length: 60 }, (_, i) => Math.exp(low + ((high - low) * i) / 59));
    const curve = sizes.map((size) => `${x(size)},${Math.max(0, this.y(law.floor + (law.scale / size) ** law.exponent))}`).join(" ");
    const [floor, zero] = [this.y(law.floor), this.y(0)];
    const area = shape("polygon", { points: `${curve} ${width - RIGHT},${floor} ${LEFT},${floor}`, class: "reducible" });
    const rest = shape("rect", { x: LEFT, y: floor, width: width - LEFT - RIGHT, height: Math.max(0, zero - floor), class: "irreducible" });
    return [rest, area, shape("polyline", { points: curve, class: "curve" }), line(LEFT, floor, width - RIGHT, floor, "fitted"), words(LEFT + 6, floor - 6, "fitted floor", "start")];
  }

  #point(each, x) {
    const dot = shape("circle", {
      cx: x(each.size), cy: this.y(each.loss), r: 7, class: each.out ? "out" : "", tabindex: 0, role: "slider", "data-size": each.size,
      "aria-label": `${each.size.toLocaleString("en")} parameters${each.out ? ", left out" : ""}`,
      "aria-valuenow": each.loss.toFixed(3), "aria-valuemin": 0, "aria-valuemax": 10,
    });
    dot.addEventListener("pointerdown", (event) => this.#drag(event, each));
    onKeys(dot, ({ key }) => {
      const move = { ArrowUp: STEP, ArrowDown: -STEP }[key];
      if (move) each.loss = Math.max(STEP, each.loss + move);
      else if (key === "Enter" || key === " " || key === "Delete") each.out = !each.out;
      else return false;
      this.#draw();
      return true;
    });
    return dot;
  }

  // A press without a move leaves the point out, or takes it in again.
  #drag(event, each) {
    event.preventDefault();
    const start = event.clientY;
    let moved = false;
    const move = ({ clientY }) => {
      moved ||= Math.abs(clientY - start) > 3;
      if (!moved) return;
      each.loss = Math.max(STEP, this.loss(clientY - this.picture.getBoundingClientRect().top));
      this.#draw();
    };
    const end = () => {
      window.removeEventListener("pointermove", move);
      if (!moved) each.out = !each.out;
      this.#draw();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end, { once: true });
  }

  #tell(law) {
    const { quantity, state, part, points } = this;
    const shown = (value) => withUnit(value, quantity, state.unit);
    const changed = points.some((each) => each.loss !== each.first || each.out !== Number.isNaN(each.first));
    this.back.disabled = !changed;
    if (!law) return void (this.words.textContent = "A fit takes three points or more.");
    this.words.textContent = `Floor ${shown(law.floor)}, true ${shown(part.true_floor)} · exponent ${law.exponent.toFixed(3)} · off by ${(100 * law.error).toFixed(1)} %`;
  }
}

function shape(tag, attributes) {
  return mark(document.createElementNS(SPACE, tag), attributes);
}

function line(x1, y1, x2, y2, name) {
  return shape("line", { x1, y1, x2, y2, class: name });
}

function words(x, y, text, anchor) {
  const node = shape("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

function pattern() {
  const defs = shape("defs", {});
  const own = shape("pattern", { id: "ladder-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  own.append(line(0, 0, 0, 6, "hatch"));
  defs.append(own);
  return defs;
}
