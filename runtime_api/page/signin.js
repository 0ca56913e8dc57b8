// The token of whoever reads, kept in this tab's session alone.

const KEY = "wholelog.token";

export class SignIn {
  /** `dialog` with a form of one password field. */
  constructor(dialog, field, why, storage) { Object.assign(this, { dialog, field, why, storage, asking: null }); }

  /** For whoever shows that there is a token. */
  changed() {}

  forget() {
    this.storage.removeItem(KEY);
    this.changed();
  }

  get token() { return this.storage.getItem(KEY) || ""; }

  /** Resolves once a token was entered; all that ask meanwhile wait for the same. */
  ask(why, signal) {
    this.asking ||= new Promise(resolve => {
      this.why.textContent = this.token ? `This token is not accepted. ${why}` : why;
      this.field.value = "";
      this.dialog.showModal();
      this.dialog.addEventListener("close", () => {
        const entered = /^[\x21-\x7e]+$/.exec(this.field.value.trim())?.[0]; // what a header can carry
        this.field.value = "";
        if (entered) this.storage.setItem(KEY, entered); else this.storage.removeItem(KEY);
        this.asking = null;
        this.changed();
        resolve();
      }, { once: true });
    });
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.asking.then(resolve);
    });
  }
}
