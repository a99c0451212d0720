// Values as people read them.

const LOCALE = document.documentElement.lang || "en";
const DAY_MS = 86_400_000;

function money(amount, currency, digits = {}) {
  try {
    return new Intl.NumberFormat("en-US", { style: "currency", currency, ...digits }).format(amount);
  } catch {
    return `${amount} ${currency}`;
  }
}

/** An amount with its cents, as totals are written. @param {number|string} amount @param {string} currency ISO 4217 */
export function formatMoney(amount, currency = "USD") {
  return Number.isFinite(Number(amount)) ? money(Number(amount), currency) : String(amount);
}

/**
 * @param {{amount: string, currency?: string, unit?: string}|number|string|null|undefined} price a bare amount is US$ a
 *   day; an amount that is no number is shown as it is
 * @returns {string|null}
 */
export function formatPrice(price) {
  const { amount, currency = "USD", unit = "day" } = price && typeof price === "object" ? price : { amount: price };
  if (amount === null || amount === undefined || amount === "") return null;
  if (!Number.isFinite(Number(amount))) return String(amount);
  const digits = Number.isInteger(Number(amount)) ? { minimumFractionDigits: 0 } : {};
  return `${money(Number(amount), String(currency), digits)} a ${unit}`;
}

/** @param {unknown} iso such as 2026-12-19 @returns {Date|null} its midnight in UTC */
function parseDay(iso) {
  if (typeof iso !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(iso)) return null;
  const day = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(day.getTime()) ? null : day;
}

/** A day as the server's sentences have it, such as 19 December 2026; empty when it is none. @param {unknown} iso */
export function formatDay(iso, { year = true } = {}) {
  const options = { day: "numeric", month: "long", year: year ? "numeric" : undefined, timeZone: "UTC" };
  return parseDay(iso)?.toLocaleDateString("en-GB", options) ?? "";
}

/** Two days, such as 12 December to 19 December 2026; empty unless both are days. @param {unknown} start @param {unknown} end */
export function formatSpan(start, end) {
  if (!parseDay(start) || !parseDay(end)) return "";
  return `${formatDay(start, { year: start.slice(0, 4) !== end.slice(0, 4) })} to ${formatDay(end)}`;
}

/** How many days lie between two days; NaN when one is none. @param {unknown} from @param {unknown} to */
export function daysBetween(from, to) {
  return (parseDay(to)?.getTime() - parseDay(from)?.getTime()) / DAY_MS;
}

/** A day some days later. @param {string} iso @param {number} days */
export function addDays(iso, days) {
  return new Date(parseDay(iso).getTime() + days * DAY_MS).toISOString().slice(0, 10);
}

/** @param {string|null|undefined} iso a time stamp; one without an offset is UTC */
function parseTime(iso) {
  if (typeof iso !== "string") return null;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`;
  const time = new Date(zoned);
  return Number.isNaN(time.getTime()) ? null : time;
}

/** The hour for today, the date for anything older; empty when there is no time. */
export function formatWhen(iso, now = new Date()) {
  const time = parseTime(iso);
  if (!time) return "";
  if (time.toDateString() === now.toDateString()) {
    return time.toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit" });
  }
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(LOCALE, { day: "numeric", month: "short", year });
}

/** @param {number} count @param {string} noun in the singular */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
