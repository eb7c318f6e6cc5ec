import { BlockList, isIP } from 'node:net';

import type { Problem } from './config-error.ts';
import { ambiguousCustoms, missingKeys, unknownEntities, unsharedNames } from './redaction-checks.ts';
import type { WrittenConfig } from './schema.ts';

/**
 * What is wrong between keys that are right each by itself. A check is left out where `problems` has something
 * about a key that it reads, since the value may then be of any shape.
 */
export function crossCheck(config: WrittenConfig, problems: readonly Problem[]): Problem[] {
  const isSound = (key: string): boolean =>
    problems
      .map(({ path }) => path.replaceAll(/\[\d+\]/g, '[]'))
      .every((path) => !isWithin(path, key) && !isWithin(key, path));
  return crossChecks
    .filter(({ reads }) => reads.every(isSound))
    .flatMap(({ findProblems }) => [...findProblems(config)]);
}

interface CrossCheck {
  /** `[]` stands for every item of a list. */
  readonly reads: readonly string[];
  findProblems(config: WrittenConfig): Iterable<Problem>;
}

const crossChecks: readonly CrossCheck[] = [
  { reads: ['listen.host', 'auth.keys'], findProblems: openListen },
  { reads: ['auth.keys[].name', 'auth.keys[].key', 'auth.keys[].keyFile'], findProblems: repeatedKeys },
  { reads: ['store.timeoutMs', 'store.leaseMs'], findProblems: shortLease },
  { reads: ['budgets[].name', 'limits[].name'], findProblems: sharedNames },
  { reads: ['budgets[].limit.usd', 'models.fallbackPrice'], findProblems: freeModels },
  { reads: ['defaults'], findProblems: unfitCaps },
  { reads: ['upstream.fallbacks[].name'], findProblems: sharedUpstreamNames },
  { reads: ['redaction.custom[].name'], findProblems: ambiguousCustoms },
  {
    reads: ['redaction.entities', 'redaction.custom', 'redaction.analyzer.entities'],
    findProblems: unknownEntities,
  },
  {
    reads: [
      'redaction.mode',
      'redaction.entities',
      'redaction.custom[].mode',
      'redaction.hashKey',
      'redaction.hashKeyFile',
      'redaction.encryptionKeyFile',
      'store.encryptionKeyFile',
    ],
    findProblems: missingKeys,
  },
  {
    reads: ['redaction', 'store.encryptionKeyFile', 'identity', 'budgets', 'limits'],
    findProblems: unsharedNames,
  },
];

function* openListen({ listen, auth }: WrittenConfig) {
  if (isLoopback(listen.host) || auth.keys.length > 0) return;
  const message =
    "is beyond loopback, where anybody may call, so callers' keys are needed; set auth.keys, or use 127.0.0.1";
  yield { path: 'listen.host', message };
}

function* repeatedKeys({ auth }: WrittenConfig) {
  for (const member of ['name', 'key', 'keyFile'] as const) {
    const entries = auth.keys.map((key, index) => ({ text: key[member], path: `auth.keys[${index}]` }));
    for (const { path, other } of repetitions(entries)) {
      yield { path: `${path}.${member}`, message: `is the same as that of ${other}; give each its own` };
    }
  }
}

function* shortLease({ store }: WrittenConfig) {
  if (2 * store.timeoutMs <= store.leaseMs) return;
  const message = 'must be at most half of store.leaseMs, so that holds are renewed before they lapse';
  yield { path: 'store.timeoutMs', message };
}

function* sharedNames({ budgets, limits }: WrittenConfig) {
  const entries = [
    ...budgets.map(({ name }, index) => ({ text: name, path: `budgets[${index}]` })),
    ...limits.map(({ name }, index) => ({ text: name, path: `limits[${index}]` })),
  ];
  for (const { path, other } of repetitions(entries)) {
    const message = `is also the name of ${other}; budgets and limits share their names, so give each its own`;
    yield { path: `${path}.name`, message };
  }
}

/** A model that costs nothing would be a way round every budget in USD. */
function* freeModels({ budgets, models }: WrittenConfig) {
  const inUsd = budgets.findIndex(({ limit }) => limit.usd !== undefined);
  if (inUsd === -1) return;
  for (const unit of ['input', 'output'] as const) {
    if (models.fallbackPrice[unit] > 0) continue;
    const message = `must be more than 0, because budgets[${inUsd}] is in USD and models without a price would be free`;
    yield { path: `models.fallbackPrice.${unit}`, message };
  }
}

/** The API takes no cap of a run below that: nearly all runs would end before they have said anything. */
const minCapTokens = 256;

function* unfitCaps({ defaults }: WrittenConfig) {
  for (const cap of ['maxPromptTokens', 'maxCompletionTokens'] as const) {
    const ceiling = `${cap}Ceiling` as const;
    for (const key of [cap, ceiling]) {
      if (defaults[key] === 0 || defaults[key] >= minCapTokens) continue;
      yield { path: `defaults.${key}`, message: `must be 0, or at least ${minCapTokens}, as in the API` };
    }
    if (defaults[ceiling] === 0 || defaults[cap] <= defaults[ceiling]) continue;
    yield { path: `defaults.${cap}`, message: `must be at most defaults.${ceiling}` };
  }
}

function* sharedUpstreamNames({ upstream }: WrittenConfig) {
  const entries = [
    { text: 'primary', path: 'upstream itself' },
    ...upstream.fallbacks.map(({ name }, index) => ({ text: name, path: `upstream.fallbacks[${index}]` })),
  ];
  for (const { path, other } of repetitions(entries)) {
    yield { path: `${path}.name`, message: `is also the name of ${other}; give each its own` };
  }
}

/** The entries whose text an earlier one has, each with that one's path. What is empty was not written. */
function repetitions(entries: readonly { readonly text: string; readonly path: string }[]) {
  const firstPaths = new Map<string, string>();
  return entries.flatMap(({ text, path }) => {
    const other = firstPaths.get(text);
    if (other !== undefined) return [{ path, other }];
    if (text !== '') firstPaths.set(text, path);
    return [];
  });
}

function isWithin(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`);
}

function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
