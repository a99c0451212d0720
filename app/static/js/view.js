// The messages of one conversation, as DOM. Knows nothing of the API.

import { renderCards } from "./cards.js";
import { button, el, icon } from "./dom.js";
import { renderAssumptions, renderFacts } from "./extras.js";
import { renderMarkdown } from "./markdown.js";

/** @param {Element} slot @param {Element|null} node what alone stands in it from now on; null for nothing */
function fill(slot, node) {
  slot.replaceChildren(...(node ? [node] : []));
}

/** A user's message. Its text is shown exactly as typed. */
export function userMessage(text) {
  const body = el("div", { class: "bubble", dir: "auto" }, text);
  return el("article", { class: "message user", "aria-label": "You" }, body);
}

/** An assistant's message, which may still be growing. */
export class AssistantMessage {
  #text = "";
  #frame = 0;
  #body = el("div", { class: "prose" });
  #cards = el("div", { class: "card-slot" });
  #facts = el("div", { class: "facts-slot" });
  #assumed = el("div", { class: "assumed-slot" });
  #foot = el("div", { class: "message-foot" });

  constructor() {
    this.node = el(
      "article",
      { class: "message assistant", "aria-label": "Assistant" },
      el("p", { class: "speaker", "aria-hidden": "true" }, "Assistant"),
      this.#body,
      this.#facts,
      this.#cards,
      this.#assumed,
      this.#foot,
    );
  }

  get text() {
    return this.#text;
  }

  append(text) {
    this.setText(this.#text + text);
    this.#clearFoot();
  }

  /** Draws once per frame, however many pieces arrive in it. */
  setText(text) {
    this.#text = text;
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  setRecommendations(items) {
    fill(this.#cards, renderCards(items));
  }

  /** @param {unknown} context the answer's: facts from the account, and what was assumed */
  setContext(context) {
    fill(this.#facts, renderFacts(context));
    fill(this.#assumed, renderAssumptions(context));
  }

  /** Nothing has been said yet. @param {string} label what is being waited for */
  setWaiting(label) {
    this.node.dataset.state = "waiting";
    const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("span"), el("span"), el("span"));
    this.#foot.replaceChildren(el("p", { class: "waiting" }, dots, el("span", {}, label)));
  }

  setStreaming() {
    this.node.dataset.state = "streaming";
  }

  setDone() {
    this.#settle("complete");
    if (!this.#text.trim()) this.#note("The assistant gave no answer.");
  }

  /** @param {() => void} [onRetry] offered when given */
  setStopped(onRetry) {
    this.#settle("stopped");
    this.#note("Stopped", onRetry);
  }

  /**
   * @param {string} message what happened, for the user
   * @param {{onRetry?: () => void, onEdit?: () => void}} actions offered when given
   */
  setFailed(message, { onRetry, onEdit } = {}) {
    this.#settle("failed");
    const actions = [
      onRetry ? button("button small", onRetry, icon("retry"), el("span", {}, "Try again")) : null,
      onEdit ? button("button small quiet", onEdit, "Edit") : null,
    ];
    const problem = el("p", {}, icon("alert"), el("span", {}, message));
    const offered = el("div", { class: "problem-actions" }, ...actions.filter(Boolean));
    this.#foot.replaceChildren(el("div", { class: "problem" }, problem, offered));
  }

  #settle(state) {
    this.node.dataset.state = state;
    cancelAnimationFrame(this.#frame);
    this.#draw();
    this.#clearFoot();
  }

  #note(text, onRetry) {
    const retry = onRetry ? button("link-button", onRetry, "Ask again") : null;
    const label = el("span", { class: "note-label" }, text);
    this.#foot.replaceChildren(el("p", { class: "note" }, label, " ", retry));
  }

  #clearFoot() {
    this.#foot.replaceChildren();
  }

  #draw() {
    this.#frame = 0;
    renderMarkdown(this.#body, this.#text);
  }
}
