import type OpenAI from 'openai';

import type { Backend } from '../../harness/served.ts';

/** Something that an application does with the newest SDK: with the real thing, and with the sidecar. */
export interface Scenario {
  readonly title: string;
  /** Those that can serve it; all unless told. */
  readonly backends?: readonly Backend[];
  /** Resolves to all that the application saw; it must be the same both times, ids and times aside. */
  readonly run: (client: OpenAI) => Promise<unknown>;
}
