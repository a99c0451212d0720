// The site's HTTP API: adds the bearer token, renews it once when it has expired, and turns refusals into ApiError.

import { ApiError, SignedOutError } from "./errors.js";
import { readEvents } from "./sse.js";
import { tokens } from "./tokens.js";

const BASE = `${document.documentElement.dataset.root || ""}/api`;
// The server sends a comment at least every 15 s; four missed ones mean that the line is dead.
const IDLE_MS = 60_000;
const PAGE_SIZE = 50;
const UNREACHABLE = "The site cannot be reached. Check your connection and try again.";
const BROKEN_OFF = "The connection broke before the answer was complete. Please try again.";

async function send(path, options) {
  try {
    return await fetch(BASE + path, { ...options, credentials: "omit", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ message: UNREACHABLE });
  }
}

async function refusal(response) {
  // A proxy's HTML page has no message for the user; ApiError then has its own.
  const body = await response.json().catch(() => ({}));
  const message = typeof body?.message === "string" ? body.message : undefined;
  return new ApiError({ code: response.status, message, errors: body?.errors || {} });
}

function requestOptions({ method = "GET", body, accept = "application/json", signal }, token) {
  const headers = { Accept: accept };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
}

let renewal = null;

/** Renews the access token. Requests that expire together share one renewal. */
function renew() {
  renewal ??= (async () => {
    if (!tokens.refresh) throw new SignedOutError();
    const response = await send("/auth/refresh", requestOptions({ method: "POST" }, tokens.refresh));
    if (response.status === 401 || response.status === 422) throw new SignedOutError();
    if (!response.ok) throw await refusal(response);
    tokens.store(await response.json());
  })().finally(() => {
    renewal = null;
  });
  return renewal;
}

/** Sends with the access token, and once more with a new one after a 401. */
async function authorized(path, options = {}) {
  const token = tokens.access;
  if (!token) throw new SignedOutError();
  let response = await send(path, requestOptions(options, token));
  if (response.status === 401) {
    if (tokens.access === token) await renew();
    response = await send(path, requestOptions(options, tokens.access));
    if (response.status === 401) throw new SignedOutError();
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function json(path, options) {
  const response = await authorized(path, options);
  return response.json();
}

/** Sends without a token. */
async function open(path, options) {
  const response = await send(path, requestOptions(options));
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/** One page of the user's rentals, latest start first, and the number of the page after it, if any. */
async function rentals(parameters) {
  const response = await authorized(`/rentals?${new URLSearchParams(parameters)}`);
  const paging = JSON.parse(response.headers.get("X-Pagination") || "{}");
  return { items: await response.json(), nextPage: paging.next_page ?? null };
}

/**
 * A page of a list: the newest, or the one that follows `before`.
 * @returns {Promise<{body: any, before: string|null}>} `before` leads to the next page; null on the last
 */
async function page(path, { before = null, signal } = {}) {
  const wanted = new URLSearchParams({ limit: PAGE_SIZE, ...(before === null ? {} : { before }) });
  const response = await authorized(`${path}?${wanted}`, { signal });
  const [, next] = /<([^>]*)>; rel="next"/.exec(response.headers.get("Link")) ?? [];
  const following = next ? new URL(next, window.location.href).searchParams.get("before") : null;
  return { body: await response.json(), before: following };
}

/** Chats, the most recently used first. @param {string|null} before where another page ended */
async function sessions(before = null) {
  const { body, before: following } = await page("/chatbot/sessions", { before });
  return { sessions: body.sessions || [], before: following };
}

/** Messages of a chat, the newest page of them; each page is oldest first. @param {{before?: string, signal?: AbortSignal}} options */
async function history(id, options) {
  const { body, before } = await page(`/chatbot/history/${encodeURIComponent(id)}`, options);
  return { messages: body, before };
}

function parsed({ event, data }) {
  try {
    return { event, data: JSON.parse(data) };
  } catch {
    throw new ApiError({ message: BROKEN_OFF });
  }
}

/**
 * Asks for an answer and follows it.
 * @param {string} path of the chat endpoint, below /chatbot
 * @param {{message: string, session_id: string}|undefined} body a retry has none
 * @param {AbortSignal} signal aborting it ends the request
 * @yields {{event: string, data: object}} the contract's events; `data` is parsed
 * @throws {ApiError} when the server refuses or the connection breaks
 */
async function* stream(path, body, signal) {
  const response = await authorized(`/chatbot${path}`, { method: "POST", body, signal, accept: "text/event-stream" });
  const type = response.headers.get("Content-Type") || "";
  if (!type.startsWith("text/event-stream")) {
    yield { event: "done", data: await response.json() };
    return;
  }
  try {
    for await (const event of readEvents(response.body, IDLE_MS)) yield parsed(event);
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
    throw new ApiError({ message: BROKEN_OFF });
  }
}

export const api = {
  get loggedIn() {
    return Boolean(tokens.access);
  },
  async logIn(email, password) {
    tokens.store(await open("/auth/login", { method: "POST", body: { email, password } }));
  },
  /** Registers and logs in: the API hands out tokens at log-in only. */
  async register(fields) {
    await open("/auth/register", { method: "POST", body: fields });
    await this.logIn(fields.email, fields.password);
  },
  /** Forgets the tokens first: the log-out holds even when the server does not answer. */
  async logOut() {
    const options = requestOptions({ method: "POST", body: { refresh_token: tokens.refresh } }, tokens.access);
    tokens.clear();
    await send("/auth/logout", options).catch(() => {});
  },
  forget: () => tokens.clear(),
  profile: () => json("/auth/profile"),
  sessions,
  history,
  deleteSession: (id) => json(`/chatbot/clear-session/${encodeURIComponent(id)}`, { method: "DELETE" }),
  /** Ends an answer that is being written; whoever follows it gets what was said so far. */
  stopAnswer: (messageId) => json(`/chatbot/messages/${messageId}/stop`, { method: "POST" }),
  /** All that is kept of the user's chats, as JSON lines. */
  exportChats: async () => (await authorized("/chatbot/export", { accept: "application/x-ndjson" })).blob(),
  eraseChats: () => json("/chatbot/account-data", { method: "DELETE" }),
  stream,
  /** Price and availability of a listing from `start` until `end`, the day of return; anybody may ask. */
  quote: (listingId, start, end, signal) =>
    open(`/listings/${listingId}/quote?${new URLSearchParams({ start, end })}`, { signal }),
  book: (booking) => json("/rentals", { method: "POST", body: booking }),
  rentals,
  rental: (id) => json(`/rentals/${id}`),
  cancelRental: (id) => json(`/rentals/${id}`, { method: "PATCH", body: { status: "cancelled" } }),
};
