/** A table in the form that the formatter leaves alone: columns padded, pipes escaped. Ends with a line end. */
export function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const rows = [head, ...body].map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')),
  );
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const [first = '', ...rest] = rows.map((row) =>
    line(widths.map((width, column) => (row[column] ?? '').padEnd(width))),
  );
  return [first, line(widths.map((width) => '-'.repeat(width))), ...rest].join('');
}

export function code(text: string): string {
  return `\`${text}\``;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}
