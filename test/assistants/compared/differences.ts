/** Where two results differ, a line for each place: `run.usage.total_tokens: 12, not 13`. */
export function differences(actual: unknown, expected: unknown, path = ''): string[] {
  if (!isContainer(actual) || !isContainer(expected) || Array.isArray(actual) !== Array.isArray(expected)) {
    return Object.is(actual, expected) ? [] : [`${path}: ${shown(actual)}, not ${shown(expected)}`];
  }
  const names = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  return [...names].flatMap((name) =>
    differences(actual[name], expected[name], path === '' ? name : `${path}.${name}`),
  );
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 300);
}
