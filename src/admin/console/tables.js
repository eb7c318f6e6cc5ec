import { element, keepChildren, setText } from './elements.js';

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} label
 * @property {string} [kind] `number`, `name` or `code`: how it is set.
 * @property {(row: Row) => string} [text] What it says; either this or `make`.
 * @property {() => Cell<Row>} [make]
 */

/**
 * @template Row
 * @typedef {{ node: Element, update: (row: Row) => void }} Cell
 */

/**
 * A table with a caption, whose rows stay the same elements as long as their keys do; in its place a sentence while
 * there is nothing to show.
 *
 * @template Row
 * @param {Element} section
 * @param {object} description
 * @param {string} description.caption
 * @param {string} description.empty
 * @param {readonly Column<Row>[]} description.columns The first one heads its row.
 * @param {(row: Row) => string} description.keyOf
 * @returns {(rows: readonly Row[], total?: number) => void}
 */
export function createTable(section, { caption, empty, columns, keyOf }) {
  const nothing = element('p', { class: 'nothing' }, empty);
  const head = element('tr', {}, ...columns.map(heading));
  const body = element('tbody');
  const title = element('caption', { class: 'unseen' }, caption);
  const table = element('table', {}, title, element('thead', {}, head), body);
  const rest = element('p', { class: 'nothing' });
  const legend = section.querySelector('.legend');
  section.append(nothing, table, rest);
  /** @type {Map<string, Cell<Row>>} */
  const known = new Map();
  return (rows, total = rows.length) => {
    table.hidden = rows.length === 0;
    nothing.hidden = rows.length > 0;
    if (legend instanceof HTMLElement) legend.hidden = rows.length === 0;
    rest.hidden = total <= rows.length;
    setText(rest, `${total - rows.length} more are not shown.`);
    keepChildren(body, known, rows, keyOf, makeRow);
  };

  /** @returns {Cell<Row>} */
  function makeRow() {
    const cells = columns.map((column, index) => {
      const { node, update } = column.make?.() ?? textCell(column);
      const tag = index === 0 ? 'th' : 'td';
      const attributes = { class: column.kind ?? 'plain', 'data-label': column.label };
      const cell = element(tag, index === 0 ? { ...attributes, scope: 'row' } : attributes, node);
      return { cell, update };
    });
    const node = element('tr', {}, ...cells.map(({ cell }) => cell));
    return { node, update: (row) => cells.forEach(({ update }) => update(row)) };
  }

  /** @param {Column<Row>} column */
  function textCell({ text }) {
    const node = element('bdi');
    return { node, update: (/** @type {Row} */ row) => setText(node, text?.(row) ?? '') };
  }
}

/** @param {{ label: string, kind?: string }} column */
function heading({ label, kind = 'plain' }) {
  return element('th', { scope: 'col', class: kind }, label);
}
