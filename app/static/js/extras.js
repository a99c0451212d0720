// What stands below an answer besides its cards: facts from the user's account, and what was assumed.

import { el } from "./dom.js";
import { ownHref } from "./links.js";

const said = (value) => (typeof value === "string" ? value.trim() : "");
const listOf = (value) => (Array.isArray(value) ? value : []);

/** @param {unknown} context the `context` of an answer @returns {{text: string, url: unknown}[]} */
export function accountFacts(context) {
  return listOf(context?.facts)
    .map((fact) => ({ text: said(fact?.text), url: fact?.url }))
    .filter((fact) => fact.text !== "");
}

function factItem({ text, url }) {
  const href = ownHref(url);
  const link = href ? el("a", { href }, "See it", el("span", { class: "visually-hidden" }, ` ${text}`)) : null;
  return el("li", { dir: "auto" }, text, link ? " " : null, link);
}

/**
 * @param {unknown} context the `context` of an answer; old answers have none
 * @returns {HTMLElement|null} null when there is nothing to show
 */
export function renderFacts(context) {
  const items = accountFacts(context).map(factItem);
  if (items.length === 0) return null;
  return el("section", { class: "account-facts" }, el("h2", {}, "From your account"), el("ul", {}, ...items));
}

/** @param {unknown} context as above @returns {HTMLElement|null} one quiet line */
export function renderAssumptions(context) {
  const assumed = listOf(context?.assumptions).map(said).filter(Boolean).join(" ");
  return assumed ? el("p", { class: "assumed", dir: "auto" }, `Assumed: ${assumed}`) : null;
}
