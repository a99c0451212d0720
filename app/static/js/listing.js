// A listing's page: the total of the chosen days, and renting it in one press.

import { api } from "./api.js";
import { Auth } from "./auth.js";
import { byId, el } from "./dom.js";
import { ApiError, SignedOutError } from "./errors.js";
import { addDays, daysBetween, formatDay, formatMoney, formatSpan, plural } from "./format.js";
import { ROOT } from "./links.js";

const CHOOSE = "Choose the first day and the day of return to see the total.";
const CHECKING = "Checking whether it is free…";
const OWN = "This is your own listing; you need not rent it.";
const ENDED = "Your log-in has ended. Log in again to rent it; your dates are kept.";

class RentPage {
  #section = byId("rent");
  #form = byId("rent-form");
  #start = byId("start");
  #end = byId("end");
  #message = byId("quote-message");
  #nextFree = byId("next-free");
  #error = byId("rent-error");
  #note = byId("rent-note");
  #rent = byId("rent-button");
  #logIn = byId("log-in-button");
  #auth = new Auth(() => this.#loggedIn());
  #user = null;
  #quote = null;
  #checking = null;
  #sending = false;

  constructor() {
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", () => this.#changed());
    this.#nextFree.addEventListener("click", () => this.#takeNextFree());
    this.#rent.addEventListener("click", () => this.#book());
    this.#logIn.addEventListener("click", () => this.#showLogIn());
    // The browser's back button may bring up the page as it was an hour ago.
    window.addEventListener("pageshow", (event) => event.persisted && this.#check());
  }

  /** What the server said when it made the page is checked anew: the page may come from a cache. */
  async start() {
    await this.#loadUser();
    if (this.#start.value && this.#end.value) await this.#check();
    else this.#draw();
  }

  async #loadUser() {
    this.#user = null;
    if (!api.loggedIn) return;
    try {
      const profile = await api.profile();
      this.#user = profile.user ?? profile;
    } catch (error) {
      if (error instanceof SignedOutError) api.forget();
      // Without the profile the button still works; only the word on one's own listing is missing.
    }
  }

  get #listingId() {
    return Number(this.#section.dataset.listing);
  }

  get #isOwn() {
    return this.#user !== null && this.#user.id === Number(this.#section.dataset.owner);
  }

  #changed() {
    this.#sayError("");
    this.#keepInAddress();
    return this.#check();
  }

  /** A reload, a bookmark and the way back from elsewhere keep the dates. */
  #keepInAddress() {
    const chosen = Object.entries({ start: this.#start.value, end: this.#end.value }).filter(([, day]) => day);
    const query = new URLSearchParams(chosen).toString();
    window.history.replaceState(null, "", `${window.location.pathname}${query ? `?${query}` : ""}`);
  }

  /** Asks the server for total and availability of the dates in the form. */
  async #check() {
    this.#checking?.abort();
    this.#quote = null;
    const problem = this.#dateProblem();
    if (problem) return this.#draw(problem);
    const checking = new AbortController();
    this.#checking = checking;
    this.#draw(CHECKING);
    try {
      const quote = await api.quote(this.#listingId, this.#start.value, this.#end.value, checking.signal);
      if (checking.signal.aborted) return undefined;
      this.#quote = quote;
      this.#draw(quote.message);
      if (!quote.available) await this.#lookForOwnRental(quote);
    } catch (error) {
      if (!checking.signal.aborted) this.#draw(messageOf(error));
    }
    return undefined;
  }

  /** What can be told without asking the server, which has the last word. */
  #dateProblem() {
    const { value: start, validity } = this.#start;
    const { value: end } = this.#end;
    if (!start || !end) return CHOOSE;
    if (validity.rangeUnderflow) return "The first day is past: choose today or a later day.";
    if (end <= start) return "The day of return comes after the first day.";
    if (validity.rangeOverflow || this.#end.validity.rangeOverflow) return `Choose days until ${formatDay(this.#end.max)}.`;
    return "";
  }

  /** "Taken" is a puzzle to the one who has taken it, be it in another tab or by a press whose answer got lost. */
  async #lookForOwnRental(quote) {
    if (!api.loggedIn) return;
    try {
      const { items } = await api.rentals({ listing_id: quote.listing_id, page_size: 100 });
      const own = items.find((rental) => blocks(rental, quote));
      if (own && this.#quote === quote) this.#sayOwnRental(own);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #sayOwnRental(rental) {
    const days = formatSpan(rental.start_date, rental.end_date);
    const link = el("a", { href: `${ROOT}/rentals/${rental.id}` }, "See your rental");
    this.#note.replaceChildren(`You have booked it yourself from ${days}. `, link);
    this.#note.hidden = false;
  }

  /** @param {string} [message] what to say of the dates; the server's own word stays when none is given */
  #draw(message) {
    if (message !== undefined && message !== this.#message.textContent) this.#message.textContent = message;
    const free = this.#quote?.available === true;
    this.#message.classList.toggle("taken", this.#quote !== null && !free);
    this.#message.setAttribute("aria-busy", String(message === CHECKING));
    this.#drawTotal(free);
    this.#drawNextFree();
    this.#note.textContent = this.#isOwn ? OWN : "";
    this.#note.hidden = !this.#isOwn;
    this.#rent.hidden = !free || this.#isOwn || !api.loggedIn;
    this.#rent.disabled = this.#sending;
    this.#logIn.hidden = api.loggedIn;
    this.#rent.textContent = this.#sending ? "Renting it…" : `Rent it for ${free ? this.#money(this.#quote.total) : ""}`;
  }

  #drawTotal(free) {
    byId("total").hidden = !free;
    if (!free) return;
    const { total, days, daily_rate: rate } = this.#quote;
    byId("total-days").textContent = `${plural(days, "day")} at ${this.#money(rate)}`;
    byId("total-amount").textContent = this.#money(total);
    byId("daily-rate").textContent = this.#money(rate);
  }

  #drawNextFree() {
    const from = this.#quote?.available === false ? this.#quote.free_from : null;
    this.#nextFree.hidden = !from;
    if (from) this.#nextFree.textContent = `Take ${formatSpan(from, addDays(from, this.#quote.days))} instead`;
  }

  #money(amount) {
    return formatMoney(amount, this.#quote?.currency);
  }

  async #takeNextFree() {
    const { free_from: from, days } = this.#quote;
    this.#start.value = from;
    this.#end.value = addDays(from, days);
    await this.#changed();
    this.#focusNext();
  }

  /** To what can be done now: a button that has gone takes the keyboard's place on the page with it. */
  #focusNext() {
    [this.#rent, this.#logIn, this.#start].find((node) => !node.hidden).focus();
  }

  async #book() {
    if (this.#sending || !this.#quote?.available) return;
    const { listing_id, start, end, total } = this.#quote;
    this.#sayError("");
    this.#setSending(true);
    try {
      this.#showBooked(await api.book({ listing_id, start_date: start, end_date: end, expected_total: total }));
    } catch (error) {
      this.#sending = false;
      await this.#refused(error);
    }
  }

  #setSending(sending) {
    this.#sending = sending;
    this.#form.inert = sending;
    this.#draw();
  }

  /** Says why it was not rented, beside how things are now. */
  async #refused(error) {
    this.#form.inert = false;
    if (error instanceof SignedOutError) {
      api.forget();
      this.#draw();
      this.#showLogIn(ENDED);
      return;
    }
    await this.#check();
    this.#sayError(messageOf(error));
    this.#focusNext();
  }

  #sayError(text) {
    this.#error.textContent = text;
    this.#error.hidden = text === "";
  }

  #showBooked(rental) {
    const { start_date: start, end_date: end, days, total } = rental;
    this.#section.hidden = true;
    byId("booked").hidden = false;
    byId("booked-title").textContent = `${this.#section.dataset.name} is booked for you`;
    byId("booked-text").textContent =
      `From ${formatSpan(start, end)}, the day of return: ${plural(days, "day")}, ${formatMoney(total)} in all. ` +
      (rental.status === "pending" ? "The owner has yet to confirm it." : "");
    byId("booked-link").href = `${ROOT}/rentals/${rental.id}`;
    byId("booked-title").focus();
  }

  #showLogIn(notice = "Log in to rent it; your dates are kept.") {
    byId("log-in").hidden = false;
    this.#logIn.setAttribute("aria-expanded", "true");
    this.#auth.show(notice);
  }

  async #loggedIn() {
    byId("log-in").hidden = true;
    this.#logIn.setAttribute("aria-expanded", "false");
    await this.#loadUser();
    await this.#check();
    this.#focusNext();
  }
}

/** Whether a rental is what takes some of the quote's days. */
function blocks({ status, start_date: start, end_date: end }, quote) {
  const open = status === "pending" || status === "active";
  return open && daysBetween(start, quote.end) > 0 && daysBetween(quote.start, end) > 0;
}

function messageOf(error) {
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return "Something went wrong on this page. Please try again.";
}

new RentPage().start();
