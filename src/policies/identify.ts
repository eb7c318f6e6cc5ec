import type { Exchange, Headers, Identity, Policy } from '../exchange.ts';
import { bodyText, metadataText } from '../ledger/body-text.ts';

/**
 * Where an identity comes from. Of a list the first source that says something counts: `metadata.KEY`,
 * `header:NAME`, `body.NAME`, or a fixed text.
 */
export interface IdentitySources {
  readonly org: string;
  readonly team: readonly string[];
  readonly app: readonly string[];
  readonly user: readonly string[];
}

/**
 * Finds out whose call it is. What the caller's key says wins over everything in the request, and a request has
 * no say in the organisation.
 *
 * @param isTold false where somebody below hides what of it may not be told.
 */
export function identify({ org, team, app, user }: IdentitySources, isTold: boolean): Policy {
  const readTeam = firstOf(team);
  const readApp = firstOf(app);
  const readUser = firstOf(user);
  return (next) => (exchange) => {
    const ofKey = exchange.identity;
    const identity: Identity = {
      org: ofKey?.org || org,
      team: ofKey?.team || readTeam(exchange),
      app: ofKey?.app || readApp(exchange),
      user: ofKey?.user || readUser(exchange),
    };
    if (isTold) exchange.record.identity = identity;
    return next({ ...exchange, identity });
  };
}

type Reader = (exchange: Exchange) => string;

/** The most that OpenAI lets a value of metadata have; what is longer is cut. */
const maxLength = 512;

function firstOf(sources: readonly string[]): Reader {
  const readers = sources.map(readerOf);
  return (exchange) => {
    for (const read of readers) {
      const text = read(exchange);
      const value = text.trim().slice(0, maxLength);
      // A copy: what is cut from a text keeps all of it in memory, and names are kept for long.
      if (value !== '') return value.length === text.length ? value : copyOf(value);
    }
    return '';
  };
}

function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

function readerOf(source: string): Reader {
  const [, kind, name = ''] = /^(metadata\.|body\.|header:)(.+)$/s.exec(source) ?? [];
  switch (kind) {
    case 'metadata.':
      return ({ body }) => metadataText(body, name);
    case 'body.':
      return ({ body }) => bodyText(body, name);
    case 'header:':
      return ({ headers }) => headerText(headers, name.toLowerCase());
    default:
      return () => source;
  }
}

/** Of a header that was sent several times the first. */
function headerText(headers: Headers, name: string): string {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return (typeof value === 'object' ? value[0] : value) ?? '';
}
