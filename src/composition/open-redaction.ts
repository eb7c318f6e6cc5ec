import type { Config } from '../config/schema.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import { type DigestPattern, createNameFits } from '../ledger/match-facts.ts';
import type { RedactParts } from '../policies/redact.ts';
import { createPresidioTransport } from '../presidio/presidio-transport.ts';
import type { Analyzer } from '../redaction/analyzer/analyzer.ts';
import { createPresidioAnalyzer } from '../redaction/analyzer/presidio-analyzer.ts';
import { ourName } from '../redaction/analyzer/read-answer.ts';
import { createDetector } from '../redaction/detect/create-detector.ts';
import type { DetectorSettings } from '../redaction/detect/detector-settings.ts';
import { type EntityName, entities } from '../redaction/detect/entities.ts';
import { createFinder } from '../redaction/finder.ts';
import type { Modes } from '../redaction/modes.ts';
import { createHideName } from '../redaction/name-digest.ts';
import { createOwnPlaceholders } from '../redaction/own-placeholders.ts';
import type { Vault } from '../redaction/vault.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type WatchedKey, fixedKey, watchKeyFile } from '../watching/watched-key.ts';
import { openNameKey } from './open-name-key.ts';
import { openVault } from './open-vault.ts';

export interface RedactionParts {
  readonly log: LogSink['log'];
  readonly audit: LogSink['audit'];
  readonly metrics: Metrics;
  /** Makes the state directory this process's own. */
  own(): Ownership;
}

export interface OpenRedaction {
  /** What a configuration has done with what is found. */
  redactingBy(config: Config, modes: Modes): RedactParts;
  /** What budgets and limits know hidden names by. */
  readonly digestPattern: DigestPattern;
  close(): Promise<void>;
}

const minHashKeyLength = 16;

/**
 * The keys, the vault and the analyzer, which stay as they are, whatever becomes of the rules. The vault is opened by
 * the first rule that needs it. Throws an Error that says what to do if a key or the store can't be used.
 */
export function openRedaction(config: Config, { log, audit, metrics, own }: RedactionParts): OpenRedaction {
  const onProblem = (error: Error) => log.error({ cause: error.message }, 'key not reread');
  const hashKey = openHashKey(config.redaction, onProblem);
  const nameKey = openNameKey(config, {
    hashKey,
    onProblem,
    onNone: () =>
      log.warn(
        'no redaction.hashKey: until the next start, and in this pod alone, a name that is hidden has the same digest',
      ),
  });
  const hideName = createHideName(nameKey.read);
  const digestPattern: DigestPattern = (dimension, pattern) => hideName(JSON.stringify([dimension, pattern]));
  const analyzer = openAnalyzer(config.redaction.analyzer, (error) =>
    log.warn({ cause: error.message }, 'analyzer of personal data'),
  );
  let vault: Vault | undefined;
  return {
    redactingBy({ redaction, budgets, limits }, modes) {
      if (modes.uses('pseudonymize')) vault ??= open();
      return {
        finder: createFinder(createDetector(detectionBy(redaction, modes)), analyzer, modes),
        modes,
        vault: modes.uses('pseudonymize') ? vault : undefined,
        addOwnPlaceholders: createOwnPlaceholders(entitiesOf(redaction), modes),
        hashKey: hashKey.read,
        hideName,
        fitsOf: createNameFits([...budgets, ...limits], digestPattern),
        optOut: redaction.optOut,
        outputs: redaction.outputs,
        metrics: metrics.redaction,
        audit,
      };
    },
    digestPattern,
    async close() {
      hashKey.close();
      nameKey.close();
      await vault?.close();
      await analyzer?.close();
    },
  };

  function open(): Vault {
    const onError = (error: Error) => log.warn({ cause: error.message }, 'store of originals');
    return metrics.stores.measured('vault', openVault(config, { own, onError }), [
      'begin',
      'name',
      'read',
      'join',
    ]);
  }

  function openAnalyzer(
    settings: Config['redaction']['analyzer'],
    onError: (error: Error) => void,
  ): Analyzer | undefined {
    if (settings.url === '') return undefined;
    return createPresidioAnalyzer(settings, {
      transport: createPresidioTransport({ url: settings.url }),
      onFailed(reason, error) {
        metrics.redaction.failed(reason);
        onError(error);
      },
    });
  }
}

function detectionBy(redaction: Config['redaction'], modes: Modes): DetectorSettings {
  const thresholds = redaction.entities.flatMap(({ name, threshold }) =>
    threshold === undefined ? [] : [[name, threshold] as const],
  );
  return {
    entities: (Object.keys(entities) as EntityName[]).filter((name) => modes.of(name) !== 'off'),
    thresholds: Object.fromEntries(thresholds),
    allow: redaction.allow,
    custom: redaction.custom.map(({ name, pattern }) => ({ name: name.toUpperCase(), pattern })),
    phoneRegions: redaction.phoneRegions,
  };
}

/** All that may be found. */
function entitiesOf({ custom, analyzer }: Config['redaction']): string[] {
  const names = custom.map(({ name }) => name.toUpperCase());
  return [...Object.keys(entities), ...names, ...(analyzer.url === '' ? [] : analyzer.entities.map(ourName))];
}

function openHashKey(
  { hashKey, hashKeyFile }: Config['redaction'],
  onProblem: (error: Error) => void,
): WatchedKey {
  if (hashKeyFile === '') return fixedKey(hashKey);
  const file = { file: hashKeyFile, path: 'redaction.hashKeyFile', minLength: minHashKeyLength };
  return watchKeyFile(file, onProblem);
}
