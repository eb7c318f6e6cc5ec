/** What is to be done with the JSON value at a place, and with what is in it. A list's elements stand where it does. */
export interface Place {
  /**
   * `leave`: nothing in it is looked at. `text`: a string is scanned. `token`: a string is scanned unless it is
   * spelled as ids and settings are. `name`: a string that is somebody's name as a whole.
   * `url`: of an address that is fetched only what can be replaced is scanned.
   */
  readonly kind: 'leave' | 'text' | 'token' | 'name' | 'url';
  /** Numbers are scanned too. */
  readonly scansNumbers: boolean;
  /** Names of members are scanned too. */
  readonly scansNames: boolean;
  /** A list here holds the parts of one message. */
  readonly joinsParts: boolean;
  /** The elements of a list here must differ from one another. */
  readonly isSet?: boolean;
  member(key: string): Place;
}

/**
 * Whether a text that stands there is structure: an id, the name of a model or of a function, a setting. A data URL is
 * wherever it stands, for nothing can be told from its base64.
 */
export function isStructure({ kind }: Place, text: string): boolean {
  if (kind === 'leave' || (kind === 'token' && isToken(text))) return true;
  if (kind === 'url' && urlPattern.test(text)) return true;
  return text.startsWith('data:') && dataUrlPattern.test(text);
}

/** Whether it is spelled as ids and settings are. */
export function isToken(text: string): boolean {
  return tokenPattern.test(text);
}

/** With a letter, for a number may be anybody's. */
const tokenPattern = /^(?:$|[\d_.:/-]{0,64}[A-Za-z])[\w.:/-]{0,256}$/;
const urlPattern = /^https?:\/\//i;
const dataUrlPattern = /^data:[\w.+/-]{1,100}(?:;[\w.=-]{1,100}){0,4};base64,[\w+/=-]*$/;

/** Nothing here is scanned. */
export const left: Place = {
  kind: 'leave',
  scansNumbers: false,
  scansNames: false,
  joinsParts: false,
  member: () => left,
};

/** Addresses that the upstream fetches from. */
export const fetched: Place = { ...left, kind: 'url', member: () => fetched };

/** Free-form data: strings, numbers and names of members are scanned, whatever they are called. */
export const free: Place = {
  kind: 'text',
  scansNumbers: true,
  scansNames: true,
  joinsParts: false,
  member: () => free,
};
