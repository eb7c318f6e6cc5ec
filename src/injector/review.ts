import Type from 'typebox';
import { Value } from 'typebox/value';

import type { Config } from '../config/schema.ts';
import { type Injection, inject } from './pods/inject.ts';
import { isNestedDeeper } from './pods/nesting.ts';
import { type Pod, readPod } from './pods/pod-shape.ts';

/** What the API server is answered, and what came of it. */
export interface Review {
  readonly result: 'injected' | 'unchanged' | 'skipped' | 'left' | 'failed' | 'refused';
  /** An AdmissionReview. */
  readonly answer: object;
  /** Whom to tell, and what; absent if there is nothing to tell, or the API server only tries. */
  readonly notice?: Notice;
}

export interface Notice {
  readonly namespace: string;
  readonly pod: Pod;
  readonly refused: boolean;
  readonly message: string;
}

/** What is no AdmissionReview that could be answered; the message says why. */
export class NoReview extends Error {
  override readonly name = 'NoReview';
}

/** No object of Kubernetes comes near. */
const maxLevels = 200;

const reviewSchema = Type.Object({
  request: Type.Object({
    uid: Type.String({ minLength: 1, maxLength: 256 }),
    operation: Type.String(),
    namespace: Type.Optional(Type.String()),
    subResource: Type.Optional(Type.String()),
    dryRun: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    object: Type.Optional(Type.Unknown()),
  }),
});

/**
 * Answers an AdmissionReview of admission.k8s.io/v1. Throws `NoReview` for anything else.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response
 */
export function review(body: unknown, settings: Config['injector']): Review {
  const request = readRequest(body);
  const { uid, namespace = '' } = request;
  // What is changed later, and ephemeral containers, can't be given a sidecar.
  if (request.operation !== 'CREATE' || (request.subResource ?? '') !== '') {
    return { result: 'left', answer: allow(uid, { patch: [], warnings: [] }) };
  }
  const pod = readPod(request.object);
  if (pod === undefined) return noPod(uid, request.object, settings);
  const injection = inject(pod, namespace, settings);
  const { outcome, reason } = injection;
  const refused = outcome === 'failed' && settings.onError === 'deny';
  const answer = refused ? deny(uid, reason, injection.warnings) : allow(uid, injection);
  const result = resultOf(injection, refused);
  const isToldOf = (outcome === 'failed' || outcome === 'skipped') && request.dryRun !== true;
  return isToldOf
    ? { result, answer, notice: { namespace, pod, refused, message: reason } }
    : { result, answer };
}

function readRequest(body: unknown): Type.Static<typeof reviewSchema>['request'] {
  const { apiVersion, kind } = (typeof body === 'object' && body !== null ? body : {}) as Readonly<
    Record<string, unknown>
  >;
  if (kind !== 'AdmissionReview') throw new NoReview('the body must be an AdmissionReview');
  if (apiVersion !== 'admission.k8s.io/v1') {
    throw new NoReview(
      'only admission.k8s.io/v1 is spoken here; set admissionReviewVersions: [v1] in the webhook configuration',
    );
  }
  if (isNestedDeeper(body, maxLevels))
    throw new NoReview(`the body is nested deeper than ${maxLevels} levels`);
  if (Value.Check(reviewSchema, body)) return body.request;
  const [error] = Value.Errors(reviewSchema, body);
  throw new NoReview(
    `the AdmissionReview is malformed: ${error?.instancePath ?? ''} ${error?.message ?? ''}`,
  );
}

function noPod(uid: string, object: unknown, { onError }: Config['injector']): Review {
  const { kind } = (typeof object === 'object' && object !== null ? object : {}) as { kind?: unknown };
  const what = kind === 'Pod' ? 'is a malformed Pod' : 'is no Pod';
  const message = `the object ${what}; the webhook's rules must send pods alone`;
  if (onError === 'deny') return { result: 'refused', answer: deny(uid, message, []) };
  return { result: 'failed', answer: allow(uid, { patch: [], warnings: [`no sidecar: ${message}`] }) };
}

function resultOf({ outcome, patch }: Injection, refused: boolean): Review['result'] {
  if (refused) return 'refused';
  return outcome === 'injected' && patch.length === 0 ? 'unchanged' : outcome;
}

function allow(uid: string, { patch, warnings }: Pick<Injection, 'patch' | 'warnings'>): object {
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  return answerOf({
    uid,
    allowed: true,
    ...(patch.length > 0 ? { patchType: 'JSONPatch', patch: encoded } : {}),
    ...told(warnings),
  });
}

function deny(uid: string, message: string, warnings: readonly string[]): object {
  const status = { code: 422, reason: 'Invalid', message: `assistant-proxy: ${message}` };
  return answerOf({ uid, allowed: false, status, ...told(warnings) });
}

function answerOf(response: object): object {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}

/** The API server cuts longer warnings, and drops all of them from some length on. */
const maxWarningLength = 240;
const maxWarnings = 12;

function told(warnings: readonly string[]): { warnings?: string[] } {
  if (warnings.length === 0) return {};
  const shown = warnings.slice(0, maxWarnings).map((warning) => {
    const text = `assistant-proxy: ${warning}`;
    return text.length > maxWarningLength ? `${text.slice(0, maxWarningLength - 3)}...` : text;
  });
  const left = warnings.length - shown.length;
  return { warnings: left > 0 ? [...shown, `assistant-proxy: and ${left} more`] : shown };
}
