import type Type from 'typebox';

import { assistantsSection, defaultsSection } from './assistants-keys.ts';
import { budgetsList, limitsList, thresholdPercentsList, webhookSection } from './budget-keys.ts';
import { driftSection } from './drift-keys.ts';
import {
  baseUrl,
  choice,
  flag,
  headerText,
  host,
  integer,
  milliseconds,
  proxyUrl,
  section,
  text,
} from './fields.ts';
import { authSection, identitySection } from './identity-keys.ts';
import { injectorSection } from './injector-keys.ts';
import { estimatesSection, modelsSection } from './price-keys.ts';
import { redactionSection } from './redaction-keys.ts';
import {
  circuitSection,
  fallbacksList,
  overloadSection,
  retrySection,
  timeoutsSection,
} from './resilience-keys.ts';
import { storeSection } from './store-keys.ts';
import { traceKeys } from './trace-keys.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Every key of the configuration, in one place: type, default, checks and meaning. Environment names, the
 * README's table and the chart's `values.schema.json` follow from it, so a new key is a line here and an
 * `npm run generate`. Defaults may read the environment like values of the file do.
 */
export const configSchema = section({
  listen: section({
    host: host(
      '127.0.0.1',
      'Address that applications call, `::` for all; beyond loopback only with `auth.keys`.',
    ),
    port: integer(8080, 'Port that applications call; 0 takes any free one.', { maximum: 65_535 }),
    maxBodyBytes: integer(
      67_108_864,
      'Largest JSON body, which is held in memory; uploads stream and are not held.',
      // V8 can't parse a longer string.
      { minimum: 1, maximum: 536_870_888 },
    ),
    headersTimeoutMs: milliseconds(15_000, 'How long a caller may take to send the headers of a request.'),
    bodyIdleTimeoutMs: milliseconds(30_000, "How long a caller may pause while it sends a request's body."),
  }),
  admin: section({
    host: host(
      '127.0.0.1',
      'Address of the admin port: probes, metrics and the console; `::` is all of them, IPv4 and IPv6.',
    ),
    port: integer(9090, 'Port for probes, metrics and the console; 0 takes any free one.', {
      maximum: 65_535,
    }),
    console: choice(
      ['loopback', 'everyone', 'off'],
      'loopback',
      'Who sees the console and `/status`, which tell whose calls are made and how the sidecar is configured; `kubectl port-forward` comes over loopback.',
    ),
  }),
  upstream: section({
    baseUrl: baseUrl(
      'https://api.openai.com/v1',
      'Where every call goes; nothing in a request can change it.',
    ),
    dialect: choice(
      ['openai', 'azure'],
      'openai',
      'How the upstream is spoken to: `openai` sends a bearer key to plain paths; `azure` sends `api-key` and keeps `/deployments/{name}` and `api-version`.',
    ),
    apiKey: headerText(
      '${OPENAI_API_KEY}',
      'Key sent upstream in place of whatever the caller sent; empty for an upstream that takes none.',
      { secret: true },
    ),
    apiKeyFile: text('', 'File that holds the key; read again when it changes, and wins over `apiKey`.'),
    organization: headerText('', "Sent as OpenAI-Organization; the caller's own is never passed on."),
    project: headerText('', "Sent as OpenAI-Project; the caller's own is never passed on."),
    unknownOperations: choice(
      ['allow', 'deny'],
      'allow',
      'Whether paths pass that are not in the table of OpenAI operations.',
    ),
    connectTimeoutMs: milliseconds(5_000, 'How long connecting to the upstream may take, TLS included.'),
    headersTimeoutMs: milliseconds(600_000, 'How long the upstream may take until its answer begins.'),
    bodyIdleTimeoutMs: milliseconds(300_000, 'How long the upstream may pause in the middle of an answer.'),
    maxConnections: integer(0, 'Connections to the upstream at one time; 0 sets no bound.'),
    paceUpToMs: milliseconds(
      2000,
      'How long a call may be held back while the upstream says that its own rate limit is used up; 0: never.',
      { minimum: 0, maximum: 600_000 },
    ),
    httpsProxy: proxyUrl(
      '${HTTPS_PROXY:-${https_proxy:-}}',
      'Proxy for https upstreams; it may carry credentials.',
    ),
    httpProxy: proxyUrl(
      '${HTTP_PROXY:-${http_proxy:-}}',
      'Proxy for http upstreams; it may carry credentials.',
    ),
    noProxy: text('${NO_PROXY:-${no_proxy:-}}', 'Hosts reached without a proxy, separated by commas.'),
    caFile: text('', "PEM file with certificate authorities to trust beside the system's."),
    fallbacks: fallbacksList,
  }),
  retry: retrySection,
  circuit: circuitSection,
  timeouts: timeoutsSection,
  overload: overloadSection,
  store: storeSection,
  assistants: assistantsSection,
  defaults: defaultsSection,
  idempotency: section({
    keepSeconds: integer(
      86_400,
      'How long the answer of a POST with an `Idempotency-Key` is kept for others of it.',
      {
        minimum: 1,
        maximum: 2_592_000,
      },
    ),
    maxAnswerBytes: integer(
      8_388_608,
      'Largest answer that is kept; it is held in memory, too, until it has ended.',
      { minimum: 0, maximum: 268_435_456 },
    ),
  }),
  identity: identitySection,
  auth: authSection,
  budgets: budgetsList,
  limits: limitsList,
  thresholdPercents: thresholdPercentsList,
  webhook: webhookSection,
  onStoreOutage: choice(
    ['deny', 'allow'],
    'deny',
    'What happens to calls while the store is out of reach; those allowed are charged once it is back.',
  ),
  redaction: redactionSection,
  models: modelsSection,
  estimates: estimatesSection,
  drift: driftSection,
  telemetry: section({
    logLevel: choice(logLevels, 'info', 'Least severe log lines that are written.'),
    auditFile: text(
      '',
      'File that audited events are appended to: denials, opt-outs, deletions, resets. Empty: they go with the other lines.',
    ),
    metrics: flag(true, 'Whether anything is counted; without, `/metrics` answers 404.'),
    maxModelLabels: integer(50, 'Distinct model names among metric labels; further ones count as `other`.'),
    maxIdentityLabels: integer(50, 'The same for teams, and for apps.'),
    maxBudgetScopes: integer(200, 'Shares of budgets that have gauges; of more, those that are fullest.'),
    ...traceKeys,
  }),
  shutdown: section({
    gracePeriodMs: milliseconds(25_000, 'How long running requests may finish after SIGTERM.', {
      minimum: 0,
    }),
  }),
  injector: injectorSection,
});

/** As the file writes it, defaults filled in. */
export type WrittenConfig = DeepReadonly<Type.StaticEncode<typeof configSchema>>;

export type Config = DeepReadonly<Type.StaticDecode<typeof configSchema>>;

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
