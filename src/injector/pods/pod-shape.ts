import Type from 'typebox';
import { Value } from 'typebox/value';

/** As much of a pod as the injector reads. Lists and mappings that are absent may be written as null. */
export type Pod = Type.Static<typeof podSchema>;

export type Container = Type.Static<typeof containerSchema>;

export type EnvironmentVariable = Type.Static<typeof variableSchema>;

/** Undefined if it is none. What the injector does not read may be of any shape: the API server checks it. */
export function readPod(value: unknown): Pod | undefined {
  return Value.Check(podSchema, value) ? value : undefined;
}

const variableSchema = Type.Object({
  name: Type.String(),
  value: optional(Type.String()),
  valueFrom: optional(Type.Unknown()),
});

const portSchema = Type.Object({ containerPort: optional(Type.Number()) });

const probeSchema = Type.Object({
  httpGet: optional(Type.Object({ port: optional(Type.Unknown()) })),
  tcpSocket: optional(Type.Object({ port: optional(Type.Unknown()) })),
  grpc: optional(Type.Object({ port: optional(Type.Unknown()) })),
});

const containerSchema = Type.Object({
  name: Type.String(),
  env: optional(Type.Array(variableSchema)),
  ports: optional(Type.Array(portSchema)),
  startupProbe: optional(probeSchema),
  readinessProbe: optional(probeSchema),
  livenessProbe: optional(probeSchema),
});

const podSchema = Type.Object({
  apiVersion: Type.Literal('v1'),
  kind: Type.Literal('Pod'),
  metadata: Type.Object({
    name: optional(Type.String()),
    labels: optional(Type.Record(Type.String(), Type.String())),
    annotations: optional(Type.Record(Type.String(), Type.String())),
    ownerReferences: optional(
      Type.Array(
        Type.Object({
          apiVersion: Type.String(),
          kind: Type.String(),
          name: Type.String(),
          uid: Type.String(),
          controller: optional(Type.Boolean()),
        }),
      ),
    ),
  }),
  spec: Type.Object({
    containers: optional(Type.Array(containerSchema)),
    initContainers: optional(Type.Array(containerSchema)),
    volumes: optional(Type.Array(Type.Object({ name: Type.String() }))),
    hostNetwork: optional(Type.Boolean()),
    hostPID: optional(Type.Boolean()),
    shareProcessNamespace: optional(Type.Boolean()),
    restartPolicy: optional(Type.String()),
    terminationGracePeriodSeconds: optional(Type.Number()),
    nodeSelector: optional(Type.Record(Type.String(), Type.String())),
    os: optional(Type.Object({ name: optional(Type.String()) })),
  }),
});

function optional<Schema extends Type.TSchema>(schema: Schema) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}
