/**
 * Where assistants, threads and what belongs to them are kept, and the runs that somebody has to carry on. Stores
 * know documents with versions, and lists of them; what is in a document only those know who write it.
 *
 * Every method rejects with `StoreUnavailable`, and with nothing else.
 */
export interface AssistantStore {
  /** In the order of the ids; undefined for what isn't there. */
  get(partition: Partition, ids: readonly string[]): Promise<(Document | undefined)[]>;
  /** One atomic step: all of it if all conditions hold, else nothing. */
  commit(partition: Partition, commit: Commit): Promise<Committed>;
  /** Undefined if `after` or `before` names no document of the list. */
  list(partition: Partition, list: string, page: PageRequest): Promise<DocumentPage | undefined>;
  /** Deletes everything in a partition, perhaps piece by piece; false if there was nothing. */
  drop(partition: Partition): Promise<boolean>;

  /** Says when a piece of work is due, counted from the store's now. A new time takes the place of the old one. */
  schedule(org: string, work: string, dueInMs: number): Promise<void>;
  /** Takes what is due, the longest due first. Whatever is not finished by then is due again in `leaseMs`. */
  claim(org: string, leaseMs: number, limit: number): Promise<string[]>;
  /**
   * Whoever is alive renews the work that it does, so that nobody else claims it; work that was finished stays
   * finished. Resolves to the work that was called for since the last time.
   */
  renew(org: string, works: readonly string[], leaseMs: number): Promise<string[]>;
  /** Tells whoever does this work that something about it has changed. Of no effect on work that is finished. */
  call(org: string, work: string): Promise<void>;
  finish(org: string, work: string): Promise<void>;
  close(): Promise<void>;
}

/** What lives together and is written together: an organisation's assistants, or one thread with all that is in it. */
export interface Partition {
  readonly org: string;
  /** Unique in the organisation. */
  readonly name: string;
}

export interface Document {
  readonly id: string;
  /** 1 when it is created, and one more with each time it is written. */
  readonly version: number;
  readonly body: string;
}

export interface Commit {
  readonly conditions?: readonly Condition[];
  readonly puts?: readonly Put[];
  /** Ids; what isn't there is passed over. */
  readonly deletes?: readonly string[];
}

export interface Condition {
  readonly id: string;
  /** A number: there, and of this version. */
  readonly is: 'absent' | 'present' | number;
}

export interface Put {
  readonly id: string;
  readonly body: string;
  /** The lists that it joins at their end, when it is created; whoever exists already stays where it is. */
  readonly lists?: readonly string[];
}

/** `failed`: the ids whose conditions don't hold. */
export type Committed =
  | { readonly done: true }
  | { readonly done: false; readonly failed: readonly string[] };

export interface PageRequest {
  readonly limit: number;
  /** `asc`: the oldest first. */
  readonly order: 'asc' | 'desc';
  /** Ids of documents: what comes behind, and what comes ahead of them, in this order. */
  readonly after?: string;
  /** Without `after` the page is the one that ends there. */
  readonly before?: string;
}

export interface DocumentPage {
  readonly documents: readonly Document[];
  /** There are more between the cursors than are on the page. */
  readonly hasMore: boolean;
}
