// One conversation at a time: shows its history, sends, follows the answer, stops, retries.

import { api } from "./api.js";
import { ApiError, SignedOutError } from "./errors.js";
import { accountFacts } from "./extras.js";
import { plural } from "./format.js";
import { newSessionId, rememberSession, showInAddress } from "./location.js";
import { OlderButton } from "./older.js";
import { AssistantMessage, userMessage } from "./view.js";

const ASK = "/chat";
const RECOMMEND = "/recommend-for-me";
const retryOf = (messageId) => `/messages/${messageId}/retry`;
const RECOMMEND_LABEL = "Recommend something for me";
const POLL_MS = 2000;
const MAX_POLLS = 150;
// How long the server may take to notice that an answer was stopped; until then the session counts as busy.
const STOP_NOTICED_MS = 5000;
const BUSY_PAUSE_MS = 400;
const UNSETTLED = new Set(["pending", "queued", "streaming"]);
const BROKEN_OFF = "The answer broke off. Please try again.";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const FAILED = {
  failed: "This question got no answer.",
  interrupted: "This answer was interrupted before it was complete.",
};

export class Chat {
  #log;
  #messages;
  #empty;
  #notice;
  #scroll;
  #composer;
  #sessions;
  #announcer;
  #onSignedOut;
  #earlier;
  #history = [];
  #sessionId = null;
  #running = null;
  #answerId = null;
  #stoppedAt = -Infinity;
  #loading = null;
  #poll = 0;

  /**
   * @param {{log: HTMLElement, messages: HTMLElement, empty: HTMLElement, notice: HTMLElement, earlier: HTMLElement, earlierNote: HTMLElement}} parts
   * @param {{scroll: StickyScroll, sessions: SessionList, announcer: Announcer, onSignedOut: () => void}} others
   */
  constructor({ log, messages, empty, notice, earlier, earlierNote }, { scroll, sessions, announcer, onSignedOut }) {
    this.#log = log;
    this.#messages = messages;
    this.#empty = empty;
    this.#notice = notice;
    this.#scroll = scroll;
    this.#sessions = sessions;
    this.#announcer = announcer;
    this.#onSignedOut = onSignedOut;
    const parts = { button: earlier, note: earlierNote };
    this.#earlier = new OlderButton(parts, { show: (place) => this.#showEarlier(place), onSignedOut });
  }

  /** The composer's handlers call the chat, so it is made after it. */
  set composer(composer) {
    this.#composer = composer;
  }

  get sessionId() {
    return this.#sessionId;
  }

  get running() {
    return this.#running !== null;
  }

  ask(text) {
    this.#startTurn({ path: ASK, text });
  }

  /** @param {string} text wishes to go with it; may be empty */
  recommend(text) {
    this.#startTurn({ path: RECOMMEND, text });
  }

  /** Ends the running answer, if any; what was said so far stays, and comes as the end of its stream. */
  async stop() {
    if (!this.running) return;
    const running = this.#running;
    this.#stoppedAt = performance.now();
    // The server also stops an answer that nobody listens to any more.
    const hangUp = () => running === this.#running && this.#hangUp();
    if (this.#answerId === null) return hangUp();
    setTimeout(hangUp, STOP_NOTICED_MS);
    await api.stopAnswer(this.#answerId).catch(hangUp);
  }

  #hangUp() {
    if (!this.running) return;
    this.#stoppedAt = performance.now();
    this.#running.abort();
  }

  /** An empty conversation. @param {string} notice shown above the examples */
  startNew(notice = "") {
    this.#leave();
    this.#sessionId = null;
    rememberSession(null);
    this.#sessions.mark(null);
    this.#messages.replaceChildren();
    this.#notice.textContent = notice;
    this.#notice.hidden = notice === "";
    this.#empty.hidden = false;
  }

  /** Shows a stored conversation. @param {string} id */
  async open(id) {
    this.#leave();
    this.#sessionId = id;
    rememberSession(id);
    this.#sessions.mark(id);
    this.#empty.hidden = true;
    this.#messages.replaceChildren();
    this.#scroll.toEnd();
    await this.#load(id);
  }

  /** A running answer belongs to the conversation on screen; leaving that one stops it, as closing the page would. */
  #leave() {
    this.#hangUp();
    this.#loading?.abort();
    clearTimeout(this.#poll);
    this.#history = [];
    this.#earlier.place = null;
  }

  /**
   * @param {string} id
   * @param {number} polls how often this conversation was read again to see its last answer grow
   */
  async #load(id, polls = 0) {
    const loading = new AbortController();
    this.#loading = loading;
    try {
      const page = await api.history(id, { signal: loading.signal });
      if (!loading.signal.aborted) this.#show(id, page, polls);
    } catch (error) {
      if (!loading.signal.aborted) this.#loadFailed(id, error);
    }
  }

  #loadFailed(id, error) {
    if (error instanceof SignedOutError) {
      this.#onSignedOut();
    } else if (error.code === 404) {
      showInAddress(null, true);
      this.startNew("That chat was not found. Here is a new one.");
    } else {
      const reply = new AssistantMessage();
      reply.setFailed(messageOf(error), { onRetry: () => this.open(id) });
      this.#messages.replaceChildren(reply.node);
    }
  }

  /** Shows the newest page, behind what was shown of earlier ones. */
  #show(id, { messages, before }, polls) {
    const earlier = this.#history.filter((message) => message.id < messages[0]?.id);
    if (earlier.length === 0) this.#earlier.place = before;
    this.#history = [...earlier, ...messages];
    this.#messages.replaceChildren(...this.#nodes(this.#history));
    // Another tab, or this one before a reload, may still be having an answer written.
    if (UNSETTLED.has(messages.at(-1)?.status) && polls < MAX_POLLS) this.#poll = setTimeout(() => this.#load(id, polls + 1), POLL_MS);
  }

  async #showEarlier(place) {
    const { messages, before } = await api.history(this.#sessionId, { before: place });
    if (place !== this.#earlier.place) return;
    const nodes = this.#nodes(messages, this.#history[0]);
    this.#history = [...messages, ...this.#history];
    this.#scroll.addAbove(() => {
      this.#messages.prepend(...nodes);
      this.#earlier.place = before;
    });
    if (before === null) this.#log.focus({ preventScroll: true });
    this.#announcer.say(`${plural(messages.length, "earlier message")} added above.`);
  }

  /** @param {object[]} messages @param {object} [following] the message after them, which is shown already */
  #nodes(messages, following) {
    let asked = null;
    const nodes = messages.map((message, i) => {
      const next = messages[i + 1] ?? following;
      if (message.message_type === "user") {
        asked = userMessage(message.content || RECOMMEND_LABEL);
        asked.dataset.text = message.content || "";
        return asked;
      }
      // An attempt that broke and was followed by another one gives way to it, as it does on a retry here.
      if (message.status !== "complete" && next?.message_type === "assistant") return null;
      return this.#storedReply(message, next ? null : asked);
    });
    return nodes.filter(Boolean);
  }

  /** @param {object} message @param {HTMLElement|null} asked the question, when it may be asked again */
  #storedReply(message, asked) {
    const reply = new AssistantMessage();
    const status = settledStatus(message);
    const text = asked?.dataset.text;
    const turn = { path: text ? ASK : RECOMMEND, text, asked, messageId: message.id };
    const onRetry = asked ? () => this.#retry(turn, reply) : undefined;
    reply.setText(message.content || "");
    reply.setContext(message.context_data?.context);
    reply.setRecommendations(message.context_data?.recommendations);
    if (status === "queued") reply.setWaiting("Waiting in line…");
    else if (UNSETTLED.has(status)) reply.setWaiting("Still being written…");
    else if (status === "stopped") reply.setStopped(onRetry);
    else if (status in FAILED) reply.setFailed(FAILED[status], { onRetry });
    else reply.setDone();
    return reply.node;
  }

  #startTurn(turn) {
    if (this.running) return;
    this.#empty.hidden = true;
    const asked = userMessage(turn.text || RECOMMEND_LABEL);
    this.#messages.append(asked);
    this.#follow({ ...turn, asked });
  }

  #retry(turn, oldReply) {
    if (this.running) return;
    oldReply.node.remove();
    this.#composer.focus();
    this.#follow(turn);
  }

  /** Gives the text back for editing and takes the failed turn off the screen. */
  #edit(turn, reply) {
    reply.node.remove();
    turn.asked.remove();
    this.#composer.text = turn.text;
    this.#composer.focus();
    this.#empty.hidden = this.#messages.childElementCount > 0;
  }

  async #follow(turn) {
    this.#loading?.abort();
    clearTimeout(this.#poll);
    const reply = new AssistantMessage();
    turn.asked.after(reply.node);
    reply.setWaiting("Thinking…");
    this.#scroll.toEnd();
    this.#claimSession();
    const running = new AbortController();
    this.#running = running;
    this.#answerId = null;
    this.#composer.busy = true;
    this.#announcer.begin();
    this.#announcer.say("The assistant is answering.");
    try {
      await this.#receive(turn, reply, running.signal);
    } catch (error) {
      this.#ended(turn, reply, error, running);
    } finally {
      if (this.#running === running) {
        this.#running = null;
        this.#composer.busy = false;
      }
      if (api.loggedIn) this.#sessions.refresh();
    }
  }

  /** The id is chosen here, not by the server, so that a retry lands in the session that kept the failed question. */
  #claimSession() {
    if (this.#sessionId) return;
    this.#sessionId = newSessionId();
    showInAddress(this.#sessionId, true);
    this.#sessions.mark(this.#sessionId);
  }

  async #receive(turn, reply, signal) {
    for await (const { event, data } of this.#events(turn, signal)) {
      if (signal.aborted) throw new DOMException("Stopped", "AbortError");
      if (event === "done") return this.#complete(turn, reply, data);
      this.#apply(event, data, reply, turn);
    }
    throw new ApiError({ message: BROKEN_OFF });
  }

  /** The answer's events. A question asked right after a stop waits until the server has noticed the stop. */
  async *#events(turn, signal) {
    const { path, body } = this.#request(turn);
    for (;;) {
      try {
        return yield* api.stream(path, body, signal);
      } catch (error) {
        if (error.code !== 409 || performance.now() - this.#stoppedAt > STOP_NOTICED_MS) throw error;
        await pause(BUSY_PAUSE_MS);
      }
    }
  }

  /**
   * A question that the server has kept is not sent twice. But its retry is always plain chat, so that recommendations have
   * to be asked for anew.
   */
  #request({ path, text, messageId }) {
    if (messageId && path === ASK) return { path: retryOf(messageId) };
    return { path, body: { message: text, session_id: this.#sessionId } };
  }

  #apply(event, data, reply, turn) {
    if (event === "start") {
      turn.messageId = data.message_id;
      this.#answerId = data.message_id;
      reply.setWaiting("Thinking…");
      this.#sessions.refresh();
    } else if (event === "queued") {
      reply.setWaiting(Number.isInteger(data.position) ? `You are ${ordinal(data.position)} in line…` : "Waiting in line…");
    } else if (event === "delta") {
      reply.setStreaming();
      reply.append(String(data.content ?? ""));
      this.#announcer.follow(reply.text);
    } else if (event === "recommendations") {
      reply.setRecommendations(data.recommendations);
    } else if (event === "error") {
      throw new ApiError(data);
    }
  }

  #complete(turn, reply, answer) {
    if (typeof answer.assistant_response === "string") reply.setText(answer.assistant_response);
    reply.setContext(answer.context);
    reply.setRecommendations(answer.recommendations);
    if (answer.status === "stopped") reply.setStopped(() => this.#retry(turn, reply));
    else reply.setDone();
    if (!turn.text && answer.user_message) turn.asked.querySelector(".bubble").textContent = answer.user_message;
    this.#announcer.finish(reply.text);
    for (const fact of accountFacts(answer.context)) this.#announcer.say(fact.text);
    const count = answer.recommendations?.length;
    if (count) this.#announcer.say(`Recommended: ${answer.recommendations.map((item) => item.name).join(", ")}.`);
    if (answer.status === "stopped") this.#announcer.say("Stopped.");
  }

  #ended(turn, reply, error, running) {
    const onRetry = () => this.#retry(turn, reply);
    if (running.signal.aborted) {
      reply.setStopped(onRetry);
      this.#announcer.say("Stopped.");
    } else if (error instanceof SignedOutError) {
      // The log-in form covers the page; the text waits in the message box.
      reply.node.remove();
      turn.asked.remove();
      if (!this.#composer.text) this.#composer.text = turn.text;
      this.#onSignedOut();
    } else {
      const onEdit = turn.text ? () => this.#edit(turn, reply) : undefined;
      const message = messageOf(error);
      reply.setFailed(message, { onRetry, onEdit });
      this.#announcer.say(message);
    }
  }
}

const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
const SUFFIXES = { one: "st", two: "nd", few: "rd", other: "th" };

/** @param {number} position 3 @returns {string} "3rd" */
function ordinal(position) {
  return `${position}${SUFFIXES[ORDINALS.select(position)]}`;
}

/** Who leaves a conversation in mid-answer only hangs up; the server sees no more than that. */
function settledStatus({ status = "complete", reason }) {
  return status === "interrupted" && reason === "client_left" ? "stopped" : status;
}

/** Own errors carry a sentence for the user; anything else is a fault of this page and is told to the console. */
function messageOf(error) {
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return "Something went wrong on this page. Please try again.";
}
