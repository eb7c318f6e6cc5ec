import type { Serving } from '../assistants/serving.ts';
import { type CallerKeys, createCallerKeys } from '../auth/caller-keys.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { Handler } from '../exchange.ts';
import type { Governance } from '../ledger/governance.ts';
import { priceAnswers } from '../openai/cost-of-answer.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import { createCallPath, createModelCalls, createPipeline } from '../pipeline.ts';
import type { RedactParts } from '../policies/redact.ts';
import type { ReplayParts } from '../policies/replay.ts';
import { hideWith } from '../redaction/find-at-once.ts';
import { createModes } from '../redaction/modes.ts';
import type { RetryBudget } from '../resilience/retry-budget.ts';
import type { Activity } from '../telemetry/activity.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { OpenRedaction } from './open-redaction.ts';
import type { OpenUpstreams } from './open-upstreams.ts';
import { orgsOf } from './orgs.ts';
import { resolveTimeouts } from './resolve-timeouts.ts';
import { type Terms, createTerms } from './terms.ts';

/** What one configuration makes of the things that are open: the paths that calls take. */
export interface Edition {
  /** Of every request. */
  readonly handler: Handler;
  /** Of the calls that runs make here. */
  readonly modelCalls: Handler;
  /** Masks what must not be told of a text. */
  hide(text: string): string;
}

/** One edition after the other. A call that has begun ends on the paths of its own. */
export interface Editions {
  current(): Edition;
  terms(): Terms;
  /** Every organisation that any of them could spend for, since their holds and runs may outlive them. */
  orgs(): readonly string[];
  /** The next one. Rejects with an Error that says what to do if it can't be; then the former one stays. */
  enact(config: Config): Promise<void>;
  close(): void;
}

/** Open once, and the same for all editions. */
export interface Standing {
  readonly log: LogSink['log'];
  readonly logRequest: LogSink['logRequest'];
  readonly audit: LogSink['audit'];
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly counter: TokenCounter;
  readonly tracing: Tracing | undefined;
  readonly retryBudget: RetryBudget;
  readonly replaying: ReplayParts;
  readonly upstreams: OpenUpstreams;
  /** Opened by the first edition that looks for anything. */
  redaction(): Promise<OpenRedaction>;
  /** Opened by the first edition that budgets anything; undefined if none has. */
  governance(config: Config): Governance | undefined;
  /** Opened by the first edition; undefined if the upstream has the Assistants API itself. */
  serving(): Serving | undefined;
}

export function createEditions(standing: Standing): Editions {
  const { log, metrics } = standing;
  let redaction: OpenRedaction | undefined;
  let terms: Terms | undefined;
  let edition: Edition | undefined;
  let callers: CallerKeys | undefined;
  let orgs: ReadonlySet<string> = new Set();
  return {
    current: () => enacted(edition),
    terms: () => enacted(terms),
    orgs: () => [...orgs],
    async enact(config) {
      const redacting = await redactingBy(config);
      const nextCallers = callersOf(config);
      const former = { terms, orgs };
      try {
        // What is opened from here on asks for them.
        terms = termsOf(config);
        orgs = new Set([...orgs, ...orgsOf(config)]);
        edition = editionOf(terms, redacting, nextCallers);
      } catch (error) {
        ({ terms, orgs } = former);
        nextCallers?.close();
        throw error;
      }
      // It has been asked by all who were let in by it; only its files are no longer watched.
      callers?.close();
      callers = nextCallers;
    },
    close: () => callers?.close(),
  };

  function termsOf(config: Config): Terms {
    return createTerms(config, {
      // Names that were hidden stay so for the runs and calls that go on.
      digestPattern: redaction?.digestPattern,
      onWebhookError(error) {
        metrics.dropped('webhook', 1);
        log.error({ cause: error.message }, 'webhook not delivered');
      },
    });
  }

  /** Undefined if nothing is looked for: then what finds it, which takes its time to load, stays on the disk. */
  async function redactingBy(config: Config): Promise<RedactParts | undefined> {
    const modes = createModes(config.redaction);
    if (!modes.isOn) return undefined;
    redaction ??= await standing.redaction();
    return redaction.redactingBy(config, modes);
  }

  function callersOf({ auth }: Config): CallerKeys | undefined {
    if (auth.keys.length === 0) return undefined;
    return createCallerKeys(auth.keys, (error) => log.error({ cause: error.message }, 'key not reread'));
  }

  function editionOf(
    { config, prices }: Terms,
    redacting: RedactParts | undefined,
    known: CallerKeys | undefined,
  ): Edition {
    const { clock, counter, upstreams, tracing, replaying } = standing;
    const governance = standing.governance(config);
    const observing = { ...standing, costOf: priceAnswers(prices) };
    const callPath = createCallPath({
      primary: upstreams.primary.handler,
      timeouts: resolveTimeouts(config),
      clock,
      dialect: config.upstream.dialect,
      holding: governance && { ...governance, counter },
      retrying: {
        ...config.retry,
        random: Math.random,
        budget: standing.retryBudget,
        findGeneration: upstreams.findGeneration,
        fallbacks: upstreams.fallbacks,
        resting: upstreams.primary.resting,
        clock,
        metrics: metrics.retries,
        log,
      },
    });
    return {
      handler: createPipeline({
        ...observing,
        callPath,
        replaying,
        serving: standing.serving(),
        redacting,
        tracing,
        unknownOperations: config.upstream.unknownOperations,
        maxBodyBytes: config.listen.maxBodyBytes,
        callers: known,
        identitySources: config.identity,
      }),
      modelCalls: createModelCalls(callPath, { ...observing, redacting }),
      hide: hideWith(redacting),
    };
  }
}

function enacted<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('no configuration has been enacted');
  return part;
}
