/** The keys of the injector (`npm start -- inject`), which puts sidecars into pods. A sidecar itself reads none of them. */
import { baseUrl, checkedText, choice, flag, host, integer, list, section, text } from './fields.ts';

const objectNameForm =
  '1 to 63 lower-case letters, digits and hyphens, and neither start nor end with a hyphen';

export const injectorSection = section({
  host: host('::', 'Address that the API server calls; `::` is all of them, IPv4 and IPv6.'),
  port: integer(8443, 'Port that the API server calls; 0 takes any free one.', { maximum: 65_535 }),
  onError: choice(
    ['ignore', 'deny'],
    'ignore',
    'What happens to a pod whose annotations can not be used: it starts without a sidecar and with a warning, or is refused.',
  ),
  events: flag(
    true,
    'Whether Kubernetes Events say why a pod got no sidecar, for which the service account must be allowed to create them.',
  ),
  namespaces: list(
    objectName('A namespace.', {}),
    'Namespaces whose pods get a sidecar, beside what the webhook selects; empty: all.',
  ),
  image: text('', "The sidecar's image; the injector does not start without."),
  imagePullPolicy: choice(
    ['IfNotPresent', 'Always', 'Never'],
    'IfNotPresent',
    "When the sidecar's image is pulled.",
  ),
  native: flag(
    true,
    'Whether sidecars are native ones (Kubernetes 1.29 or newer), or plain containers, in pods that do not say.',
  ),
  resources: section({
    cpuRequest: quantity('100m', "The sidecar's CPU request; empty: none."),
    cpuLimit: quantity('', "The sidecar's CPU limit; empty: none."),
    memoryRequest: quantity('256Mi', "The sidecar's memory request; empty: none."),
    memoryLimit: quantity('512Mi', "The sidecar's memory limit; empty: none."),
  }),
  gracePeriodSeconds: integer(
    25,
    "How long the sidecar's running requests may finish; the pod's own grace period is raised to fit.",
    { maximum: 86_400 },
  ),
  configMap: objectName("ConfigMap in the pod's namespace whose `config.yaml` the sidecar reads.", {
    default: 'assistant-proxy',
  }),
  secret: objectName(
    "Secret in the pod's namespace with the key `api-key`, and `redis-url` if there is a Redis.",
    { default: 'assistant-proxy' },
  ),
  envSecret: checkedText(
    "Secret in the pod's namespace whose entries are environment variables of the sidecar, for `${NAME}` in its configuration; pods wait for it. Empty: none.",
    (value) => value === '' || isObjectName(value),
    `must be empty, or ${objectNameForm}`,
    { default: '' },
  ),
  name: objectName(
    "Name of the injector's Service, MutatingWebhookConfiguration and Lease; its Secret is called the same with `-tls`.",
    { default: 'assistant-proxy-injector' },
  ),
  namespace: text('', 'Namespace of the injector; empty: that of its service account.'),
  certificates: choice(
    ['self', 'files'],
    'self',
    'Where the certificate is from: made, kept and rotated by the injectors themselves, or read from files, such as those of cert-manager.',
  ),
  certificateFile: text('/tls/tls.crt', 'The certificate, with `files`; read again when it changes.'),
  keyFile: text('/tls/tls.key', 'Its key, with `files`.'),
  certificateDays: integer(90, 'How long a certificate of its own is good; renewed after two thirds.', {
    minimum: 1,
    maximum: 825,
  }),
  authorityDays: integer(365, 'The same of the authority that signs it.', { minimum: 1, maximum: 3650 }),
  apiServerUrl: baseUrl('https://kubernetes.default.svc', 'Address of the Kubernetes API.'),
  serviceAccountDir: text(
    '/var/run/secrets/kubernetes.io/serviceaccount',
    "Folder with the service account's `token`, `ca.crt` and `namespace`.",
  ),
});

function objectName(description: string, options: { default?: string }) {
  return checkedText(description, isObjectName, `must be ${objectNameForm}`, options);
}

function isObjectName(value: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value);
}

function quantity(defaultValue: string, description: string) {
  return checkedText(
    description,
    (value) => /^(\d+(\.\d+)?(m|k|[MGTPE]|[KMGTPE]i)?)?$/.test(value),
    'must be empty or a quantity of Kubernetes, such as 100m, 0.5 or 256Mi',
    { default: defaultValue },
  );
}
