// The whole text in a narrow picture beside it: colours of the metric, the part in view, the pin.

const MAP_WIDTH = 40;
const CELL = 2;

// First and last token in view.
function visibleTokens({ scroller, text }) {
  const view = scroller.getBoundingClientRect();
  const chunks = text.chunks.map((chunk) => chunk.getBoundingClientRect());
  const edge = (y) => {
    const c = chunks.findIndex((box) => box.bottom > y);
    if (c < 0) return text.length - 1;
    let low = text.starts[c];
    let high = text.end(c) - 1;
    if (!text.built[c]) {
      const share = Math.max(0, (y - chunks[c].top) / chunks[c].height);
      return Math.floor(low + share * (high - low));
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (text.nodes[middle].getBoundingClientRect().bottom > y) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return [edge(view.top), edge(view.bottom - 4)];
}

class Minimap {
  constructor(strip) {
    this.strip = strip;
    this.node = element("div", "map");
    this.node.setAttribute("aria-hidden", "true");
    this.canvas = element("canvas");
    this.window = element("div", "window");
    this.pin = element("div", "tick");
    this.node.append(this.canvas, this.window, this.pin);
    this.node.addEventListener("pointerdown", (event) => {
      this.node.setPointerCapture(event.pointerId);
      this.jump(event);
    });
    this.node.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) this.jump(event);
    });
  }

  jump(event) {
    const box = this.node.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    const { length } = this.strip.text;
    this.strip.scrollTo(Math.min(length - 1, Math.floor(share * length)), "centre");
  }

  // Each cell shows the strongest colour among its tokens, so that a lone peak is not lost.
  draw() {
    const { text, numbers, metricIndex, metric } = this.strip;
    const columns = MAP_WIDTH / CELL;
    const rows = Math.max(1, Math.floor(this.node.clientHeight / CELL));
    if (rows <= 1) return;
    const cells = columns * rows;
    const table = numbers[`palette:${metric.palette}`];
    const shades = numbers.colours.subarray(metricIndex * text.length, (metricIndex + 1) * text.length);
    const values = numbers.values.subarray(metricIndex * text.length, (metricIndex + 1) * text.length);
    const centre = metric.scale === "diverging" ? 127.5 : 0;
    const picture = new ImageData(columns, rows);
    for (let cell = 0; cell < cells; cell++) {
      const from = Math.floor((cell * text.length) / cells);
      const to = Math.max(from + 1, Math.floor(((cell + 1) * text.length) / cells));
      let strongest = -1;
      for (let i = from; i < to; i++) {
        if (Number.isNaN(values[i])) continue;
        if (strongest < 0 || Math.abs(shades[i] - centre) > Math.abs(strongest - centre)) strongest = shades[i];
      }
      if (strongest < 0) continue;
      picture.data.set(table.subarray(4 * strongest, 4 * strongest + 3), 4 * cell);
      picture.data[4 * cell + 3] = 255;
    }
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.canvas.getContext("2d").putImageData(picture, 0, 0);
    this.place();
  }

  place() {
    const { text, pinned } = this.strip;
    const [first, last] = visibleTokens(this.strip);
    this.window.style.top = `${(100 * first) / text.length}%`;
    this.window.style.height = `${(100 * (last - first + 1)) / text.length}%`;
    this.pin.hidden = pinned === null;
    if (pinned !== null) this.pin.style.top = `${(100 * (pinned + 0.5)) / text.length}%`;
  }
}
