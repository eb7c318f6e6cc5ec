import assert from 'node:assert/strict';

export interface Family {
  readonly type: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of OpenMetrics: the labels of the observation that stands for others. */
  readonly exemplar: Readonly<Record<string, string>> | undefined;
}

const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const samplePattern =
  /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (-?[\d.]+(?:e[+-]?\d+)?|[+-]Inf|NaN)(?: # \{(.*)\} (\S+) ([\d.]+))?$/;
/** With braces inside values, which the pattern above stops at too early. */
const bracedPattern =
  /^([a-zA-Z_:][\w:]*)\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?[\d.]+(?:e[+-]?\d+)?|[+-]Inf|NaN)(?: # \{(.*)\} (\S+) ([\d.]+))?$/;

/**
 * Reads Prometheus' text format, or OpenMetrics', and is strict about it: every line, label and number must be as
 * the format says, every family is told once and before its samples, every series once, and histograms add up.
 */
export function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'));
  const families = new Map<string, { type: string; samples: ParsedSample[] }>();
  const described = new Set<string>();
  const series = new Set<string>();
  let current = '';
  for (const line of text.split('\n')) {
    if (line === '' || line === '# EOF') continue;
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      assert.ok(!described.has(name), `${name} is told twice`);
      described.add(name);
    } else if (keyword === 'TYPE') {
      assert.ok(described.has(name) && !families.has(name), line);
      assert.match(rest, /^(?:counter|gauge|histogram)$/);
      families.set(name, { type: rest, samples: [] });
      current = name;
    } else {
      const sample = parseSample(line);
      const family = families.get(current);
      assert.ok(family && belongsTo(sample.name, current, family.type), `${line} is not of ${current}`);
      const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).toSorted())}`;
      assert.ok(!series.has(key), `${key} is told twice`);
      series.add(key);
      family.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

function parseSample(line: string): ParsedSample {
  const match = bracedPattern.exec(line) ?? samplePattern.exec(line);
  assert.ok(match, `no sample: ${line}`);
  const [, name = '', labels = '', value = '', exemplar] = match;
  return {
    name,
    labels: parseLabels(labels),
    value: Number(value.replace('Inf', 'Infinity')),
    exemplar: exemplar === undefined ? undefined : parseLabels(exemplar),
  };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < text.length) {
    const match = labelPattern.exec(text);
    assert.ok(match, `no labels: ${text}`);
    const [, name = '', value = ''] = match;
    assert.ok(!Object.hasOwn(labels, name), `${name} stands twice: ${text}`);
    labels[name] = value.replaceAll(/\\(["\\n])/g, (_, escaped) =>
      escaped === 'n' ? '\n' : String(escaped),
    );
  }
  return labels;
}

function belongsTo(sample: string, family: string, type: string): boolean {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'].some((end) => sample === family + end);
  return sample === family || (type === 'counter' && sample === `${family}_total`);
}

/** The buckets of each series ascend, and the last one is its count. */
function checkHistogram(name: string, { samples }: Family): void {
  const last = new Map<string, { le: number; value: number }>();
  for (const { name: part, labels, value } of samples) {
    const { le, ...own } = labels;
    const key = JSON.stringify(own);
    if (part === `${name}_bucket`) {
      const before = last.get(key) ?? { le: -Infinity, value: 0 };
      const bound = Number(le?.replace('Inf', 'Infinity'));
      assert.ok(bound > before.le && value >= before.value, `${name} ${key} does not ascend at ${le}`);
      last.set(key, { le: bound, value });
    } else if (part === `${name}_count`) assert.deepEqual(last.get(key), { le: Infinity, value }, name);
  }
}
