/**
 * Makes and changes elements. Whatever text comes from the sidecar goes into the page by `textContent` alone, so it
 * is never read as markup.
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 */
export function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * Touches the page only if something changes, so that a selection stays, and screen readers are not disturbed.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {string | number} value
 */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/**
 * One child for each item, in their order; those that stay are the same elements as before, with their focus.
 *
 * @template Item
 * @param {Element} parent
 * @param {Map<string, { node: Element, update: (item: Item) => void }>} known
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {() => { node: Element, update: (item: Item) => void }} make
 */
export function keepChildren(parent, known, items, keyOf, make) {
  const wanted = new Set(items.map(keyOf));
  for (const [key, { node }] of known) {
    if (wanted.has(key)) continue;
    node.remove();
    known.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    const child = known.get(key) ?? make();
    known.set(key, child);
    child.update(item);
    // An element that is moved loses its focus.
    if (parent.children[index] !== child.node)
      parent.insertBefore(child.node, parent.children[index] ?? null);
  });
}
