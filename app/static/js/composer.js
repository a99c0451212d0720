// The message box: grows with its text, counts near the limit, and says when something is to be sent or stopped.

const COUNTER_FROM = 0.9;
const MAX_HEIGHT_PX = 200;

export class Composer {
  #form;
  #input;
  #counter;
  #send;
  #stop;
  #recommend;

  /**
   * @param {{form: HTMLFormElement, input: HTMLTextAreaElement, counter: HTMLElement, send: HTMLElement, stop: HTMLElement, recommend: HTMLElement}} parts
   * @param {{onSend: (text: string) => void, onRecommend: (text: string) => void, onStop: () => void}} handlers
   */
  constructor({ form, input, counter, send, stop, recommend }, { onSend, onRecommend, onStop }) {
    this.#form = form;
    this.#input = input;
    this.#counter = counter;
    this.#send = send;
    this.#stop = stop;
    this.#recommend = recommend;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.busy && this.text) onSend(this.#take());
    });
    recommend.addEventListener("click", () => {
      if (!this.busy) onRecommend(this.#take());
    });
    stop.addEventListener("click", () => {
      onStop();
      this.focus();
    });
    input.addEventListener("keydown", (event) => this.#onKey(event));
    input.addEventListener("input", () => this.#resize());
  }

  get text() {
    return this.#input.value.trim();
  }

  set text(value) {
    this.#input.value = value;
    this.#resize();
  }

  get busy() {
    return this.#send.hidden;
  }

  /** While an answer is written, Stop stands where Send was; the next message can already be typed. */
  set busy(busy) {
    const held = [this.#send, this.#stop, this.#recommend].includes(document.activeElement);
    this.#send.hidden = busy;
    this.#stop.hidden = !busy;
    this.#recommend.disabled = busy;
    if (held) this.focus();
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  #take() {
    const text = this.text;
    this.text = "";
    return text;
  }

  #onKey(event) {
    // isComposing: Enter also picks a word in an input method's list.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #resize() {
    this.#input.style.height = "auto";
    this.#input.style.height = `${Math.min(this.#input.scrollHeight, MAX_HEIGHT_PX)}px`;
    this.#count();
  }

  #count() {
    const { length } = this.#input.value;
    const limit = this.#input.maxLength;
    this.#counter.textContent = length >= limit * COUNTER_FROM ? `${length} / ${limit}` : "";
    this.#counter.classList.toggle("full", length >= limit);
  }
}
