// Server-sent events from a fetch body. EventSource cannot send a POST or an Authorization header.
// Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

const MAX_EVENT_CHARS = 2_000_000;

/** Turns pieces of text, cut anywhere, into events. */
export class SseParser {
  #line = "";
  #data = [];
  #size = 0;
  #event = "";
  #skipLineFeed = false;

  /**
   * @param {string} text the next piece of the stream
   * @returns {{event: string, data: string}[]} the events that this piece completed
   * @throws {RangeError} when one event grows past what any answer needs
   */
  push(text) {
    const events = [];
    let start = 0;
    for (let i = 0; i < text.length; i += 1) {
      const char = text[i];
      if (char !== "\n" && char !== "\r") {
        this.#skipLineFeed = false;
        continue;
      }
      // A CR ends the line at once, without a look at the next character, which may be a long time coming.
      if (char === "\n" && this.#skipLineFeed) {
        this.#skipLineFeed = false;
        start = i + 1;
        continue;
      }
      this.#skipLineFeed = char === "\r";
      const event = this.#endLine(this.#line + text.slice(start, i));
      if (event) events.push(event);
      this.#line = "";
      start = i + 1;
    }
    this.#line += text.slice(start);
    if (this.#line.length + this.#size > MAX_EVENT_CHARS) throw new RangeError("The answer holds an event that is too long.");
    return events;
  }

  #endLine(line) {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") {
      this.#data.push(value);
      this.#size += value.length;
    }
    return null;
  }

  #dispatch() {
    const event = this.#data.length > 0 ? { event: this.#event || "message", data: this.#data.join("\n") } : null;
    this.#data = [];
    this.#size = 0;
    this.#event = "";
    return event;
  }
}

/** The next chunk, or an error when none comes within `idleMs` milliseconds. */
async function readWithin(reader, idleMs) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("The connection went silent.")), idleMs);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads events until the stream ends. Leaving the loop early closes the connection.
 * @param {ReadableStream<Uint8Array>} body
 * @param {number} idleMs how long the stream may stay silent, comments included, in milliseconds
 * @yields {{event: string, data: string}}
 */
export async function* readEvents(body, idleMs) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, idleMs);
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
