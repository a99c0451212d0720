// Puts the page together: log-in or chat, and the keys and addresses that concern all of it.

import { AccountData } from "./account-data.js";
import { Announcer } from "./announcer.js";
import { api } from "./api.js";
import { Auth } from "./auth.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { Drawer } from "./drawer.js";
import { SignedOutError } from "./errors.js";
import { sessionInAddress, showInAddress } from "./location.js";
import { StickyScroll } from "./scroll.js";
import { SessionList } from "./sessions.js";

const chatOnly = ["chat-view", "drawer", "menu-button", "account"].map(byId);
const drawer = new Drawer({
  drawer: byId("drawer"),
  toggle: byId("menu-button"),
  close: byId("drawer-close"),
  scrim: byId("scrim"),
  behind: [byId("main")],
});
const sessions = new SessionList(
  {
    list: byId("session-list"),
    note: byId("sessions-note"),
    older: byId("older-chats"),
    dialog: byId("delete-dialog"),
    dialogName: byId("delete-name"),
    fallbackFocus: byId("new-chat"),
  },
  { onDeleted: (id) => id === chat.sessionId && newChat({ focus: false }), onSignedOut },
);
const chat = new Chat(
  {
    log: byId("log"),
    messages: byId("messages"),
    empty: byId("empty"),
    notice: byId("chat-notice"),
    earlier: byId("earlier-messages"),
    earlierNote: byId("earlier-note"),
  },
  {
    scroll: new StickyScroll(byId("log"), byId("messages"), byId("to-latest")),
    sessions,
    announcer: new Announcer(byId("announcer")),
    onSignedOut,
  },
);
const composer = new Composer(
  {
    form: byId("composer"),
    input: byId("message"),
    counter: byId("counter"),
    send: byId("send"),
    stop: byId("stop"),
    recommend: byId("recommend"),
  },
  { onSend: (text) => chat.ask(text), onRecommend: (text) => chat.recommend(text), onStop: () => chat.stop() },
);
chat.composer = composer;
const auth = new Auth(enter);
const accountData = new AccountData({
  onErased: () => {
    newChat({ focus: false });
    sessions.refresh();
  },
  onSignedOut,
});

function newChat({ focus = true } = {}) {
  if (sessionInAddress()) showInAddress(null);
  chat.startNew();
  drawer.close();
  if (focus) composer.focus();
}

/** Shows what the address asks for. */
function openFromAddress() {
  const id = sessionInAddress();
  drawer.close();
  if (id === chat.sessionId && id !== null) return;
  if (id) chat.open(id);
  else chat.startNew();
  focusChat();
}

/** To the message box; where that would pull up an on-screen keyboard, to the conversation. */
function focusChat() {
  if (window.matchMedia("(pointer: coarse)").matches) byId("log").focus({ preventScroll: true });
  else composer.focus();
}

function show(view) {
  byId("loading").hidden = view !== "loading";
  byId("auth-view").hidden = view !== "auth";
  for (const node of chatOnly) node.hidden = view !== "chat";
}

/** From the log-in to the chat. */
async function enter() {
  show("loading");
  try {
    const profile = await api.profile();
    const user = profile.user ?? profile;
    byId("account-name").textContent = user.name || user.email || "";
  } catch (error) {
    // The name is decoration; only an ended log-in keeps the user out.
    if (error instanceof SignedOutError) return onSignedOut();
  }
  show("chat");
  sessions.refresh();
  openFromAddress();
  return undefined;
}

/** Back to the log-in form. @param {string} notice */
function leave(notice) {
  drawer.close();
  sessions.clear();
  accountData.clear();
  chat.startNew();
  byId("account-name").textContent = "";
  show("auth");
  auth.show(notice);
}

/** The address stays, so that a new log-in returns to the same conversation. */
function onSignedOut() {
  api.forget();
  leave("Your log-in has ended. Please log in again.");
}

function logOut() {
  showInAddress(null, true);
  composer.text = "";
  leave("");
  api.logOut();
}

function skipToContent(event) {
  // A real jump would put #main where the session's id stands.
  event.preventDefault();
  if (byId("chat-view").hidden) byId("main").focus();
  else composer.focus();
}

function onEscape(event) {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (drawer.isOpen) drawer.close(true);
  else if (chat.running) {
    chat.stop();
    composer.focus();
  }
}

byId("new-chat").addEventListener("click", () => newChat());
byId("log-out").addEventListener("click", logOut);
byId("skip-link").addEventListener("click", skipToContent);
byId("examples").addEventListener("click", (event) => {
  const example = event.target.closest("button");
  if (example) {
    composer.focus();
    chat.ask(example.textContent.trim());
  }
});
document.addEventListener("keydown", onEscape);
window.addEventListener("hashchange", () => !byId("chat-view").hidden && openFromAddress());
window.addEventListener("popstate", () => !byId("chat-view").hidden && openFromAddress());

if (api.loggedIn) enter();
else {
  show("auth");
  auth.show();
}
