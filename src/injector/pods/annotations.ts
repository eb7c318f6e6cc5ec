/** Every annotation and label that the injector knows, in one place: the table in docs/kubernetes.md is made from it. */
export const domain = 'assistant-proxy.io/';

interface AnnotationDefinition {
  /** For people: `true, false`, `1 to 65535`. */
  readonly form: string;
  /** What holds without it: a key of the injector's configuration, or words. */
  readonly otherwise: string;
  readonly meaning: string;
}

const portForm = 'integer, 1024 to 65535';
const quantityForm = 'quantity, such as 100m or 256Mi';

export const annotations = {
  inject: {
    form: 'true, false',
    otherwise: "the namespace's label",
    meaning:
      'Whether the pod gets a sidecar. Also a label, which works in namespaces that have none; `false` wins.',
  },
  native: {
    form: 'true, false',
    otherwise: '`injector.native`',
    meaning: 'A native sidecar, or a plain container. Pods that end (Jobs) always get a native one.',
  },
  containers: {
    form: 'names, separated by commas',
    otherwise: 'all',
    meaning: 'The containers that are pointed at the sidecar.',
  },
  'exclude-containers': {
    form: 'names, separated by commas',
    otherwise: 'none',
    meaning: 'Containers that are left alone.',
  },
  image: { form: 'text', otherwise: '`injector.image`', meaning: "The sidecar's image." },
  'image-pull-policy': {
    form: 'Always, IfNotPresent, Never',
    otherwise: '`injector.imagePullPolicy`',
    meaning: 'When the image is pulled.',
  },
  'cpu-request': {
    form: quantityForm,
    otherwise: '`injector.resources`',
    meaning: 'CPU that is set aside. A limit that is not written here gives way.',
  },
  'cpu-limit': {
    form: quantityForm,
    otherwise: '`injector.resources`',
    meaning: 'Most CPU. A request that is not written here gives way.',
  },
  'memory-request': {
    form: quantityForm,
    otherwise: '`injector.resources`',
    meaning: 'Memory that is set aside. A limit that is not written here gives way.',
  },
  'memory-limit': {
    form: quantityForm,
    otherwise: '`injector.resources`',
    meaning: 'Most memory. A request that is not written here gives way.',
  },
  config: {
    form: 'name',
    otherwise: '`injector.configMap`',
    meaning: "ConfigMap of the pod's namespace whose `config.yaml` the sidecar reads.",
  },
  secret: {
    form: 'name',
    otherwise: '`injector.secret`',
    meaning: "Secret of the pod's namespace with the key `api-key`, and `redis-url` if there is a Redis.",
  },
  'env-secret': {
    form: 'name, or empty',
    otherwise: '`injector.envSecret`',
    meaning:
      "Secret of the pod's namespace whose entries are environment variables of the sidecar; empty: none.",
  },
  port: {
    form: portForm,
    otherwise: '8080, or the next that is free',
    meaning: 'Port on the loopback address that the application calls.',
  },
  'admin-port': {
    form: portForm,
    otherwise: '9090, or the next that is free',
    meaning: 'Port for probes and metrics.',
  },
  'log-level': {
    form: 'trace, debug, info, warn, error, fatal, silent',
    otherwise: "the sidecar's configuration",
    meaning: 'Least severe log lines that are written.',
  },
  env: {
    form: 'JSON object of texts',
    otherwise: 'nothing',
    meaning: 'Further environment variables of the sidecar.',
  },
  'grace-period-seconds': {
    form: 'integer, 0 to 86400',
    otherwise: '`injector.gracePeriodSeconds`',
    meaning: "How long running requests may finish. The pod's own grace period is raised to fit.",
  },
  patch: {
    form: 'JSON patch (RFC 6902)',
    otherwise: 'nothing',
    meaning: "Applied to the sidecar's container, for whatever has no annotation.",
  },
  status: {
    form: 'injected, or skipped: why',
    otherwise: '',
    meaning: 'Written by the injector.',
  },
} as const satisfies Record<string, AnnotationDefinition>;

export type AnnotationName = keyof typeof annotations;
