/** The series of one metric: a state for each combination of label values that has been seen. */
export interface Series<State> {
  /** @param labelValues in the order of the definition's label names. */
  of(labelValues: readonly string[]): State;
  all(): Iterable<{ readonly labels: Readonly<Record<string, string>>; readonly state: State }>;
}

/** Each label is bounded by itself; this bounds what they may come to together. */
const maxSeries = 2000;

/** Labels whose values callers, or what they call, choose. */
const openLabels: ReadonlySet<string> = new Set([
  'model',
  'gen_ai_request_model',
  'team',
  'app',
  'scope',
  'entity',
]);

/**
 * Found by a look-up for each label, so that nothing is put together for it. Behind `max` series the open labels of
 * new ones are `other`.
 */
export function createSeries<State>(
  labelNames: readonly string[],
  create: () => State,
  max = maxSeries,
): Series<State> {
  interface Node {
    readonly children: Map<string, Node>;
    state: State | undefined;
  }
  const root: Node = { children: new Map(), state: undefined };
  const known: { labels: Record<string, string>; state: State }[] = [];
  const isOpen = labelNames.map((name) => openLabels.has(name));
  return { of: (labelValues) => find(labelValues) ?? add(labelValues), all: () => known };

  function find(labelValues: readonly string[]): State | undefined {
    let node: Node | undefined = root;
    for (const value of labelValues) {
      node = node.children.get(value);
      if (!node) return undefined;
    }
    return node.state;
  }

  function add(labelValues: readonly string[]): State {
    if (known.length >= max) {
      const bounded = labelValues.map((value, index) => (isOpen[index] ? 'other' : value));
      const state = find(bounded);
      if (state !== undefined) return state;
      return grow(bounded);
    }
    return grow(labelValues);
  }

  function grow(labelValues: readonly string[]): State {
    let node = root;
    for (const value of labelValues) {
      const child = node.children.get(value) ?? { children: new Map(), state: undefined };
      node.children.set(value, child);
      node = child;
    }
    const state = (node.state ??= create());
    const pairs = labelNames.map((label, index) => [label, labelValues[index] ?? ''] as const);
    known.push({ labels: Object.fromEntries(pairs), state });
    return state;
  }
}
