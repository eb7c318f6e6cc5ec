import { createHash } from 'node:crypto';

import type { Exchange, Identity } from '../exchange.ts';
import { bodyText, metadataText } from './body-text.ts';

/** What budgets and limits know of a call. A text is empty if the call does not say. */
export interface Facts {
  readonly identity: Identity;
  readonly model: string;
  readonly assistant: string;
  /** As the SDK's method is called: `chat.completions.create`. */
  readonly operation: string;
  metadata(key: string): string;
}

/**
 * Whose share of a budget or limit a call belongs to: `team=search,user=u1`, empty if `per` is.
 *
 * A value that is missing is empty, so all the unknown share one scope, and leaving something out is no way
 * round a budget. Values are percent-encoded where they hold `=`, `,`, `%` or anything but printable ASCII. One
 * that is longer than 128 characters is told by its SHA-256, and so is a scope longer than 300 in all; no plain
 * value can look like either, because `=` is encoded.
 */
export function scopeOf(per: readonly string[], facts: Facts): string {
  const scope = per.map((dimension) => `${dimension}=${encodeValue(factOf(dimension, facts))}`).join(',');
  return scope.length > maxScopeLength ? digest(scope) : scope;
}

/** Whether a scope, as `scopeOf` tells it, is one of these dimensions; of one that is too long to tell that can't be said. */
export function isScopeOf(per: readonly string[], scope: string): boolean {
  if (scope === '' || per.length === 0) return scope === '' && per.length === 0;
  if (scope.startsWith(digestPrefix)) return true;
  const pairs = scope.split(',');
  return pairs.length === per.length && pairs.every((pair, index) => pair.startsWith(`${per[index]}=`));
}

/** `dimension` is `org`, `team`, `app`, `user`, `model`, `assistant`, `operation` or `metadata.KEY`. */
export function factOf(dimension: string, facts: Facts): string {
  if (dimension.startsWith(metadataPrefix)) return facts.metadata(dimension.slice(metadataPrefix.length));
  switch (dimension) {
    case 'org':
    case 'team':
    case 'app':
    case 'user':
      return facts.identity[dimension];
    case 'model':
    case 'assistant':
    case 'operation':
      return facts[dimension];
    default:
      throw new RangeError(`no dimension of a scope: ${dimension}`);
  }
}

/** The facts of a call whose identity and body are known. */
export function factsOf(exchange: Exchange, dialect: 'openai' | 'azure'): Facts {
  const { body, operation } = exchange;
  return {
    identity: exchange.identity ?? unknownIdentity,
    model: askedModel(exchange, dialect),
    assistant: assistantInPath(exchange) || bodyText(body, 'assistant_id'),
    operation: operation.name,
    metadata: (key) => metadataText(body, key),
  };
}

/**
 * The model that the upstream will obey: an Azure upstream runs the deployment in the path, any other the model in
 * the body. Empty if the call names none.
 */
export function askedModel(
  exchange: Pick<Exchange, 'body' | 'deployment'>,
  dialect: 'openai' | 'azure',
): string {
  const model = bodyText(exchange.body, 'model');
  if (dialect === 'openai' && model !== '') return model;
  // Azure takes the name of a deployment in any case.
  const deployment = decodeURIComponent(exchange.deployment ?? '').toLowerCase();
  return deployment || model;
}

const metadataPrefix = 'metadata.';
const digestPrefix = 'sha256=';
const maxValueLength = 128;
const maxScopeLength = 300;
const unknownIdentity: Identity = { org: '', team: '', app: '', user: '' };

function assistantInPath({ operation, path }: Exchange): string {
  const at = operation.path.split('/').indexOf('{assistant_id}');
  return at === -1 ? '' : decodeURIComponent(path.split('/')[at] ?? '');
}

function encodeValue(value: string): string {
  if (value.length > maxValueLength) return digest(value);
  if (!/[^ -~]|[%,=]/.test(value)) return value;
  // A lone surrogate, which JSON can escape, has no UTF-8.
  const encoded = value.toWellFormed().replaceAll(/[^ -~]|[%,=]/gu, encodeURIComponent);
  return encoded.length > maxValueLength ? digest(value) : encoded;
}

function digest(text: string): string {
  return `${digestPrefix}${createHash('sha256').update(text).digest('hex')}`;
}
