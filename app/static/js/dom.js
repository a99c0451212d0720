// Building nodes. Text always goes in as text nodes; nothing in this site sets innerHTML.

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id. Throws when the template lacks it, so that a renamed id is noticed at once. */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`The page has no element #${id}`);
  return node;
}

/**
 * A new element.
 * @param {string} tag
 * @param {Object<string, string|boolean|null|undefined>} attributes `true` sets an empty attribute; null, undefined and false set none
 * @param {...(Node|string|null|undefined)} children strings become text nodes; null and undefined are left out
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A decorative icon from the page's sprite. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A button that runs `onClick`. */
export function button(className, onClick, ...children) {
  const node = el("button", { type: "button", class: className }, ...children);
  node.addEventListener("click", onClick);
  return node;
}
