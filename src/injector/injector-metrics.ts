import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import type { ServingCertificate } from './certificates/certificate-source.ts';
import type { Review } from './review.ts';

/** Every metric of the injector, in the form of those of the sidecar; the table in docs/kubernetes.md is made from here. */
export const injectorMetricDefinitions = {
  reviews: {
    type: 'counter',
    name: 'assistant_proxy_injector_reviews_total',
    help: 'AdmissionReviews by what came of them: injected, unchanged (the pod has all of it), skipped (by a rule), left (none of its business), failed (a mistake in the pod; it starts without), refused (the same, with onError deny), invalid (no AdmissionReview), error (a fault of the injector; the failurePolicy decides).',
    labelNames: ['result'],
  },
  duration: {
    type: 'histogram',
    name: 'assistant_proxy_injector_review_duration_seconds',
    help: 'From the whole body of an AdmissionReview to its answer.',
    labelNames: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
  certificateStart: {
    type: 'gauge',
    name: 'assistant_proxy_injector_certificate_start_timestamp_seconds',
    help: 'From when the certificate that is served is good, in Unix time; 0 while there is none.',
    labelNames: [],
  },
  certificateExpiry: {
    type: 'gauge',
    name: 'assistant_proxy_injector_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that is served expires, in Unix time; 0 while there is none.',
    labelNames: [],
  },
  certificateFailures: {
    type: 'counter',
    name: 'assistant_proxy_injector_certificate_failures_total',
    help: 'Attempts to look after the certificate that failed; they are repeated.',
    labelNames: [],
  },
  leader: {
    type: 'gauge',
    name: 'assistant_proxy_injector_leader',
    help: '1 if this injector looks after the certificate: one of them all, or, where it is read from files, each.',
    labelNames: [],
  },
  eventFailures: {
    type: 'counter',
    name: 'assistant_proxy_injector_events_lost_total',
    help: 'Kubernetes Events that could not be written, or were too many.',
    labelNames: [],
  },
} as const;

export interface InjectorMetrics {
  reviewed(result: Review['result'] | 'invalid' | 'error', durationMs: number): void;
  certificateServed(served: Pick<ServingCertificate, 'startsAtUnixMs' | 'expiresAtUnixMs'>): void;
  certificateFailed(): void;
  leads(isLeader: boolean): void;
  eventLost(): void;
  /** In Prometheus' text format. */
  exposition(): Promise<string>;
  readonly contentType: string;
}

export function createInjectorMetrics(): InjectorMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const definitions = injectorMetricDefinitions;
  const reviews = new Counter({ ...definitions.reviews, registers });
  const duration = new Histogram({
    ...definitions.duration,
    buckets: [...definitions.duration.buckets],
    registers,
  });
  const start = new Gauge({ ...definitions.certificateStart, registers });
  const expiry = new Gauge({ ...definitions.certificateExpiry, registers });
  const certificateFailures = new Counter({ ...definitions.certificateFailures, registers });
  const leader = new Gauge({ ...definitions.leader, registers });
  const eventFailures = new Counter({ ...definitions.eventFailures, registers });
  return {
    reviewed(result, durationMs) {
      reviews.inc({ result });
      duration.observe(durationMs / 1000);
    },
    certificateServed({ startsAtUnixMs, expiresAtUnixMs }) {
      start.set(startsAtUnixMs / 1000);
      expiry.set(expiresAtUnixMs / 1000);
    },
    certificateFailed: () => certificateFailures.inc(),
    leads: (isLeader) => leader.set(isLeader ? 1 : 0),
    eventLost: () => eventFailures.inc(),
    exposition: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
