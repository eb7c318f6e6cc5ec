{{/*
The sidecar, for pods of your own charts. It is what the injector would add, and needs nothing else of this chart: take
the chart as a dependency, or copy this file. All parameters but the image have defaults.

  initContainers:
    - {{ include "assistant-proxy.sidecar.container" $sidecar | nindent 6 | trim }}
  containers:
    - name: web
      env: {{- include "assistant-proxy.sidecar.applicationEnv" $sidecar | nindent 8 }}
  volumes: {{- include "assistant-proxy.sidecar.volumes" $sidecar | nindent 4 }}
  terminationGracePeriodSeconds: {{ include "assistant-proxy.sidecar.podGracePeriodSeconds" $sidecar }}

  image               reference of the image
  imagePullPolicy     IfNotPresent
  native              true: one of the initContainers, the first. false: one of the containers
  labels              the pod's labels, of which the identity is taken: a dict
  application         name of the first container, which is the application's name where no label says it
  port                8080, on the loopback address
  adminPort           9090, for probes and metrics
  configMap           assistant-proxy, with the key config.yaml
  secret              assistant-proxy, with the key api-key, and redis-url if there is a Redis
  envSecret           none; a Secret whose entries are environment variables of the sidecar; the pod waits for it
  gracePeriodSeconds  25
  resources           as in a container
  logLevel            that of the configuration
  env                 further environment variables: a dict of texts
  extraEnv            the same, as in a container
  extraPorts, extraVolumes, extraVolumeMounts
*/}}

{{- define "assistant-proxy.sidecar.container" -}}
{{- $native := true }}
{{- if hasKey . "native" }}{{ $native = .native }}{{ end -}}
name: assistant-proxy
image: {{ required "assistant-proxy.sidecar.container needs an image" .image }}
imagePullPolicy: {{ .imagePullPolicy | default "IfNotPresent" }}
{{- if $native }}
restartPolicy: Always
{{- end }}
{{- with .envSecret }}
envFrom:
  - secretRef:
      name: {{ . | quote }}
{{- end }}
env:
  {{- include "assistant-proxy.sidecar.env" . | trim | nindent 2 }}
ports:
  - name: ap-admin
    containerPort: {{ .adminPort | default 9090 }}
    protocol: TCP
  {{- with .extraPorts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
startupProbe:
  httpGet:
    path: /readyz
    port: {{ .adminPort | default 9090 }}
    scheme: HTTP
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 60
readinessProbe:
  httpGet:
    path: /readyz
    port: {{ .adminPort | default 9090 }}
    scheme: HTTP
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
livenessProbe:
  httpGet:
    path: /livez
    port: {{ .adminPort | default 9090 }}
    scheme: HTTP
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- if not $native }}
lifecycle:
  preStop:
    sleep:
      seconds: 5
{{- end }}
resources:
  {{- toYaml (.resources | default (include "assistant-proxy.sidecar.resources" . | fromYaml)) | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  runAsUser: 65532
  runAsGroup: 65532
  runAsNonRoot: true
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities:
    drop:
      - ALL
  seccompProfile:
    type: RuntimeDefault
volumeMounts:
  - name: assistant-proxy-config
    mountPath: /etc/assistant-proxy
    readOnly: true
  - name: assistant-proxy-key
    mountPath: /var/run/secrets/assistant-proxy
    readOnly: true
  - name: assistant-proxy-state
    mountPath: /var/lib/assistant-proxy
  {{- with .extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The volumes of those mounts. */}}
{{- define "assistant-proxy.sidecar.volumes" -}}
- name: assistant-proxy-config
  configMap:
    name: {{ .configMap | default "assistant-proxy" | quote }}
- name: assistant-proxy-key
  secret:
    secretName: {{ .secret | default "assistant-proxy" | quote }}
- name: assistant-proxy-state
  emptyDir: {}
{{- with .extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Points an application's container at the sidecar. SDKs want a key; that this is none is seen at once. */}}
{{- define "assistant-proxy.sidecar.applicationEnv" -}}
- name: OPENAI_BASE_URL
  value: http://127.0.0.1:{{ .port | default 8080 }}/v1
- name: OPENAI_API_KEY
  value: placeholder-the-sidecar-has-the-key
{{- end -}}

{{/* The pod's grace period: that of the sidecar, and some time to write down what calls have cost. */}}
{{- define "assistant-proxy.sidecar.podGracePeriodSeconds" -}}
{{- $drainDelay := 0 }}
{{- if hasKey . "native" }}{{ if not .native }}{{ $drainDelay = 5 }}{{ end }}{{ end -}}
{{- add (include "assistant-proxy.sidecar.gracePeriodSeconds" . | int) 5 $drainDelay -}}
{{- end -}}

{{- define "assistant-proxy.sidecar.gracePeriodSeconds" -}}
{{- if hasKey . "gracePeriodSeconds" }}{{ .gracePeriodSeconds }}{{ else }}25{{ end -}}
{{- end -}}

{{- define "assistant-proxy.sidecar.resources" -}}
requests:
  cpu: 100m
  memory: 256Mi
limits:
  memory: 512Mi
{{- end -}}

{{/* What env says takes the place of what is here. */}}
{{- define "assistant-proxy.sidecar.env" -}}
{{- $further := .env | default dict }}
{{- range (include "assistant-proxy.sidecar.ownEnv" . | fromYamlArray) }}
{{- if not (hasKey $further .name) }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}
{{- range $name, $value := $further }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- with .extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "assistant-proxy.sidecar.ownEnv" -}}
{{- include "assistant-proxy.sidecar.identityEnv" . }}
- name: ASSISTANT_PROXY_CONFIG
  value: /etc/assistant-proxy/config.yaml
- name: ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE
  value: /var/run/secrets/assistant-proxy/api-key
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ .secret | default "assistant-proxy" | quote }}
      key: redis-url
      optional: true
- name: ASSISTANT_PROXY_LISTEN_PORT
  value: {{ .port | default 8080 | quote }}
- name: ASSISTANT_PROXY_ADMIN_HOST
  value: '::'
- name: ASSISTANT_PROXY_ADMIN_PORT
  value: {{ .adminPort | default 9090 | quote }}
- name: ASSISTANT_PROXY_STORE_STATE_DIR
  value: /var/lib/assistant-proxy
- name: ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS
  value: {{ mul (include "assistant-proxy.sidecar.gracePeriodSeconds" . | int) 1000 | quote }}
{{- with .logLevel }}
- name: ASSISTANT_PROXY_TELEMETRY_LOG_LEVEL
  value: {{ . }}
{{- end }}
{{- end -}}

{{/* Whose calls the sidecar's are: the first of these labels that the pod has. Never empty, for ${TEAM} needs a value. */}}
{{- define "assistant-proxy.sidecar.identityEnv" -}}
{{- $labels := .labels | default dict }}
{{- $team := "" }}
{{- range (list "assistant-proxy.io/team" "team" "app.kubernetes.io/part-of") }}
{{- if and (not $team) (get $labels .) }}{{ $team = . }}{{ end }}
{{- end }}
{{- $app := "" }}
{{- range (list "app.kubernetes.io/name" "app" "k8s-app") }}
{{- if and (not $app) (get $labels .) }}{{ $app = . }}{{ end }}
{{- end -}}
- name: TEAM
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: {{ if $team }}metadata.labels['{{ $team }}']{{ else }}metadata.namespace{{ end }}
- name: APP
  {{- if $app }}
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.labels['{{ $app }}']
  {{- else }}
  value: {{ .application | default "unknown" | quote }}
  {{- end }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.namespace
- name: NODE_NAME
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: spec.nodeName
{{- end -}}
