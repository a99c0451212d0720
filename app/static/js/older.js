// A button that brings what is older than what is shown, a page at a time.

import { SignedOutError } from "./errors.js";

export class OlderButton {
  #button;
  #note;
  #show;
  #onSignedOut;
  #place = null;

  /**
   * @param {{button: HTMLElement, note: HTMLElement}} parts the note tells a failure
   * @param {{show: (place: string) => Promise<void>, onSignedOut: () => void}} handlers `show` shows the page that follows a
   *   place, and sets the next one
   */
  constructor({ button, note }, { show, onSignedOut }) {
    this.#button = button;
    this.#note = note;
    this.#show = show;
    this.#onSignedOut = onSignedOut;
    button.addEventListener("click", () => this.#press());
  }

  get place() {
    return this.#place;
  }

  /** Where what is shown ends, as the API told it; null when there is nothing behind. */
  set place(place) {
    this.#place = place;
    this.#button.hidden = place === null;
    this.#say("");
  }

  /** One press brings one page, however long it takes. */
  async #press() {
    if (this.#button.getAttribute("aria-disabled") === "true") return;
    this.#button.setAttribute("aria-disabled", "true");
    this.#say("");
    const place = this.#place;
    try {
      await this.#show(place);
    } catch (error) {
      if (place !== this.#place) return; // something else is on the screen by now
      if (error instanceof SignedOutError) this.#onSignedOut();
      else this.#say(error.message);
    } finally {
      this.#button.removeAttribute("aria-disabled");
    }
  }

  #say(text) {
    this.#note.textContent = text;
    this.#note.hidden = text === "";
  }
}
