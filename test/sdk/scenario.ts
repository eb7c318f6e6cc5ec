import type { StandIn, StandInOptions } from '../stand-in/stand-in.ts';
import type { Feature, Sdk, SdkFour } from './sdk-versions.ts';

/** Something that an application does with the SDK. It happens twice: straight, and through the sidecar. */
export interface Scenario {
  readonly title: string;
  /** Majors without it leave the scenario out. */
  readonly needs?: Feature;
  readonly standIn?: Pick<StandInOptions, 'assistants' | 'queuedMs'>;
  /** Of the Assistants API: also what a sidecar that serves it must be equal in, ids and times aside. */
  readonly served?: true;
  /** Resolves to all that the application saw; it must be the same both times. */
  readonly run: (site: Site<Sdk>) => Promise<unknown>;
  /** The same calls in the words of major 4, where those differ. */
  readonly runWithFour?: (site: Site<SdkFour>) => Promise<unknown>;
}

/** Where a scenario takes place: servers of its own, and a client that knows one address and one key. */
export interface Site<S extends Sdk | SdkFour> {
  readonly sdk: S;
  readonly client: InstanceType<S['OpenAI']>;
  /** To plan faults and to see what arrived, not to talk to. */
  readonly standIn: StandIn;
}
