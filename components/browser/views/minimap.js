// The whole text in a narrow picture beside it: its shades, the part in view, the pin.

import { behindText } from "../colour.js";
import { element, mark } from "../dom.js";
import { clamp } from "../numbers.js";

const WIDTH = 40;
const CELL = 2;

// First and last token in view.
function visibleTokens({ scroller, written: text }) {
  const view = scroller.getBoundingClientRect();
  const chunks = text.chunks.map((chunk) => chunk.getBoundingClientRect());
  const edge = (y) => {
    const c = chunks.findIndex((box) => box.bottom > y);
    if (c < 0) return text.length - 1;
    let [low, high] = [text.starts[c], text.end(c) - 1];
    if (!text.built[c]) return Math.floor(low + Math.max(0, (y - chunks[c].top) / chunks[c].height) * (high - low));
    while (low < high) {
      const middle = (low + high) >> 1;
      if (text.nodes[middle].getBoundingClientRect().bottom > y) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return [edge(view.top), edge(view.bottom - 4)];
}

export class Minimap {
  constructor(strip) {
    this.strip = strip;
    this.node = mark(element("div", "minimap"), { "aria-hidden": true });
    [this.canvas, this.window, this.pin] = [element("canvas"), element("div", "minimap-window"), element("div", "minimap-pin")];
    this.node.append(this.canvas, this.window, this.pin);
    this.node.addEventListener("pointerdown", (event) => {
      this.node.setPointerCapture(event.pointerId);
      this.#jump(event);
    });
    this.node.addEventListener("pointermove", (event) => event.buttons & 1 && this.#jump(event));
  }

  #jump({ clientY }) {
    const box = this.node.getBoundingClientRect();
    const { length } = this.strip.written;
    this.strip.scrollTo(clamp(Math.floor(((clientY - box.top) / box.height) * length), 0, length - 1), true);
  }

  // Each cell shows the strongest shade among its tokens, so that a lone peak is not lost.
  draw() {
    const { shares, quantity, state } = this.strip;
    const [columns, rows] = [WIDTH / CELL, Math.floor(this.node.clientHeight / CELL)];
    if (rows <= 1) return;
    const ramp = behindText(quantity, state.theme).map((colour) => parseInt(colour.slice(1), 16));
    const centre = quantity.scale === "diverging" ? 0.5 : -1;
    const picture = new ImageData(columns, rows);
    const first = (cell) => Math.floor((cell * shares.length) / (columns * rows));
    for (let cell = 0; cell < columns * rows; cell++) {
      const [from, to] = [first(cell), Math.max(first(cell) + 1, first(cell + 1))];
      let strongest;
      for (let i = from; i < to; i++) {
        if (!(Math.abs(shares[i] - centre) <= Math.abs(strongest - centre) || Number.isNaN(shares[i]))) strongest = shares[i];
      }
      if (strongest === undefined) continue;
      const colour = ramp[Math.round(255 * strongest)];
      picture.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], 4 * cell);
    }
    Object.assign(this.canvas, { width: columns, height: rows });
    this.canvas.getContext("2d").putImageData(picture, 0, 0);
    this.place();
    this.placePin();
  }

  place() {
    const { stage, node, written } = this.strip;
    if (!node.classList.contains("scrolls")) return;
    const [first, last] = visibleTokens(this.strip);
    const percent = (tokens) => `${(100 * tokens) / written.length}%`;
    Object.assign(this.window.style, { top: percent(first), height: percent(last - first + 1) });
    stage.set({ view: [first, last] });
  }

  placePin() {
    this.pin.style.top = `${(100 * (this.strip.token + 0.5)) / this.strip.written.length}%`;
  }
}
