// The user's rentals: all of them, or the one that the address names.

import { api } from "./api.js";
import { Auth } from "./auth.js";
import { button, byId, el } from "./dom.js";
import { ApiError, SignedOutError } from "./errors.js";
import { addDays, daysBetween, formatDay, formatMoney, plural } from "./format.js";
import { ROOT } from "./links.js";

const LOG_IN = "Log in to see your rentals.";
const ENDED = "Your log-in has ended. Please log in again.";
const NONE = "You have rented nothing so far.";
const STATUS = {
  pending: "Not yet confirmed by the owner",
  active: "Confirmed",
  completed: "Returned",
  cancelled: "Cancelled",
};

const page = byId("main");
const list = byId("rentals");
const more = byId("more-rentals");
const { today, rental: wanted } = page.dataset;
const auth = new Auth(load);
let user = null;
let nextPage = 1;

function say(text) {
  byId("rentals-note").textContent = text;
  byId("rentals-note").hidden = text === "";
}

/** What to call a rental's state, and how it looks. */
function stateOf({ status, start_date: start, end_date: end }) {
  const left = daysBetween(today, end);
  if (status !== "active") return [STATUS[status] ?? status, status === "pending" ? "" : "off"];
  if (left < 0) return [`${plural(-left, "day")} late`, "bad"];
  if (start > today) return [STATUS.active, "good"];
  return [left === 0 ? "Due back today" : `Due back in ${plural(left, "day")}`, "good"];
}

function fact(label, value) {
  return el("div", {}, el("dt", {}, label), el("dd", { dir: "auto" }, value));
}

function facts(rental) {
  return el(
    "dl",
    { class: "facts" },
    fact("From", formatDay(rental.start_date)),
    fact("Due back", formatDay(rental.end_date)),
    fact("Total", `${formatMoney(rental.total)} for ${plural(rental.days, "day")} at ${formatMoney(rental.daily_rate)}`),
    fact("Where", rental.location),
  );
}

/** Renting the same listing again from the day of return on: as long as last time, to start with. */
function extendLink({ listing_id: id, end_date: end, days }) {
  const from = end < today ? today : end;
  const href = `${ROOT}/listings/${id}?${new URLSearchParams({ start: from, end: addDays(from, days) })}`;
  return el("a", { class: "button", href }, "Keep it longer");
}

function actions(rental, node) {
  const begun = rental.start_date <= today;
  // What its owner never confirmed has come to nothing once its days are over.
  const open = rental.status === "active" || (rental.status === "pending" && rental.end_date > today);
  const offered = [
    open ? extendLink(rental) : null,
    open && (rental.status === "pending" || !begun)
      ? button("button", () => cancel(rental, node), "Cancel the rental")
      : null,
  ].filter(Boolean);
  return offered.length > 0 ? el("div", { class: "form-actions" }, ...offered) : null;
}

/** What to do next, in a sentence. */
function advice(rental) {
  if (rental.renter_id !== user.id) return "Somebody rents this from you.";
  if (rental.status !== "active" || rental.start_date > today) return null;
  return `Bring it back to its owner in ${rental.location}; the owner then marks it as returned.`;
}

function card(rental) {
  const [state, look] = stateOf(rental);
  const href = `${ROOT}/listings/${rental.listing_id}`;
  const own = rental.renter_id === user.id;
  const node = el("article", { class: "rental" });
  const told = advice(rental);
  node.append(
    el(
      "header",
      { class: "rental-head" },
      el("h2", { dir: "auto", tabindex: "-1" }, el("a", { href }, rental.instrument_name)),
      el("p", { class: `badge ${look}` }, state),
    ),
    facts(rental),
    ...[told ? el("p", {}, told) : null, own ? actions(rental, node) : null].filter(Boolean),
  );
  return node;
}

async function cancel(rental, node) {
  const dialog = byId("cancel-dialog");
  byId("cancel-name").textContent = rental.instrument_name;
  // A dialog keeps its last answer; Escape would otherwise repeat it.
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "cancel") return;
  await guarded(async () => {
    const fresh = card(await api.cancelRental(rental.id));
    node.replaceWith(fresh);
    fresh.querySelector("h2").focus();
    say(`The rental of ${rental.instrument_name} is cancelled.`);
  });
}

async function loadOne() {
  list.replaceChildren(card(await api.rental(wanted)));
}

async function loadMore() {
  const { items, nextPage: following } = await api.rentals({ page: nextPage });
  const cards = items.map(card);
  const focused = document.activeElement === more;
  list.append(...cards);
  if (list.childElementCount === 0) say(NONE);
  nextPage = following;
  more.hidden = !following;
  if (focused) cards[0]?.querySelector("h2").focus();
}

/** Runs `work`; a refusal is told on the page, an ended log-in asks for a new one. */
async function guarded(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error instanceof SignedOutError) signedOut(ENDED);
    else say(error.message);
  }
}

function signedOut(notice) {
  api.forget();
  list.replaceChildren();
  more.hidden = true;
  say("");
  byId("log-in").hidden = false;
  auth.show(notice);
}

async function load() {
  byId("log-in").hidden = true;
  list.replaceChildren();
  nextPage = 1;
  say("Loading…");
  await guarded(async () => {
    const profile = await api.profile();
    user = profile.user ?? profile;
    say("");
    await (wanted ? loadOne() : loadMore());
  });
}

more.addEventListener("click", () => guarded(loadMore));
if (api.loggedIn) load();
else signedOut(LOG_IN);
