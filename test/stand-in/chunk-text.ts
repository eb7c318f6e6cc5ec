import type { Directives } from './directives.ts';
import type { TextPiece, Tokens } from './tokens.ts';

/** Cuts a text as its stream is cut: one token a chunk, or as the directive `chunkCharacters` says. */
export function chunkText(tokens: Tokens, text: string, directives: Directives): TextPiece[] {
  const pieces = tokens.split(text);
  const size = directives.chunkCharacters;
  if (!size) return pieces;
  const characters = [...text];
  const chunks: TextPiece[] = [];
  for (let at = 0; at < characters.length; at += size) {
    chunks.push({ text: characters.slice(at, at + size).join(''), tokens: 0 });
  }
  // Which chunk a token belongs to is anyone's guess; the sum is what counts.
  const last = chunks.at(-1);
  if (last) last.tokens = pieces.reduce((sum, piece) => sum + piece.tokens, 0);
  return chunks;
}
