// What the user can do about the chats that are stored: download them all, delete them all.

import { api } from "./api.js";
import { byId, el } from "./dom.js";
import { SignedOutError } from "./errors.js";

const FILE_NAME = "my-chats.jsonl";

/** Hands a file to the browser's downloads. */
function save(blob) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: FILE_NAME }).click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export class AccountData {
  #note = byId("account-data-note");
  #dialog = byId("erase-dialog");
  #onErased;
  #onSignedOut;

  /** @param {{onErased: () => void, onSignedOut: () => void}} handlers */
  constructor({ onErased, onSignedOut }) {
    this.#onErased = onErased;
    this.#onSignedOut = onSignedOut;
    byId("export-chats").addEventListener("click", (event) => this.#run(event.currentTarget, () => this.#export()));
    byId("erase-chats").addEventListener("click", (event) => this.#run(event.currentTarget, () => this.#erase()));
  }

  clear() {
    this.#say("");
  }

  async #export() {
    this.#say("Preparing your download…");
    save(await api.exportChats());
    this.#say("Your chats were downloaded.");
  }

  async #erase() {
    if (!(await this.#confirmed())) return;
    const { deleted_messages: count } = await api.eraseChats();
    this.#onErased();
    this.#say(`All your chats were deleted (${count} messages).`);
  }

  /** One press does one thing, however long it takes. */
  async #run(button, action) {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await action();
    } catch (error) {
      if (error instanceof SignedOutError) this.#onSignedOut();
      else this.#say(error.message);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  #say(text) {
    this.#note.textContent = text;
    this.#note.hidden = text === "";
  }

  #confirmed() {
    // A dialog keeps its last answer; Escape would otherwise repeat it.
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === "erase"), { once: true });
    });
  }
}
