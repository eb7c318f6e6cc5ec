import { applyPatch, type Operation } from 'rfc6902';

import type { Config } from '../../config/schema.ts';
import { identityEnv } from './identity.ts';
import type { EnvironmentVariable, Pod } from './pod-shape.ts';
import type { Ports } from './ports.ts';
import { parseQuantity } from './quantity.ts';
import type { Wishes } from './read-annotations.ts';

export const sidecarName = 'assistant-proxy';

/** How long a plain container, told to stop together with the application, goes on serving it as before. */
const plainDrainDelaySeconds = 5;
/** What the sidecar needs beyond its grace period, to write down what calls have cost. */
const flushSeconds = 5;

interface SidecarParts {
  readonly settings: Config['injector'];
  readonly wishes: Wishes;
  readonly ports: Ports;
  readonly isNative: boolean;
}

/** How long the pod's grace period must be at least. */
export function neededGraceSeconds({ settings, wishes, isNative }: Omit<SidecarParts, 'ports'>): number {
  const grace = wishes.gracePeriodSeconds ?? settings.gracePeriodSeconds;
  return grace + flushSeconds + (isNative ? 0 : plainDrainDelaySeconds);
}

/** The container, which meets the `restricted` Pod Security Standard. A text says why the pod's patch can't be applied. */
export function sidecarContainer(pod: Pod, parts: SidecarParts): object | string {
  const { settings, wishes, ports, isNative } = parts;
  const probe = (path: string) => ({ httpGet: { path, port: ports.admin, scheme: 'HTTP' } });
  const container = {
    name: sidecarName,
    image: wishes.image ?? settings.image,
    imagePullPolicy: wishes.imagePullPolicy ?? settings.imagePullPolicy,
    ...(isNative ? { restartPolicy: 'Always' } : {}),
    ...envFrom(wishes.envSecret ?? settings.envSecret),
    env: sidecarEnv(pod, parts),
    // A pod's port names must be unique. The proxy's own port is on the loopback address, and nobody else's business.
    ports: [{ name: 'ap-admin', containerPort: ports.admin, protocol: 'TCP' }],
    startupProbe: { ...probe('/readyz'), periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...probe('/livez'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    ...(isNative ? {} : { lifecycle: { preStop: { sleep: { seconds: plainDrainDelaySeconds } } } }),
    resources: resources(settings.resources, wishes),
    // So that the pod's status says why a sidecar did not start: its last lines name every wrong key.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      // Else a pod's own user would count, which may be root.
      runAsUser: 65_532,
      runAsGroup: 65_532,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      { name: 'assistant-proxy-config', mountPath: '/etc/assistant-proxy', readOnly: true },
      { name: 'assistant-proxy-key', mountPath: '/var/run/secrets/assistant-proxy', readOnly: true },
      { name: 'assistant-proxy-state', mountPath: '/var/lib/assistant-proxy' },
    ],
  };
  return patched(container, wishes.patch);
}

/** The volumes of the container's mounts. */
export function sidecarVolumes({ settings, wishes }: Pick<SidecarParts, 'settings' | 'wishes'>) {
  return [
    { name: 'assistant-proxy-config', configMap: { name: wishes.configMap ?? settings.configMap } },
    { name: 'assistant-proxy-key', secret: { secretName: wishes.secret ?? settings.secret } },
    { name: 'assistant-proxy-state', emptyDir: {} },
  ];
}

/**
 * Not optional: without its variables a configuration may be a laxer one, so that the pod waits for a Secret that is
 * missing. What `env` says wins.
 */
function envFrom(secret: string): { envFrom?: object[] } {
  return secret === '' ? {} : { envFrom: [{ secretRef: { name: secret } }] };
}

function sidecarEnv(pod: Pod, { settings, wishes, ports }: SidecarParts): EnvironmentVariable[] {
  const graceMs = (wishes.gracePeriodSeconds ?? settings.gracePeriodSeconds) * 1000;
  const redisUrl = { name: wishes.secret ?? settings.secret, key: 'redis-url', optional: true };
  const own: EnvironmentVariable[] = [
    ...identityEnv(pod),
    { name: 'ASSISTANT_PROXY_CONFIG', value: '/etc/assistant-proxy/config.yaml' },
    {
      name: 'ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE',
      value: '/var/run/secrets/assistant-proxy/api-key',
    },
    { name: 'REDIS_URL', valueFrom: { secretKeyRef: redisUrl } },
    { name: 'ASSISTANT_PROXY_LISTEN_PORT', value: String(ports.proxy) },
    // Probes and scrapes come from outside of the pod, to its IPv4 or IPv6 address.
    { name: 'ASSISTANT_PROXY_ADMIN_HOST', value: '::' },
    { name: 'ASSISTANT_PROXY_ADMIN_PORT', value: String(ports.admin) },
    { name: 'ASSISTANT_PROXY_STORE_STATE_DIR', value: '/var/lib/assistant-proxy' },
    { name: 'ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS', value: String(graceMs) },
    ...(wishes.logLevel === undefined
      ? []
      : [{ name: 'ASSISTANT_PROXY_TELEMETRY_LOG_LEVEL', value: wishes.logLevel }]),
  ];
  const further = Object.entries(wishes.env).map(([name, value]) => ({ name, value }));
  return [...own.filter(({ name }) => !Object.hasOwn(wishes.env, name)), ...further];
}

function resources(settings: Config['injector']['resources'], wishes: Wishes) {
  const cpu = fit(wishes.cpuRequest, wishes.cpuLimit, settings.cpuRequest, settings.cpuLimit);
  const memory = fit(wishes.memoryRequest, wishes.memoryLimit, settings.memoryRequest, settings.memoryLimit);
  return {
    requests: written({ cpu: cpu.request, memory: memory.request }),
    limits: written({ cpu: cpu.limit, memory: memory.limit }),
  };
}

/** What the pod says holds, and what the settings say gives way to it: a request above its limit would be refused. */
function fit(
  wantedRequest: string | undefined,
  wantedLimit: string | undefined,
  usualRequest: string,
  usualLimit: string,
) {
  const request = wantedRequest ?? usualRequest;
  const limit = wantedLimit ?? usualLimit;
  const isFit = (parseQuantity(request) ?? 0) <= (parseQuantity(limit) ?? Infinity);
  if (isFit || (wantedRequest !== undefined && wantedLimit !== undefined)) return { request, limit };
  return wantedRequest === undefined ? { request: limit, limit } : { request, limit: request };
}

function written(quantities: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity !== ''));
}

function patched(container: object, operations: Wishes['patch']): object | string {
  const copy: Record<string, unknown> = structuredClone({ ...container });
  const failed = applyPatch(copy, structuredClone(operations) as Operation[]).find((error) => error !== null);
  if (failed !== undefined) return `can't be applied to the sidecar's container (${failed.name})`;
  if (copy['name'] !== sidecarName) return `must leave the sidecar's name, ${sidecarName}, as it is`;
  return copy;
}
