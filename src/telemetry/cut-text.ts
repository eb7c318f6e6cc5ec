/**
 * What is told of a text that may be of any length. A longer one is cut in a copy, since a slice would keep all of it in
 * memory for as long as it is told.
 *
 * @param maxLength in UTF-16 units
 */
export function cutText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : Buffer.from(text.slice(0, maxLength)).toString('utf8');
}
