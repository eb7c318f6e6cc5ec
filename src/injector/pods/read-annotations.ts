import { suggest } from '../../config/suggest.ts';
import { type AnnotationName, annotations, domain } from './annotations.ts';
import { parsePatch, type PatchOperation } from './json-patch.ts';
import { parseQuantity } from './quantity.ts';

/** What a pod asks for. What it does not say is undefined. */
export interface Wishes {
  readonly native: boolean | undefined;
  readonly containers: readonly string[] | undefined;
  readonly excluded: readonly string[];
  readonly image: string | undefined;
  readonly imagePullPolicy: string | undefined;
  readonly cpuRequest: string | undefined;
  readonly cpuLimit: string | undefined;
  readonly memoryRequest: string | undefined;
  readonly memoryLimit: string | undefined;
  readonly configMap: string | undefined;
  readonly secret: string | undefined;
  /** Empty if it wants none. */
  readonly envSecret: string | undefined;
  readonly port: number | undefined;
  readonly adminPort: number | undefined;
  readonly logLevel: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly gracePeriodSeconds: number | undefined;
  readonly patch: readonly PatchOperation[];
}

const objectNamePattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

interface ReadAnnotations {
  readonly wishes: Wishes;
  /** Each a sentence that names its annotation and never quotes what it says. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads and checks all annotations of the injector's domain. */
export function readAnnotations(written: Readonly<Record<string, string>>): ReadAnnotations {
  const problems: string[] = [];

  function read<Value>(
    name: AnnotationName,
    parse: (text: string) => Value | undefined,
    mustBe: string,
  ): Value | undefined {
    const text = Object.hasOwn(written, domain + name) ? written[domain + name] : undefined;
    if (text === undefined) return undefined;
    const value = parse(text.trim());
    if (value === undefined) problems.push(`${domain}${name} must be ${mustBe}`);
    return value;
  }

  const flag = (name: AnnotationName) => read(name, parseFlag, 'true or false');
  const names = (name: AnnotationName) => read(name, parseNames, 'names of containers, separated by commas');
  const choice = (name: AnnotationName) => {
    const choices = annotations[name].form.split(', ');
    return read(name, oneOf(choices), `one of ${choices.join(', ')}`);
  };
  const quantity = (name: AnnotationName) =>
    read(name, parseQuantityText, 'a quantity above zero, such as 100m or 256Mi');
  const objectName = (name: AnnotationName) =>
    read(name, matching(objectNamePattern), 'the name of an object of the namespace');
  const noneOrName = (name: AnnotationName) =>
    read(
      name,
      (text) => (text === '' || objectNamePattern.test(text) ? text : undefined),
      'the name of an object of the namespace, or empty',
    );
  const integer = (name: AnnotationName, minimum: number, maximum: number) =>
    read(name, parseInteger(minimum, maximum), `an integer from ${minimum} to ${maximum}`);

  const wishes: Wishes = {
    native: flag('native'),
    containers: names('containers'),
    excluded: names('exclude-containers') ?? [],
    image: read('image', matching(/^[\w.:/@-]{1,500}$/), 'the reference of an image'),
    imagePullPolicy: choice('image-pull-policy'),
    cpuRequest: quantity('cpu-request'),
    cpuLimit: quantity('cpu-limit'),
    memoryRequest: quantity('memory-request'),
    memoryLimit: quantity('memory-limit'),
    configMap: objectName('config'),
    secret: objectName('secret'),
    envSecret: noneOrName('env-secret'),
    // The sidecar is not root, and so may not take lower ones everywhere.
    port: integer('port', 1024, 65_535),
    adminPort: integer('admin-port', 1024, 65_535),
    logLevel: choice('log-level'),
    env: read('env', parseEnvironment, environmentForm) ?? {},
    gracePeriodSeconds: integer('grace-period-seconds', 0, 86_400),
    patch: readPatch() ?? [],
  };
  if (wishes.port !== undefined && wishes.port === wishes.adminPort) {
    problems.push(`${domain}port and ${domain}admin-port must not be the same`);
  }
  return { wishes, problems, warnings: unknownAnnotations(written) };

  function readPatch(): PatchOperation[] | undefined {
    const text = written[`${domain}patch`];
    if (text === undefined) return undefined;
    const patch = parsePatch(text);
    if (typeof patch !== 'string') return patch;
    problems.push(`${domain}patch ${patch}`);
    return undefined;
  }
}

/** What a pod says of being injected; undefined if nothing, `invalid` if nothing that makes sense. */
export function readInject({
  labels,
  annotations: written,
}: {
  labels?: Texts;
  annotations?: Texts;
}): boolean | 'invalid' | undefined {
  const key = `${domain}inject`;
  const said = [labels?.[key], written?.[key]].filter((text) => text !== undefined);
  const flags = said.map((text) => parseFlag(text.trim()));
  if (flags.includes(false)) return false;
  if (flags.includes(undefined)) return 'invalid';
  return flags.length > 0 ? true : undefined;
}

type Texts = Readonly<Record<string, string>> | null | undefined;

/** The sidecar's variables that an annotation of their own decides. */
const decidedElsewhere: ReadonlySet<string> = new Set([
  'ASSISTANT_PROXY_CONFIG',
  'ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE',
  'ASSISTANT_PROXY_LISTEN_PORT',
  'ASSISTANT_PROXY_ADMIN_PORT',
  'ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS',
]);

const environmentForm =
  'a JSON object of texts, without those that config, secret, port, admin-port and grace-period-seconds set';

function parseEnvironment(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value);
    const isSound = entries.every(
      ([name, item]) =>
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && typeof item === 'string' && !decidedElsewhere.has(name),
    );
    return isSound ? (Object.fromEntries(entries) as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}

function unknownAnnotations(written: Readonly<Record<string, string>>): string[] {
  return Object.keys(written)
    .filter((key) => key.startsWith(domain) && !Object.hasOwn(annotations, key.slice(domain.length)))
    .map((key) => {
      const name = key.slice(domain.length);
      const hint = name === 'team' ? '; it is a label' : suggest(name, Object.keys(annotations));
      return `the annotation ${key} is unknown${hint}`;
    });
}

function parseFlag(text: string): boolean | undefined {
  if (text === 'true') return true;
  return text === 'false' ? false : undefined;
}

function parseNames(text: string): string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  return names.every((name) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) ? names : undefined;
}

function parseInteger(minimum: number, maximum: number) {
  return (text: string) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    return value >= minimum && value <= maximum ? value : undefined;
  };
}

function parseQuantityText(text: string): string | undefined {
  return parseQuantity(text) === undefined ? undefined : text;
}

function oneOf(choices: readonly string[]) {
  return (text: string) => (choices.includes(text) ? text : undefined);
}

function matching(pattern: RegExp) {
  return (text: string) => (pattern.test(text) ? text : undefined);
}
