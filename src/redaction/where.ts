import { type Operation, unknownOperation } from '../openai/operations.ts';
import { type Place, fetched, free, left } from './json/place.ts';
import { schema } from './json/schema-place.ts';

/**
 * Where the texts of a call stand, in its request and in its answer alike: everywhere, but where the table below
 * says that it is structure. A list's elements stand where the list does.
 */
export function placeOf(operation: Operation): Place {
  if (operation === unknownOperation) return unknownPlace;
  return operationPlaces.get(operation.name) ?? apiPlace;
}

type Treatment = 'leave' | 'token' | 'free' | 'named' | 'name' | 'schema' | 'url';

/**
 * By the name of a member, or by its own and its parent's, which goes before.
 * - `leave`: never touched, with all that is in it.
 * - `token`: strings are left alone as long as they are spelled as ids and settings are; an address or a number in
 *   place of an id is found.
 * - `free`: data of the caller's own, of which everything is scanned, names and numbers too.
 * - `named`: only its names are the caller's own.
 * - `schema`: what it is made of stays, and what it says in words or gives as a value is text.
 * - `url`: fetched by the upstream, so that only what doesn't say from where is scanned.
 * - `name`: what somebody goes by, and is known again by: replaced as a whole, and always by the same.
 */
const treatments: Readonly<Record<string, Treatment>> = {
  // What things are, and which ones.
  id: 'token',
  model: 'token',
  role: 'token',
  type: 'token',
  object: 'token',
  status: 'token',
  after: 'token',
  before: 'token',
  conversation: 'token',
  container: 'token',
  cursor: 'token',
  next_page: 'token',
  voice: 'token',
  service_tier: 'token',
  system_fingerprint: 'token',
  finish_reason: 'token',
  training_file: 'token',
  validation_file: 'token',
  fingerprint: 'token',
  namespace: 'token',
  mime_type: 'token',
  md5: 'token',
  tool_choice: 'token',
  include: 'token',
  obfuscation: 'leave',

  // Whom a call is for.
  user: 'name',
  safety_identifier: 'name',
  prompt_cache_key: 'name',

  // Names that the model calls, or that a schema goes by.
  'function.name': 'token',
  'functions.name': 'token',
  'custom.name': 'token',
  'function_call.name': 'token',
  'tools.name': 'token',
  'tool_choice.name': 'token',
  'input.name': 'token',
  'output.name': 'token',
  'items.name': 'token',
  'item.name': 'token',
  'json_schema.name': 'token',
  'format.name': 'token',
  allowed_tools: 'token',
  tool_names: 'token',
  server_label: 'token',

  // JSON schemas.
  'function.parameters': 'schema',
  'functions.parameters': 'schema',
  'tools.parameters': 'schema',
  'json_schema.schema': 'schema',
  'format.schema': 'schema',
  input_schema: 'schema',
  output_schema: 'schema',
  item_schema: 'schema',

  // Addresses that the upstream fetches from, or calls, and what it is to show there.
  image_url: 'url',
  file_url: 'url',
  server_url: 'leave',
  'outputs.url': 'leave',
  'tools.authorization': 'leave',
  'tools.headers': 'leave',
  domain_secrets: 'leave',
  client_secret: 'leave',

  // Base64.
  b64_json: 'leave',
  partial_image_b64: 'leave',
  file_data: 'leave',
  input_audio: 'leave',
  encrypted_content: 'leave',
  'audio.data': 'leave',
  'source.data': 'leave',
  embedding: 'leave',
  // An image that was generated.
  'input.result': 'leave',
  'output.result': 'leave',
  'items.result': 'leave',
  'item.result': 'leave',
  'data.result': 'leave',

  // Pieces of the text that stands beside them, cut within words.
  logprobs: 'leave',

  metadata: 'free',
  attributes: 'free',
  state_variables: 'free',
  variables: 'named',
  arguments: 'free',
  'content.item': 'free',
};

/** What an operation has of its own: by its name, then as above. */
const ofOperations: Readonly<Record<string, Readonly<Record<string, Treatment>>>> = {
  'images.generate': { 'data.url': 'leave' },
  'images.edit': { 'data.url': 'leave', image: 'leave', mask: 'leave' },
  'images.createVariation': { 'data.url': 'leave' },
  'webhooks.create': { url: 'leave' },
  'webhooks.update': { url: 'leave' },
  // What these are for is an address.
  'organization.invites.create': { email: 'leave' },
  'organization.projects.users.create': { email: 'leave' },
  'organization.users.list': { emails: 'leave' },
  'organization.auditLogs.list': { actor_emails: 'leave' },
  'organization.spendAlerts.create': { recipients: 'leave' },
  'organization.spendAlerts.update': { recipients: 'leave' },
  'organization.projects.spendAlerts.create': { recipients: 'leave' },
  'organization.projects.spendAlerts.update': { recipients: 'leave' },
  'organization.certificates.create': { certificate: 'leave' },
  'realtime.calls.refer': { target_uri: 'leave' },
  'fineTuning.alpha.graders.run': { item: 'free' },
  // Keys that are told once, to be used.
  'realtime.clientSecrets.create': { value: 'leave' },
  'realtime.translations.clientSecrets.create': { value: 'leave' },
  'organization.adminAPIKeys.create': { value: 'leave' },
};

/** Whether a parameter of a query is what the operation is for. Members of bodies mean nothing there. */
export function isLeftInQuery({ name: operation }: Operation, parameter: string): boolean {
  return ofOperations[operation]?.[parameter] === 'leave';
}

/** Lists whose elements are the parts of one message. */
const partLists = new Set(['content', 'input', 'output', 'summary']);

/** How many names a place remembers, and how long they are: a longer one may be a slice, and keep its whole body. */
const maxKnown = 256;
const maxKnownLength = 12;

/** Ids of all kinds. */
const idPattern = /(?:^|_)ids?$/;

function createPlace(own: Readonly<Record<string, Treatment>>): Place {
  const table = new Map(Object.entries({ ...treatments, ...own }));
  const parents = new Set([...table.keys()].map((key) => key.split('.')[0]!));
  const places = new Map<string, Place>();

  /** Where a member of that name stands if its parent says nothing else. */
  function placeAt(key: string, treatment: Treatment | undefined): Place {
    if (treatment === 'leave') return left;
    if (treatment === 'free') return free;
    if (treatment === 'schema') return schema;
    if (treatment === 'url') return fetched;
    if (treatment === 'named') {
      const value = placeAt('', undefined);
      return { ...value, scansNames: true, member: () => value };
    }
    const kind = treatment ?? (idPattern.test(key) ? 'token' : 'text');
    // What no row of the table names is all the same, so that callers can't make places without end.
    const known = parents.has(key) || partLists.has(key) ? key : '';
    const name = `${kind} ${known}`;
    let place = places.get(name);
    if (!place) places.set(name, (place = makePlace(kind, known)));
    return place;
  }

  function makePlace(kind: 'text' | 'token' | 'name', parent: string): Place {
    const known = new Map<string, Place>();
    return {
      kind,
      scansNumbers: false,
      scansNames: false,
      joinsParts: partLists.has(parent),
      member(key) {
        const place = known.get(key);
        if (place) return place;
        const treatment = table.get(`${parent}.${key}`) ?? table.get(key);
        const found = placeAt(key, treatment);
        if (known.size < maxKnown && key.length <= maxKnownLength) known.set(key, found);
        return found;
      },
    };
  }

  return placeAt('', undefined);
}

const apiPlace = createPlace({});
const operationPlaces = new Map(
  Object.entries(ofOperations).map(([name, own]) => [name, createPlace(own)] as const),
);

/** All strings, for nobody knows which of them are structure. */
const unknownPlace: Place = {
  kind: 'text',
  scansNumbers: true,
  scansNames: true,
  joinsParts: true,
  member: () => unknownPlace,
};
