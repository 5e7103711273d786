// A text area that reports while it is typed in. The browser's text is the one that counts: the
// script may replace it, under a new revision number, but never sends it back.

const REST = 300; // milliseconds without a keystroke before a report
const memory = new Map(); // key → { text, revision, serial }, kept while other pages show
const boxes = new WeakMap(); // mount → box

class TextBox {
  constructor(mount) {
    const make = (tag, className) => Object.assign(document.createElement(tag), { className });
    this.root = make("div", "box");
    this.label = make("label", "label");
    this.area = make("textarea", "area");
    this.hint = make("div", "hint");
    this.area.id = "area";
    this.area.spellcheck = false;
    this.label.htmlFor = "area";
    this.hint.id = "hint";
    this.area.setAttribute("aria-describedby", "hint");
    this.root.append(this.label, this.area, this.hint);
    mount.append(this.root);
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("blur", () => this.flush());
    this.area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.submit();
      }
      // Streamlit's own shortcuts (c, r) must not hear what is being typed.
      event.stopPropagation();
    });
  }

  update({ data, setStateValue, setTriggerValue }) {
    Object.assign(this, { setStateValue, setTriggerValue, scope: data.text.scope });
    const known = memory.get(data.key);
    const told = known?.revision !== data.text.revision;
    this.memory = told ? { text: data.text.value, revision: data.text.revision, serial: known?.serial ?? 0 } : known;
    memory.set(data.key, this.memory);
    if (told) clearTimeout(this.timer);
    if (this.area.value !== this.memory.text) this.area.value = this.memory.text;
    this.label.textContent = data.label;
    this.hint.textContent = data.help;
    this.area.placeholder = data.placeholder;
    this.area.disabled = data.disabled;
    if (this.height !== data.height) this.area.style.height = `${data.height}px`;
    this.height = data.height;
  }

  typed() {
    this.memory.text = this.area.value;
    this.pending = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), REST);
  }

  flush() {
    clearTimeout(this.timer);
    if (!this.pending) return;
    this.pending = false;
    this.memory.serial = Math.max(Date.now(), this.memory.serial + 1);
    this.setStateValue("text", { value: this.memory.text, serial: this.memory.serial, scope: this.scope });
  }

  submit() {
    this.flush();
    this.setTriggerValue("submitted", true);
  }

  close() {
    this.flush();
  }
}

export default function (component) {
  const { parentElement } = component;
  if (!boxes.has(parentElement)) boxes.set(parentElement, new TextBox(parentElement));
  const box = boxes.get(parentElement);
  box.update(component);
  return () => box.close();
}
