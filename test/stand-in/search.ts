/** A passage of a file that fits a query. */
export interface SearchHit {
  fileId: string;
  filename: string;
  text: string;
  /** 0 to 1. */
  score: number;
}

export interface SearchablePassage {
  fileId: string;
  filename: string;
  text: string;
}

/** Ranks passages by how many of the query's words they contain. */
export function searchPassages(
  passages: Iterable<SearchablePassage>,
  query: string,
  maxResults: number,
): SearchHit[] {
  const wanted = words(query);
  const hits: SearchHit[] = [];
  for (const passage of passages) {
    const present = words(passage.text);
    const shared = [...wanted].filter((word) => present.has(word)).length;
    if (shared > 0) hits.push({ ...passage, score: shared / wanted.size });
  }
  return hits.toSorted((a, b) => b.score - a.score).slice(0, maxResults);
}

function words(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));
}
