// Values as people read them.

const LOCALE = document.documentElement.lang || "en";

function money(amount, currency) {
  const digits = Number.isInteger(amount) ? { minimumFractionDigits: 0 } : {};
  try {
    return new Intl.NumberFormat("en-US", { style: "currency", currency, ...digits }).format(amount);
  } catch {
    return `${amount} ${currency}`;
  }
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
  return `${money(Number(amount), String(currency))} a ${unit}`;
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
