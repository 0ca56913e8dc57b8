// The pane to the right, which shows one thing at a time.

export class Drawer {
  constructor(box, title, body) { Object.assign(this, { box, title, body, name: "" }); }

  /** `name`: what it is, by which the same button closes it. */
  open(name, title, ...nodes) {
    this.name = name;
    this.title.textContent = title;
    this.body.replaceChildren(...nodes);
    this.body.scrollTop = 0;
    this.box.hidden = false;
  }

  /** Puts in what has come, if it is still wanted. */
  fill(name, ...nodes) { if (this.name === name) this.body.replaceChildren(...nodes); }

  close() {
    this.name = "";
    this.box.hidden = true;
    this.body.replaceChildren();
  }

  is(name) { return this.name === name; }
}
