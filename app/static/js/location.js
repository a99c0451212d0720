// The open session lives in the address, as #session=<id>: a reload, a bookmark and the back button keep the conversation.

const KEY = "session";
const LAST = "last_session";

/** @returns {string|null} */
export function sessionInAddress() {
  return new URLSearchParams(window.location.hash.slice(1)).get(KEY) || null;
}

/** @param {string} id */
export function sessionHash(id) {
  return `#${KEY}=${encodeURIComponent(id)}`;
}

/**
 * Writes the address without firing hashchange.
 * @param {string|null} id null for a new chat
 * @param {boolean} replace true keeps the back button from returning to the old address
 */
export function showInAddress(id, replace = false) {
  const url = window.location.pathname + window.location.search + (id ? sessionHash(id) : "");
  if (replace) window.history.replaceState(null, "", url);
  else window.history.pushState(null, "", url);
  rememberSession(id);
}

/** Lets a listing's page lead back to the conversation that it was opened from. */
export function rememberSession(id) {
  if (id) sessionStorage.setItem(LAST, id);
  else sessionStorage.removeItem(LAST);
}

export function rememberedSession() {
  return sessionStorage.getItem(LAST);
}

/** A new UUID4. Not crypto.randomUUID: browsers have that on https only, and the site may be tried out on a LAN. */
export function newSessionId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
