import { isToken } from './place.ts';

/** A piece of a URL that may be replaced. */
export interface UrlText {
  /** Where it stands in the URL. */
  readonly from: number;
  readonly end: number;
  /** What is looked at. */
  readonly text: string;
  /** The name of the query's parameter; empty for user and password. */
  readonly key: string;
  /** May be drawn by lot: only what is all of it counts as found. */
  readonly isOpaque: boolean;
  /** What is written there in place of an edited text. */
  write(edited: string): string;
}

/**
 * The pieces of an address that the upstream fetches from, which can be replaced without it being another address: user
 * and password, and the values of its query. Parameters that sign it are none, and of the path nothing is, as it names
 * what is fetched. Undefined if it is no http(s) URL.
 */
export function urlTexts(url: string): UrlText[] | undefined {
  const head = urlHead.exec(url);
  if (!head) return undefined;
  const [{ length: headEnd }, scheme = '', userInfo] = head;
  const queryAt = url.indexOf('?', headEnd);
  const fragmentAt = url.indexOf('#', headEnd);
  const end = fragmentAt === -1 ? url.length : fragmentAt;
  const ofQuery = queryAt === -1 || queryAt > end ? [] : queryTexts(url.slice(queryAt + 1, end), queryAt + 1);
  return userInfo === undefined ? ofQuery : [credentials(scheme, userInfo), ...ofQuery];
}

const urlHead = /^(https?:\/\/)(?:([^/?#\s]{1,1024})@)?[^/?#@\s]*/i;

/** Looked at with what stands around them, which tells that they are. */
function credentials(scheme: string, userInfo: string): UrlText {
  const behind = '@host';
  return {
    from: 0,
    end: scheme.length + userInfo.length,
    text: `${scheme}${decode(userInfo)}${behind}`,
    key: '',
    isOpaque: false,
    write: (edited) =>
      scheme + encodeURIComponent(edited.slice(scheme.length, -behind.length)).replaceAll('%3A', ':'),
  };
}

function queryTexts(query: string, queryFrom: number): UrlText[] {
  const texts: UrlText[] = [];
  let at = queryFrom;
  for (const pair of query.split('&')) {
    const valueAt = pair.indexOf('=') + 1;
    const key = decode(pair.slice(0, Math.max(0, valueAt - 1)));
    const text = decode(pair.slice(valueAt).replaceAll('+', ' '));
    if (text !== '' && !signs(key.toLowerCase())) {
      const isOpaque = isToken(text) || base64.test(text);
      texts.push({
        from: at + valueAt,
        end: at + pair.length,
        text,
        key,
        isOpaque,
        write: encodeURIComponent,
      });
    }
    at += pair.length + 1;
  }
  return texts;
}

/** What is masked there is not let in: parameters of S3 and its like, of Google, Azure and CloudFront, and tokens. */
function signs(key: string): boolean {
  return signing.has(key) || /^x-(?:amz|goog|ms|oss)-/.test(key);
}

const signing: ReadonlySet<string> = new Set(
  'awsaccesskeyid googleaccessid ossaccesskeyid signature expires policy key-pair-id sig sv ss srt sp se st spr sr sip si skoid sktid skt ske sks skv token access_token auth_token jwt key api_key apikey'.split(
    ' ',
  ),
);

const base64 = /^(?=[^A-Za-z]*[A-Za-z])[\w+/=-]{16,}$/;

/** What is no escaped UTF-8 is looked at as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
