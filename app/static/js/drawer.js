// On a narrow screen the list of chats is a drawer over the page; on a wide one it is simply there.

const NARROW = window.matchMedia("(max-width: 47.99rem)");

export class Drawer {
  #drawer;
  #toggle;
  #scrim;
  #behind;

  /** @param {{drawer: HTMLElement, toggle: HTMLElement, close: HTMLElement, scrim: HTMLElement, behind: HTMLElement[]}} parts */
  constructor({ drawer, toggle, close, scrim, behind }) {
    this.#drawer = drawer;
    this.#toggle = toggle;
    this.#scrim = scrim;
    this.#behind = behind;
    toggle.addEventListener("click", () => this.open());
    close.addEventListener("click", () => this.close(true));
    scrim.addEventListener("click", () => this.close(true));
    NARROW.addEventListener("change", () => this.close());
  }

  get isOpen() {
    return this.#drawer.classList.contains("open");
  }

  open() {
    if (!NARROW.matches) return;
    this.#set(true);
    this.#drawer.querySelector("button, a").focus();
  }

  /** @param {boolean} giveFocusBack to the button that opened it */
  close(giveFocusBack = false) {
    if (!this.isOpen) return;
    this.#set(false);
    if (giveFocusBack) this.#toggle.focus();
  }

  #set(open) {
    this.#drawer.classList.toggle("open", open);
    this.#toggle.setAttribute("aria-expanded", String(open));
    this.#scrim.hidden = !open;
    for (const node of this.#behind) node.inert = open;
  }
}
