// The list of past chats.

import { api } from "./api.js";
import { button, el, icon } from "./dom.js";
import { SignedOutError } from "./errors.js";
import { formatWhen, plural } from "./format.js";
import { sessionHash } from "./location.js";
import { OlderButton } from "./older.js";

function titleOf(session) {
  if (typeof session.title === "string" && session.title.trim()) return session.title.trim();
  return `Chat of ${formatWhen(session.started_at) || "an unknown day"}`;
}

export class SessionList {
  #list;
  #note;
  #dialog;
  #dialogName;
  #onDeleted;
  #onSignedOut;
  #fallbackFocus;
  #older;
  #shown = [];
  #current = null;
  #turn = 0;

  /**
   * @param {{list: HTMLElement, note: HTMLElement, older: HTMLElement, dialog: HTMLDialogElement, dialogName: HTMLElement, fallbackFocus: HTMLElement}} parts
   * @param {{onDeleted: (id: string) => void, onSignedOut: () => void}} handlers
   */
  constructor({ list, note, older, dialog, dialogName, fallbackFocus }, { onDeleted, onSignedOut }) {
    this.#list = list;
    this.#note = note;
    this.#dialog = dialog;
    this.#dialogName = dialogName;
    this.#fallbackFocus = fallbackFocus;
    this.#onDeleted = onDeleted;
    this.#onSignedOut = onSignedOut;
    this.#older = new OlderButton({ button: older, note }, { show: (place) => this.#showOlder(place), onSignedOut });
  }

  /** Marks the open chat. @param {string|null} id */
  mark(id) {
    this.#current = id;
    for (const item of this.#list.children) {
      const open = item.dataset.session === id;
      item.classList.toggle("current", open);
      const link = item.querySelector("a");
      if (open) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** Loads the newest page again; older ones that were shown stay behind it. A failure is told below the list and does not disturb the chat. */
  async refresh() {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const page = await api.sessions();
      if (turn === this.#turn) this.#renew(page);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error instanceof SignedOutError) this.#onSignedOut();
      else this.#say(`Your chats could not be loaded. ${error.message}`);
    }
  }

  clear() {
    this.#turn += 1;
    this.#shown = [];
    this.#older.place = null;
    this.#list.replaceChildren();
    this.#say("");
  }

  #renew({ sessions, before }) {
    const behind = before === null ? [] : this.#behind(sessions);
    if (behind.length === 0) this.#older.place = before;
    this.#show([...sessions, ...behind]);
  }

  /** What is shown behind the newest page's last chat. Nothing, if that was not shown there: chats may lie between. */
  #behind(newest) {
    const last = newest.at(-1);
    const end = this.#shown.findIndex(
      (session) => session.session_id === last.session_id && session.last_message_at === last.last_message_at,
    );
    const ids = new Set(newest.map((session) => session.session_id));
    return end < 0 ? [] : this.#shown.slice(end + 1).filter((session) => !ids.has(session.session_id));
  }

  async #showOlder(place) {
    const { sessions, before } = await api.sessions(place);
    if (place !== this.#older.place) return;
    this.#older.place = before;
    const ids = new Set(sessions.map((session) => session.session_id));
    this.#show([...this.#shown.filter((session) => !ids.has(session.session_id)), ...sessions]);
    const first = this.#list.children[this.#list.childElementCount - sessions.length];
    (first?.querySelector("a") ?? this.#fallbackFocus).focus();
  }

  #show(sessions) {
    this.#shown = sessions;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.closest("li") : null;
    const part = document.activeElement?.tagName;
    this.#list.replaceChildren(...sessions.map((session) => this.#item(session)));
    this.mark(this.#current);
    this.#say(sessions.length === 0 ? "No chats yet. Your first question starts one." : "");
    if (focused) this.#focus(focused.dataset.session, part);
  }

  /** A redrawn list must not throw the keyboard back to the top of the page. */
  #focus(id, tag) {
    const item = [...this.#list.children].find((node) => node.dataset.session === id);
    (item?.querySelector(tag) ?? this.#list.querySelector("a") ?? this.#fallbackFocus).focus();
  }

  #say(text) {
    this.#note.textContent = text;
    this.#note.hidden = text === "";
  }

  #item(session) {
    const title = titleOf(session);
    const count = plural(session.message_count ?? 0, "message");
    const when = [formatWhen(session.last_message_at), count].filter(Boolean).join(" · ");
    const remove = button("icon-button delete", () => this.#delete(session.session_id, title), icon("trash"));
    remove.append(el("span", { class: "visually-hidden" }, `Delete ${title}`));
    return el(
      "li",
      { "data-session": session.session_id },
      el(
        "a",
        { href: sessionHash(session.session_id) },
        el("span", { class: "session-title", dir: "auto" }, title),
        el("span", { class: "session-when" }, when),
      ),
      remove,
    );
  }

  async #delete(id, title) {
    if (!(await this.#confirmed(title))) return;
    try {
      await api.deleteSession(id);
    } catch (error) {
      if (error instanceof SignedOutError) this.#onSignedOut();
      else this.#say(`The chat was not deleted. ${error.message}`);
      return;
    }
    this.#removeItem(id);
    this.#onDeleted(id);
    await this.refresh();
  }

  #removeItem(id) {
    this.#shown = this.#shown.filter((session) => session.session_id !== id);
    const item = [...this.#list.children].find((node) => node.dataset.session === id);
    const next = item?.nextElementSibling ?? item?.previousElementSibling;
    item?.remove();
    (next?.querySelector("a") ?? this.#fallbackFocus).focus();
  }

  #confirmed(title) {
    this.#dialogName.textContent = title;
    // A dialog keeps its last answer; Escape would otherwise repeat it.
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === "delete"), { once: true });
    });
  }
}
