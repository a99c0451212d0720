// Recommendations as cards. All of it is the server's text, none of it markup; any field may be missing.

import { el, icon } from "./dom.js";
import { formatDay, formatMoney, formatPrice, formatSpan, plural } from "./format.js";
import { ownHref } from "./links.js";
import { plainText } from "./markdown.js";

const MAX_REASONS = 3;
const text = (value) => (value === null || value === undefined || typeof value === "object" ? "" : String(value).trim());
const isObject = (value) => value !== null && typeof value === "object";

/** @param {{amount?: string, currency?: string, days?: number}|null|undefined} total of the dates asked for */
function totalText(total) {
  if (!isObject(total) || text(total.amount) === "") return "";
  const amount = formatMoney(total.amount, text(total.currency) || "USD");
  return Number.isFinite(total.days) ? `${amount} for ${plural(total.days, "day")}` : `${amount} in all`;
}

/** @param {{from?: string|null, to?: string|null}|null|undefined} available `to` is the day of return */
function availableText(available) {
  if (!isObject(available)) return "";
  const { from, to } = available;
  return formatSpan(from, to) || (formatDay(from) && `from ${formatDay(from)}`) || (formatDay(to) && `until ${formatDay(to)}`);
}

function fact(iconName, label, value) {
  if (!value) return null;
  return el("li", {}, icon(iconName), el("span", {}, el("span", { class: "visually-hidden" }, `${label}: `), value));
}

function facts(item) {
  const free = availableText(item.available);
  const own = (value) => (text(value) ? el("span", { dir: "auto" }, text(value)) : null);
  const shown = [
    free ? el("li", {}, icon("calendar"), el("span", {}, `Free ${free}`)) : null,
    fact("tag", "Condition", own(item.condition)),
    fact("pin", "Location", own(item.location)),
  ].filter(Boolean);
  return shown.length > 0 ? el("ul", { class: "card-facts" }, ...shown) : null;
}

/** Up to three reasons; an answer from before there were several has one sentence. */
function reasons({ reasons: given, reason }) {
  const told = Array.isArray(given) ? given.map((one) => text(isObject(one) ? one.fact : one)).filter(Boolean) : [];
  if (told.length > 0) {
    const shown = told.slice(0, MAX_REASONS).map((one) => el("li", { dir: "auto" }, one));
    return el("ul", { class: "card-reasons", "aria-label": "Why" }, ...shown);
  }
  return text(reason) ? el("p", { class: "card-reason", dir: "auto" }, plainText(text(reason))) : null;
}

/** With dates and a total the page has nothing left to ask but the press. */
function link(href, name, total) {
  const label = total ? "Rent it" : "See it";
  return el("a", { class: "card-link", href }, label, el("span", { class: "visually-hidden" }, ` ${name}`));
}

function picture(url) {
  const src = ownHref(url);
  return src ? el("img", { class: "card-image", src, alt: "", loading: "lazy" }) : null;
}

/** @param {object} item one of the `recommendations` of an answer */
function card(item) {
  const href = ownHref(item.url);
  const name = text(item.name) || "Unnamed instrument";
  const total = totalText(item.total);
  const price = [formatPrice(item.price), total].filter(Boolean).join(" · ");
  return el(
    "li",
    { class: href ? "card linked" : "card" },
    picture(item.image_url),
    el("h2", { class: "card-name", dir: "auto" }, name),
    price ? el("p", { class: "card-price" }, price) : null,
    reasons(item),
    facts(item),
    href ? link(href, name, total) : null,
    // An address that is not ours is shown, not linked: the user can see what the answer wanted to point at.
    !href && text(item.url) ? el("p", { class: "card-address" }, text(item.url)) : null,
  );
}

/**
 * @param {unknown} items the `recommendations` of an answer
 * @returns {HTMLElement|null} null when there is nothing to show
 */
export function renderCards(items) {
  const usable = Array.isArray(items) ? items.filter(isObject) : [];
  if (usable.length === 0) return null;
  return el("ul", { class: "cards", "aria-label": "Recommendations" }, ...usable.map(card));
}
