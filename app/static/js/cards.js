// Recommendations as cards.

import { el, icon } from "./dom.js";
import { formatPrice } from "./format.js";
import { ownHref } from "./links.js";
import { plainText } from "./markdown.js";

const text = (value) => (value === null || value === undefined || typeof value === "object" ? "" : String(value).trim());

function fact(iconName, label, value) {
  if (!text(value)) return null;
  const spoken = el("span", { class: "visually-hidden" }, `${label}: `);
  return el("li", {}, icon(iconName), spoken, el("span", { dir: "auto" }, text(value)));
}

/** @param {{name?: string, reason?: string, price?: object|number|string, url?: string, location?: string, condition?: string}} item */
function card(item) {
  const href = ownHref(item.url);
  const name = text(item.name) || "Unnamed instrument";
  const price = formatPrice(item.price);
  const facts = [fact("pin", "Location", item.location), fact("tag", "Condition", item.condition)].filter(Boolean);
  // An address that is not ours is shown, not linked: the user can see what the answer wanted to point at.
  const foreign = !href && text(item.url) ? el("p", { class: "card-address" }, text(item.url)) : null;
  return el(
    "li",
    { class: href ? "card linked" : "card" },
    el("h3", { class: "card-name", dir: "auto" }, href ? el("a", { href }, name) : name),
    price ? el("p", { class: "card-price" }, price) : null,
    text(item.reason) ? el("p", { class: "card-reason", dir: "auto" }, plainText(text(item.reason))) : null,
    facts.length > 0 ? el("ul", { class: "card-facts" }, ...facts) : null,
    foreign,
  );
}

/**
 * @param {unknown} items the `recommendations` of an answer
 * @returns {HTMLElement|null} null when there is nothing to show
 */
export function renderCards(items) {
  const usable = Array.isArray(items) ? items.filter((item) => item && typeof item === "object") : [];
  if (usable.length === 0) return null;
  return el("ul", { class: "cards", "aria-label": "Recommendations" }, ...usable.map(card));
}
