// A model's words may carry any link. Only links to this very site become clickable.

/** Where the site is mounted: what its own rooted addresses begin with. */
export const ROOT = document.documentElement.dataset.root || "";

/** The site's services know no mount: their addresses are rooted at the site. */
function mounted(url) {
  const isRooted = url.startsWith("/") && !url.startsWith("//");
  return isRooted && !`${url}/`.startsWith(`${ROOT}/`) ? ROOT + url : url;
}

/**
 * @param {unknown} url as it came from the server
 * @returns {string|null} an address on this origin, or null for anything else (other hosts, javascript:, data:, ...)
 */
export function ownHref(url) {
  if (typeof url !== "string" || url.trim() === "") return null;
  try {
    const parsed = new URL(mounted(url), document.baseURI);
    const web = parsed.protocol === "http:" || parsed.protocol === "https:";
    const plain = parsed.username === "" && parsed.password === "";
    return web && plain && parsed.origin === window.location.origin ? parsed.href : null;
  } catch {
    return null;
  }
}
