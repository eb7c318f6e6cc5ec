let backlog: (() => void)[] = [];

/**
 * Does work that nobody waits for once this turn of the event loop has answered all that it can: callers have their
 * answers sooner, and much of the same in a row takes less time than a little of it between answers.
 */
export function afterThisTurn(work: () => void): void {
  if (backlog.length === 0) setImmediate(workOff);
  backlog.push(work);
}

function workOff(): void {
  const works = backlog;
  backlog = [];
  for (const work of works) work();
}
