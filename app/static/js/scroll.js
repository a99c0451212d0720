// Keeps the end of the conversation in view while it grows, unless the reader has scrolled away from it.

const NEAR_PX = 80;

export class StickyScroll {
  #box;
  #content;
  #button;
  #stuck = true;
  #top = 0;

  /**
   * @param {HTMLElement} box the scrolling element
   * @param {HTMLElement} content what grows in it; while it is empty, nothing scrolls
   * @param {HTMLElement} button leads back to the end
   */
  constructor(box, content, button) {
    this.#box = box;
    this.#content = content;
    this.#button = button;
    box.addEventListener("scroll", () => this.#note(), { passive: true });
    button.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#follow()).observe(content);
    new ResizeObserver(() => this.#follow()).observe(box);
  }

  /** Goes to the end and stays there. */
  toEnd() {
    this.#stuck = true;
    this.#follow();
  }

  /** Lets `change` add something above what is in view, which stays where it is. */
  addAbove(change) {
    const below = this.#box.scrollHeight - this.#box.scrollTop;
    this.#stuck = false;
    change();
    this.#box.scrollTop = this.#box.scrollHeight - below;
  }

  #follow() {
    if (this.#content.childElementCount === 0) this.#box.scrollTop = 0;
    else if (this.#stuck) this.#box.scrollTop = this.#box.scrollHeight;
    this.#note();
  }

  /** Only a move upwards is the reader's: the end also moves away by itself, when something is added below. */
  #note() {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (atEnd) this.#stuck = true;
    else if (scrollTop < this.#top) this.#stuck = false;
    this.#top = scrollTop;
    this.#button.hidden = this.#stuck || this.#content.childElementCount === 0;
  }
}
