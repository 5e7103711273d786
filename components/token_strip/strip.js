// The strip: puts the parts together, and keeps what the reader sees in step with what Python asks.

const REPORT_DELAY = 180; // milliseconds; held-down arrow keys send their last place only
const memory = new Map(); // key of the strip → { pinned, revision }, kept while other pages show

function legendNotes(links) {
  const looks = `Point at a token: the tokens it looks at light up (square root of the ${links?.label}).`;
  return links ? [looks] : [];
}

class Strip {
  constructor(mount) {
    this.root = element("div", "widget strip");
    this.scroller = element("div", "text field");
    this.scroller.setAttribute("role", "listbox");
    this.scroller.tabIndex = 0;
    this.sheet = new CSSStyleSheet();
    mount.adoptedStyleSheets = [this.sheet];
    this.card = new Card();
    this.keys = keyPanel(KEY_LIST, "While a token is pinned, steps move the pin. A click pins too.");
    this.legend = new Legend(() => this.keys.showPopover());
    this.map = new Minimap(this);
    const frame = element("div", "frame");
    frame.append(this.scroller, this.map.node);
    this.root.append(this.legend.node, frame, this.card.node, this.keys);
    mount.append(this.root);
    this.listen();
    this.resize = new ResizeObserver(() => this.text && this.fit());
    this.resize.observe(this.scroller);
  }

  listen() {
    const on = (name, act) => this.scroller.addEventListener(name, act);
    on("pointerover", (event) => this.point(event));
    on("pointerleave", () => this.leave());
    on("click", (event) => this.click(event));
    on("keydown", (event) => onKey(this, event));
    on("focus", () => this.focus());
    on("blur", () => this.leave());
    on("scroll", () => {
      this.card.follow(this);
      this.frame ??= requestAnimationFrame(() => {
        this.frame = undefined;
        this.map.place();
      });
    });
  }

  // ── what Python sends ──────────────────────────────────────────────────────────────────────

  async update({ data, setStateValue }) {
    this.send = setStateValue;
    this.latest = data;
    const { text, numbers, links } = data.parcels;
    const parcels = await Promise.all([text, numbers, links].map((name) => name && fetchParcel(name)));
    if (this.latest === data && !this.closed) this.show(data, ...parcels);
  }

  show(data, content, numbers, links) {
    const began = performance.now();
    const known = memory.get(data.key) ?? {};
    const told = known.revision !== data.pin.revision;
    this.memory = told ? { pinned: data.pin.value, revision: data.pin.revision } : known;
    memory.set(data.key, this.memory);
    Object.assign(this, { numbers, links, scope: data.pin.scope });
    this.metricIndex = numbers.metrics.findIndex((each) => each.key === data.metric);
    this.metric = numbers.metrics[this.metricIndex];
    this.scroller.style.maxHeight = `${data.height}px`;
    this.scroller.setAttribute("aria-label", data.label);
    this.root.classList.toggle("raw", data.raw);
    const table = numbers[`palette:${this.metric.palette}`];
    const isNew = this.text?.content !== content || this.text.raw !== data.raw;
    const about = data.level === "token" ? undefined : `a ${data.level} joins the numbers of its tokens`;
    this.legend.draw(this.metric, table, legendNotes(links), { about });
    this.sheet.replaceSync(paletteRules(table));
    if (isNew) this.rebuild(content, data.raw, began);
    else if (this.painted?.numbers !== numbers || this.painted.metricIndex !== this.metricIndex) this.repaint();
    this.painted = { numbers, metricIndex: this.metricIndex };
    this.markPin();
    this.fit();
    this.card.refresh(this);
    if (this.pinned !== null && (isNew || told)) this.scrollTo(this.pinned, "nearest");
  }

  rebuild(content, raw, began) {
    this.text?.close();
    this.card.hide();
    this.hot = [];
    this.text = new TokenText(content, raw);
    this.cursor = Math.min(this.memory.pinned ?? 0, this.text.length - 1);
    this.text.estimateHeights(this.scroller.clientWidth);
    this.scroller.scrollTop = 0;
    this.text.buildAll(this.memory.pinned, (i) => this.dress(i), () => this.map.place());
    this.scroller.replaceChildren(...this.text.chunks);
    requestAnimationFrame(() => setTimeout(() => {
      performance.measure("token strip: first paint", { start: began, end: performance.now() });
    }));
  }

  // ── colour ─────────────────────────────────────────────────────────────────────────────────

  dress(i) {
    const { text, numbers, metric, metricIndex } = this;
    const at = metricIndex * text.length + i;
    const value = numbers.values[at];
    const [first] = this.spanOf(i);
    const within = first < i ? " within" : "";
    const node = text.nodes[i];
    if (Number.isNaN(value)) node.className = `${text.shape[i]} none${within}`;
    else {
      const shade = numbers.colours[at];
      node.className = `${text.shape[i]} c${shade} q${quarter(shade, metric)}${within}`;
    }
    const whole = shortened(escaped(text.content.tokens[i]));
    node.setAttribute("aria-label", `${whole}, ${metric.label} ${withUnit(value, metric)}`);
  }

  repaint() {
    for (let i = 0; i < this.text.length; i++) if (this.text.nodes[i]) this.dress(i);
    this.hot = [];
  }

  // ── places ─────────────────────────────────────────────────────────────────────────────────

  get pinned() {
    const { pinned } = this.memory;
    return Number.isInteger(pinned) && pinned >= 0 && pinned < this.text.length ? pinned : null;
  }

  // First and last token that share the value of token i.
  spanOf(i) {
    const { spans } = this.numbers;
    if (!spans) return [i, i];
    let [first, last] = [i, i];
    while (first > 0 && spans[first - 1] === spans[i]) first--;
    while (last < spans.length - 1 && spans[last + 1] === spans[i]) last++;
    return [first, last];
  }

  nodeOf(i) {
    if (!this.text.nodes[i]) this.text.build(this.text.chunkOf(i), (each) => this.dress(each));
    return this.text.nodes[i];
  }

  explain(token) {
    return explainToken(this, token);
  }

  // Where token i stands; a token that wraps stands on several lines.
  lineOf(i, line = 0) {
    const node = this.nodeOf(i);
    return node.getClientRects()[line] ?? node.getBoundingClientRect();
  }

  // Scroll inside the strip only: the page stays where it is.
  scrollTo(i, where) {
    const move = () => {
      const view = this.scroller.getBoundingClientRect();
      const box = this.nodeOf(i).getBoundingClientRect();
      const margin = 24;
      let by = 0;
      if (where === "centre") by = box.top + box.height / 2 - (view.top + view.height / 2);
      else if (box.top < view.top + margin) by = box.top - view.top - margin;
      else if (box.bottom > view.bottom - margin) by = box.bottom - view.bottom + margin;
      this.scroller.scrollTop += by;
    };
    move();
    // Chunks that come into view turn out higher or lower than estimated: follow until they rest.
    let frames = this.text.chunks.length > 1 ? 5 : 0;
    const follow = () => {
      move();
      if (--frames > 0) this.following = requestAnimationFrame(follow);
    };
    cancelAnimationFrame(this.following);
    if (frames) this.following = requestAnimationFrame(follow);
  }

  fit() {
    const scrolls = this.scroller.scrollHeight > this.scroller.clientHeight + 1;
    this.root.classList.toggle("scrolls", scrolls);
    if (scrolls) this.map.draw();
  }

  // ── what the reader does ───────────────────────────────────────────────────────────────────

  point(event) {
    const { token } = event.target.closest?.(".t") ?? {};
    if (token === undefined) return;
    const boxes = [...event.target.closest(".t").getClientRects()];
    const under = boxes.findIndex((box) => box.top <= event.clientY && event.clientY <= box.bottom);
    this.light(token);
    this.card.show(this, token, Math.max(0, under));
  }

  light(token) {
    const [first, last] = this.spanOf(token);
    this.unlight();
    for (let i = first; i <= last; i++) this.hot.push(this.nodeOf(i));
    this.hot.forEach((node) => node.classList.add("hot"));
    showLinks(this, token);
  }

  unlight() {
    this.hot.forEach((node) => node.classList.remove("hot"));
    this.hot = [];
  }

  leave() {
    this.unlight();
    this.card.hide();
    showLinks(this, this.pinned);
  }

  click(event) {
    const { token } = event.target.closest?.(".t") ?? {};
    if (token === undefined || getSelection()?.type === "Range") return;
    this.toggle(token);
  }

  toggle(token) {
    const [first, last] = this.spanOf(token);
    const again = this.pinned !== null && first <= this.pinned && this.pinned <= last;
    this.cursor = token;
    this.pinTo(again ? null : token);
  }

  pinTo(token, delay = 0) {
    this.memory.pinned = token;
    this.markPin();
    this.map.place();
    clearTimeout(this.report);
    this.memory.serial = Math.max(Date.now(), (this.memory.serial ?? 0) + 1);
    const report = { value: token, serial: this.memory.serial, scope: this.scope };
    this.report = setTimeout(() => this.send("pinned", report), delay);
  }

  markPin() {
    (this.marked ?? []).forEach((node) => {
      node.classList.remove("pin");
      node.removeAttribute("aria-selected");
    });
    this.marked = [];
    if (this.pinned === null) return showLinks(this, null);
    const [first, last] = this.spanOf(this.pinned);
    for (let i = first; i <= last; i++) this.marked.push(this.nodeOf(i));
    this.marked.forEach((node) => {
      node.classList.add("pin");
      node.setAttribute("aria-selected", "true");
    });
    showLinks(this, this.pinned);
  }

  focus() {
    if (this.pinned !== null) this.cursor = this.pinned;
    this.setCursor(this.cursor);
  }

  setCursor(token) {
    this.cursor = token;
    this.at?.classList.remove("cursor");
    this.at = this.nodeOf(token);
    this.at.classList.add("cursor");
    this.scroller.setAttribute("aria-activedescendant", this.at.id);
  }

  moveTo(token) {
    this.setCursor(token);
    this.scrollTo(token, "nearest");
    this.at.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (this.pinned !== null) this.pinTo(token, REPORT_DELAY);
    this.light(token);
    this.card.show(this, token, 0);
  }

  close() {
    this.closed = true;
    this.text?.close();
    this.resize.disconnect();
    this.card.hide();
  }
}

const strips = new WeakMap(); // mount → strip

export default function (component) {
  const { data, parentElement } = component;
  if (data instanceof Uint8Array) return receive(parentElement, data);
  if (!strips.has(parentElement)) strips.set(parentElement, new Strip(parentElement));
  const strip = strips.get(parentElement);
  strip.update(component);
  return () => strip.close();
}
