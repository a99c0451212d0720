// The little Markdown that models write, as DOM nodes: paragraphs, line breaks, lists, headings, code, bold, italics.
// Everything else, HTML included, stays the text that it is.

import { el } from "./dom.js";
import { ownHref } from "./links.js";

const FENCE = /^\s*```/;
const HEADING = /^\s{0,3}#{1,6}\s+(.+)$/;
const BULLET = /^\s*[-*•]\s+(.*)$/;
const NUMBER = /^\s*(\d{1,4})[.)]\s+(.*)$/;
// The lengths are bounded so that a wall of asterisks cannot make the matching slow.
const INLINE =
  /`([^`\n]{1,1000})`|\*\*([^\n]{1,1000}?)\*\*|\*([^\s*][^*\n]{0,500})\*|\b_([^\s_][^_\n]{0,500})_\b|\[([^\]\n]{1,300})\]\(([^()\s]{1,500})\)|(https?:\/\/[^\s<>()"]{1,500}[^\s<>()".,;:!?])/g;
const MAX_NESTING = 3;

function link(label, url) {
  const href = ownHref(url);
  if (href) return el("a", { href }, label);
  return document.createTextNode(label === url ? url : `${label} (${url})`);
}

function inlineNode(match, depth) {
  const [, code, strong, star, underscore, label, target, bare] = match;
  if (code) return el("code", {}, code);
  if (strong) return el("strong", {}, ...inline(strong, depth + 1));
  if (star || underscore) return el("em", {}, ...inline(star || underscore, depth + 1));
  return label ? link(label, target) : link(bare, bare);
}

/** Nodes and strings for one line of text. */
function inline(text, depth = 0) {
  if (depth > MAX_NESTING) return [text];
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(from, match.index), inlineNode(match, depth));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== "");
}

/** @param {string} text one line @returns {string} the line without its marks */
export function plainText(text) {
  return el("span", {}, ...inline(text)).textContent;
}

const startsBlock = (line) => [FENCE, HEADING, BULLET, NUMBER].some((pattern) => pattern.test(line));

function takeFence(lines, at) {
  let end = at + 1;
  while (end < lines.length && !FENCE.test(lines[end])) end += 1;
  return { type: "code", lines: lines.slice(at + 1, end), next: end + 1 };
}

/** Items of one list; a blank line between two items does not end it, an indented line belongs to its item. */
function takeList(lines, at, type) {
  const pattern = type === "ul" ? BULLET : NUMBER;
  const items = [];
  let i = at;
  for (; i < lines.length; i += 1) {
    const match = pattern.exec(lines[i]);
    if (match) items.push(match.at(-1));
    else if (lines[i].trim() === "" && pattern.test(lines[i + 1] ?? "")) continue;
    else if (/^\s+\S/.test(lines[i]) && !startsBlock(lines[i])) items[items.length - 1] += `\n${lines[i].trim()}`;
    else break;
  }
  return { type, lines: items, start: type === "ol" ? NUMBER.exec(lines[at])[1] : null, next: i };
}

function takeParagraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() !== "" && !startsBlock(lines[end])) end += 1;
  return { type: "p", lines: lines.slice(at, end), next: end };
}

function takeBlock(lines, at) {
  const line = lines[at];
  if (FENCE.test(line)) return takeFence(lines, at);
  if (HEADING.test(line)) return { type: "heading", lines: [HEADING.exec(line)[1]], next: at + 1 };
  if (BULLET.test(line)) return takeList(lines, at, "ul");
  if (NUMBER.test(line)) return takeList(lines, at, "ol");
  return takeParagraph(lines, at);
}

function parseBlocks(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at].trim() === "") {
      at += 1;
      continue;
    }
    const block = takeBlock(lines, at);
    at = block.next;
    blocks.push(block);
  }
  return blocks;
}

function withBreaks(lines) {
  return lines.flatMap((line, i) => (i === 0 ? inline(line) : [el("br"), ...inline(line)]));
}

function blockNode({ type, lines, start }) {
  if (type === "code") return el("pre", { tabindex: "0" }, el("code", {}, lines.join("\n")));
  if (type === "heading") return el("p", { class: "heading", dir: "auto" }, ...inline(lines[0]));
  if (type === "p") return el("p", { dir: "auto" }, ...withBreaks(lines));
  const items = lines.map((item) => el("li", { dir: "auto" }, ...withBreaks(item.split("\n"))));
  return el(type, { start: start && start !== "1" ? start : null }, ...items);
}

const sources = new WeakMap();

/**
 * Shows `text` in `container`. Blocks that did not change keep their nodes, so that a growing answer costs little and a
 * selection in its finished part survives.
 * @param {Element} container
 * @param {string} text
 */
export function renderMarkdown(container, text) {
  const blocks = parseBlocks(text);
  blocks.forEach((block, i) => {
    const source = JSON.stringify([block.type, block.start, block.lines]);
    const old = container.children[i];
    if (old && sources.get(old) === source) return;
    const node = blockNode(block);
    sources.set(node, source);
    if (old) old.replaceWith(node);
    else container.append(node);
  });
  while (container.children.length > blocks.length) container.lastElementChild.remove();
}
