/** What the chart's values may be, beside the sidecar's configuration. Typos are refused, at any depth. */

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const texts: Schema = { type: 'object', additionalProperties: text };
/** Objects of Kubernetes' own API, which the API server checks. */
const ofKubernetes: Schema = { type: 'object' };
const listOfKubernetes: Schema = { type: 'array', items: ofKubernetes };
const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 };
const unprivilegedPort: Schema = { ...port, minimum: 1024 };
const share: Schema = {
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: '^(100|[1-9]?[0-9])%$' },
  ],
};
const quantity: Schema = {
  anyOf: [
    { type: 'number', exclusiveMinimum: 0 },
    { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(m|k|[MGTPE]|[KMGTPE]i)?)?$' },
  ],
};
/** The name of an object; empty where one may be left out. */
const objectName: Schema = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' };
const optionalName: Schema = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?)?$' };
const optionalLabel: Schema = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$' };
const logLevel: Schema = choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent');

/** Labels' own rule keeps names of callers fit for a file, a Secret's key and a metric alike. */
const callerName: Schema = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' };

const serviceAccount = closed({ create: flag, name: optionalName, annotations: texts });

const pods = {
  resources: ofKubernetes,
  topologySpreadConstraints: listOfKubernetes,
  podLabels: texts,
  podAnnotations: texts,
  priorityClassName: text,
  nodeSelector: texts,
  tolerations: listOfKubernetes,
  affinity: ofKubernetes,
  extraEnv: listOfKubernetes,
  extraVolumes: listOfKubernetes,
  extraVolumeMounts: listOfKubernetes,
};

/** Definitions beside these, made from the sidecar's own schema: its configuration, and the section of the injector. */
export const configurationName = 'configuration';
export const injectorSectionName = 'injectorSection';

const configuration: Schema = { $ref: `#/definitions/${configurationName}` };
const injectorSection: Schema = { $ref: `#/definitions/${injectorSectionName}` };

export const chartValues: Schema = {
  // What an umbrella chart says to all of its charts.
  global: { type: 'object' },
  nameOverride: optionalLabel,
  fullnameOverride: optionalLabel,
  commonLabels: texts,
  commonAnnotations: texts,
  image: closed({
    repository: { type: 'string', minLength: 1 },
    tag: { type: 'string', pattern: '^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$' },
    digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
    pullPolicy: choice('IfNotPresent', 'Always', 'Never'),
  }),
  imagePullSecrets: { type: 'array', items: closed({ name: objectName }, ['name']) },
  namespaces: {
    type: 'array',
    items: {
      anyOf: [
        objectName,
        closed({ name: objectName, config: configuration, apiKey: text, redisUrl: text }, ['name']),
      ],
    },
  },
  config: configuration,
  secret: closed({ apiKey: text, redisUrl: text, holdsRedisUrl: flag }),
  sidecar: closed({
    native: flag,
    configMap: objectName,
    secret: objectName,
    envSecret: optionalLabel,
    gracePeriodSeconds: { type: 'integer', minimum: 0, maximum: 86_400 },
    resources: closed({
      requests: closed({ cpu: quantity, memory: quantity }),
      limits: closed({ cpu: quantity, memory: quantity }),
    }),
  }),
  injector: closed({
    enabled: flag,
    replicas: { type: 'integer', minimum: 1 },
    port: unprivilegedPort,
    logLevel,
    onError: choice('ignore', 'deny'),
    config: injectorSection,
    webhook: closed({
      failurePolicy: choice('Ignore', 'Fail'),
      timeoutSeconds: { type: 'integer', minimum: 1, maximum: 30 },
      reinvocationPolicy: choice('IfNeeded', 'Never'),
      namespaceSelector: ofKubernetes,
      optIn: flag,
      excludedNamespaces: { type: 'array', items: objectName },
      objectSelector: ofKubernetes,
      matchConditions: {
        type: 'array',
        items: closed({ name: text, expression: text }, ['name', 'expression']),
        // Of the 64 that Kubernetes takes, two are the chart's own.
        maxItems: 62,
      },
      annotations: texts,
    }),
    certificates: closed({
      source: choice('self', 'cert-manager', 'secret'),
      days: { type: 'integer', minimum: 1, maximum: 825 },
      authorityDays: { type: 'integer', minimum: 1, maximum: 3650 },
      issuerRef: closed({ name: text, kind: choice('Issuer', 'ClusterIssuer'), group: text }),
      secretName: optionalName,
      caBundle: { type: 'string', pattern: '^$|-----BEGIN CERTIFICATE-----' },
    }),
    rbac: closed({ create: flag, events: flag }),
    serviceAccount,
    podDisruptionBudget: closed({ enabled: flag, minAvailable: share }),
    ...pods,
  }),
  gateway: closed({
    enabled: flag,
    replicas: { type: 'integer', minimum: 1 },
    config: configuration,
    existingSecret: optionalName,
    envSecret: optionalName,
    callers: closed({
      keys: {
        type: 'array',
        items: closed(
          {
            name: callerName,
            key: { type: 'string', pattern: '^[!-~]{16,}$' },
            identity: closed({ org: text, team: text, app: text, user: text }),
          },
          ['name'],
        ),
      },
      existingSecret: optionalName,
    }),
    service: closed({
      type: choice('ClusterIP', 'NodePort', 'LoadBalancer'),
      port,
      annotations: texts,
    }),
    autoscaling: closed({
      enabled: flag,
      minReplicas: { type: 'integer', minimum: 1 },
      maxReplicas: { type: 'integer', minimum: 1 },
      targetCPUUtilizationPercentage: { type: 'integer', minimum: 1, maximum: 100 },
      behavior: ofKubernetes,
    }),
    gracePeriodSeconds: { type: 'integer', minimum: 0, maximum: 86_400 },
    serviceAccount,
    podDisruptionBudget: closed({ enabled: flag, maxUnavailable: share }),
    networkPolicy: closed({ from: listOfKubernetes, extraEgress: listOfKubernetes }),
    ...pods,
  }),
  networkPolicy: closed({
    enabled: flag,
    metricsFrom: listOfKubernetes,
    apiServerCidrs: {
      type: 'array',
      items: { type: 'string', pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' },
    },
    apiServerPorts: { type: 'array', items: port, minItems: 1 },
  }),
  monitoring: closed({
    podMonitor: closed({
      enabled: flag,
      labels: texts,
      interval: { type: 'string', pattern: '^([0-9]+(ms|[smh]))+$' },
      namespaces: { type: 'array', items: objectName },
    }),
    prometheusRule: closed({ enabled: flag, labels: texts }),
    dashboards: closed({ enabled: flag, labels: texts, annotations: texts }),
  }),
};

function closed(properties: Schema, required: readonly string[] = []): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    properties,
  };
}

function choice(...values: string[]): Schema {
  return { enum: values };
}
