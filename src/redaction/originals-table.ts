import type { Exchange } from '../exchange.ts';
import { isRecord } from '../openai/is-record.ts';
import { createRequestTable } from './request-table.ts';
import type { Named, Original, Scope, Vault } from './vault.ts';

/** The table of originals that one call has to do with. */
export interface OriginalsTable {
  /** Placeholders in the order of what is wanted. */
  name(wanted: readonly Original[]): Promise<readonly string[]>;
  read(): Promise<readonly Named[]>;
  /** Where the answer begins a thread, a conversation, or another response of a chain: what that then shares it by. */
  readonly begins: 'thread' | 'conversation' | 'response' | undefined;
  /** Shares it with what the answer has begun, before the caller learns of that. */
  adopt(id: string): Promise<void>;
}

/**
 * The table of a call: of its thread or conversation, of the chain of its response, or, for what keeps nothing, of
 * its own. Undefined where originals could be mixed up: an assistant, a file or a batch has no thread, and what is
 * in it would meet the placeholders of others.
 */
export function tableOf(exchange: Exchange, vault: Vault): OriginalsTable | undefined {
  const { operation, body, path } = exchange;
  const value = body.kind === 'json' && isRecord(body.value) ? body.value : {};
  const segments = path.split('/');
  switch (operation.name.split('.')[0]) {
    case 'threads':
      if (operation.name === 'threads.create' || operation.name === 'threads.createAndRun') {
        return beginning(exchange, 'thread', vault);
      }
      return known(exchange, { kind: 'thread', id: decodeURIComponent(segments[2] ?? '') }, vault);
    case 'conversations':
      if (operation.name === 'conversations.create') return beginning(exchange, 'conversation', vault);
      return known(exchange, { kind: 'conversation', id: decodeURIComponent(segments[2] ?? '') }, vault);
    case 'responses':
      return tableOfResponse(exchange, value, segments[2], vault);
    case 'chat':
      // One that is stored is asked for by its id, and then restored by nothing.
      return operation.name === 'chat.completions.create' ? ofRequest() : undefined;
    case 'completions':
    case 'embeddings':
    case 'moderations':
    case 'audio':
    case 'images':
      return ofRequest();
    default:
      return undefined;
  }
}

function tableOfResponse(
  exchange: Exchange,
  body: Record<string, unknown>,
  idInPath: string | undefined,
  vault: Vault,
): OriginalsTable {
  const isNew = exchange.method === 'POST' && !exchange.operation.path.includes('{');
  if (!isNew) return known(exchange, { kind: 'response', id: decodeURIComponent(idInPath ?? '') }, vault);
  const { conversation, previous_response_id: previous, store } = body;
  const conversationId = isRecord(conversation) ? conversation['id'] : conversation;
  if (typeof conversationId === 'string') {
    return inConversation(exchange, conversationId, vault);
  }
  if (typeof previous === 'string') {
    return { ...known(exchange, { kind: 'response', id: previous }, vault), begins: 'response' };
  }
  const referred = firstReference(body['input']);
  if (referred !== undefined) {
    const table = known(exchange, { kind: 'response', id: `input:${referred}` }, vault);
    return store === false ? table : { ...table, begins: 'response' };
  }
  return store === false ? ofRequest() : beginningChain(exchange, vault);
}

/** A response in a conversation is asked for by its own id, too, and may be gone on from. */
function inConversation(exchange: Exchange, id: string, vault: Vault): OriginalsTable {
  const table = known(exchange, { kind: 'conversation', id }, vault);
  const org = exchange.identity?.org ?? '';
  return {
    ...table,
    begins: 'response',
    async adopt(responseId) {
      // The response is new, but it knows what was said in the conversation.
      const copy = { originals: await table.read(), isFirst: false };
      await vault.begin({ org, kind: 'response', id: responseId }, copy);
    },
  };
}

/** The first of a chain has a table under the id of its request, until the answer tells its own. */
function beginningChain(exchange: Exchange, vault: Vault): OriginalsTable {
  const table = createRequestTable();
  const org = exchange.identity?.org ?? '';
  const scope: Scope = { org, kind: 'response', id: exchange.id };
  return {
    name: async (wanted) => table.name(wanted),
    async read() {
      const originals = table.read();
      // Before anything is sent: a store that is away refuses the call.
      if (originals.length > 0) await vault.begin(scope, { originals, isFirst: true });
      return originals;
    },
    begins: 'response',
    adopt: (id) => vault.join(scope, { org, kind: 'response', id }),
  };
}

function ofRequest(): OriginalsTable {
  const table = createRequestTable();
  return {
    name: async (wanted) => table.name(wanted),
    read: async () => table.read(),
    begins: undefined,
    adopt: async () => {},
  };
}

/**
 * What an earlier answer is taken up by, if anything is: the model then sees placeholders that no request has named.
 * Others that take up the same share a table, so that a call that is made again is the same.
 */
function firstReference(input: unknown): string | undefined {
  if (!Array.isArray(input)) return undefined;
  const reference: unknown = input.find((item) => isRecord(item) && item['type'] === 'item_reference');
  return isRecord(reference) ? String(reference['id']) : undefined;
}

/** The table of what has begun goes on from that of the request, and is there although nothing be in it yet. */
function beginning(exchange: Exchange, kind: 'thread' | 'conversation', vault: Vault): OriginalsTable {
  const table = createRequestTable();
  const org = exchange.identity?.org ?? '';
  // With an Idempotency-Key the answer may tell of one that began long ago.
  const isFirst = exchange.headers['idempotency-key'] === undefined;
  return {
    name: async (wanted) => table.name(wanted),
    read: async () => table.read(),
    begins: kind,
    async adopt(id) {
      const originals = table.read();
      const begun = vault.begin({ org, kind, id }, { originals, isFirst });
      // Without an empty one numbers begin elsewhere, which is no reason to refuse what was made already.
      await (originals.length > 0 ? begun : begun.catch(() => {}));
    },
  };
}

function known(exchange: Exchange, place: Pick<Scope, 'kind' | 'id'>, vault: Vault): OriginalsTable {
  const org = exchange.identity?.org ?? '';
  const scope: Scope = { org, ...place };
  return {
    name: (wanted) => vault.name(scope, wanted),
    read: () => vault.read(scope),
    begins: undefined,
    adopt: (id) => vault.join(scope, { org, kind: place.kind, id }),
  };
}
