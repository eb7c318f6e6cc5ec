/**
 * The UTF-16 unit there, 0 before the text and behind it. To read outside of a string is not asked of V8: once it was,
 * each later read at that place of the program is a call, and takes several times as long.
 */
export function codeAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? text.charCodeAt(at) : 0;
}
