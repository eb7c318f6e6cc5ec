/** Where the runbooks are served; an installation that has them elsewhere puts its own in its place. */
export const runbooksUrl = 'https://assistant-proxy.example/docs/runbooks.md';

/** The section of an alert in docs/runbooks.md, as Markdown's anchors are made. */
export function runbookAnchor(alert: string): string {
  return alert.toLowerCase();
}
