// Tells screen readers about an answer in whole sentences, with pauses, instead of token by token.

import { plainText } from "./markdown.js";

const PAUSE_MS = 3000;
const KEEP = 8;

export class Announcer {
  #region;
  #said = 0;
  #last = 0;

  /** @param {HTMLElement} region a visually hidden element with role=log */
  constructor(region) {
    this.#region = region;
  }

  /** Says one thing now. */
  say(text) {
    if (!text) return;
    const line = document.createElement("p");
    line.textContent = text;
    this.#region.append(line);
    while (this.#region.children.length > KEEP) this.#region.firstElementChild.remove();
  }

  /** Begins a new answer. */
  begin() {
    this.#said = 0;
    this.#last = performance.now();
  }

  /** @param {string} text the answer so far; what is new of it is said once it forms whole sentences */
  follow(text) {
    if (performance.now() - this.#last < PAUSE_MS) return;
    const end = this.#said + lastSentenceEnd(text.slice(this.#said));
    this.#sayUpTo(text, end);
  }

  /** Says the rest. */
  finish(text) {
    this.#sayUpTo(text, text.length);
  }

  #sayUpTo(text, end) {
    if (end <= this.#said) return;
    const lines = text.slice(this.#said, end).split("\n");
    this.say(lines.map(plainText).join("\n").trim());
    this.#said = end;
    this.#last = performance.now();
  }
}

/** Length of the part that ends with a full sentence or line; 0 when there is none. */
function lastSentenceEnd(text) {
  const match = /^[\s\S]*(?:[.!?](?=\s)|\n)/.exec(text);
  return match ? match[0].length : 0;
}
