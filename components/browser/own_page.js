// A page without a lens that is drawn here: its module is named in the page's file.

import { element } from "./dom.js";

const HERE = new URL("./", import.meta.url);

export class OwnPage {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "own");
    this.node.hidden = true;
  }

  /** The state changed. */
  update(changed) {
    this.page?.update?.(changed);
  }

  async draw() {
    const { frame, node } = this;
    const name = frame.page.module;
    node.hidden = !name;
    if (!name) {
      this.name = null;
      return node.replaceChildren();
    }
    if (name === this.name) return this.page?.draw();
    this.name = name;
    this.page = null;
    const { default: Page } = await import(new URL(`pages/${name}.js`, HERE));
    if (this.name !== name) return undefined;
    this.page = new Page(frame);
    node.replaceChildren(this.page.node);
    return this.page.draw();
  }
}
