import type { Clock } from '../../clock.ts';
import type { Pod } from '../pods/pod-shape.ts';
import type { Notice } from '../review.ts';
import type { KubernetesClient } from './kubernetes-client.ts';

interface EventParts {
  readonly client: Pick<KubernetesClient, 'create'>;
  readonly clock: Pick<Clock, 'nowMs' | 'unixMs'>;
  /** Of the pod that reports. */
  readonly instance: string;
  /** The Event could not be written; nothing else comes of it. */
  onLost(error: Error): void;
}

/** A ReplicaSet tries a refused pod again and again. */
const repeatAfterMs = 300_000;
const maxRemembered = 1000;
const maxUnderWay = 10;

/**
 * Writes an Event that says why a pod got no sidecar, on what made the pod: `kubectl describe` shows it. It never
 * delays a review, and what is too much is dropped.
 */
export function createEventTeller({ client, clock, instance, onLost }: EventParts): (notice: Notice) => void {
  const toldAtMs = new Map<string, number>();
  let underWay = 0;

  return ({ namespace, pod, refused, message }) => {
    const subject = subjectOf(pod, namespace);
    if (namespace === '' || subject === undefined || isRepeated(JSON.stringify([subject, message]))) return;
    if (underWay >= maxUnderWay) {
      onLost(new Error('too many Events at once'));
      return;
    }
    underWay += 1;
    const now = new Date(clock.unixMs()).toISOString();
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: 'assistant-proxy-', namespace },
      involvedObject: subject,
      type: 'Warning',
      reason: refused ? 'PodRefused' : 'NoSidecar',
      message: `${refused ? 'A pod was refused' : 'A pod starts without a sidecar'}: ${message}`.slice(
        0,
        1000,
      ),
      source: { component: 'assistant-proxy-injector' },
      reportingComponent: 'assistant-proxy.io/injector',
      reportingInstance: instance.slice(0, 128),
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    client
      .create(`/api/v1/namespaces/${encodeURIComponent(namespace)}/events`, event)
      .catch(onLost)
      .finally(() => (underWay -= 1));
  };

  function isRepeated(key: string): boolean {
    const nowMs = clock.nowMs();
    const atMs = toldAtMs.get(key);
    if (atMs !== undefined && nowMs - atMs < repeatAfterMs) return true;
    toldAtMs.delete(key);
    if (toldAtMs.size >= maxRemembered) toldAtMs.delete(toldAtMs.keys().next().value!);
    toldAtMs.set(key, nowMs);
    return false;
  }
}

/** What made the pod, since the pod itself is not there yet, and may never be; undefined if nobody knows a name. */
function subjectOf({ metadata }: Pod, namespace: string): object | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner !== undefined) {
    const { apiVersion, kind, name, uid } = owner;
    return { apiVersion, kind, name, uid, namespace };
  }
  return metadata.name ? { apiVersion: 'v1', kind: 'Pod', name: metadata.name, namespace } : undefined;
}
