{{/* An item of .Values.namespaces, which may be a name alone, as a mapping. */}}
{{- define "assistant-proxy.namespace" -}}
{{- if kindIs "string" . }}{{ dict "name" . | toJson }}{{ else }}{{ toJson . }}{{ end }}
{{- end -}}

{{/* The key for the upstream, and Redis: (dict "apiKey" ... "redisUrl" ...). */}}
{{- define "assistant-proxy.secretData" -}}
api-key: {{ .apiKey | quote }}
{{- with .redisUrl }}
redis-url: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Whether the injector writes Events, and so needs the right to: a text, or none. */}}
{{- define "assistant-proxy.injector.writesEvents" -}}
{{- if dig "events" .Values.injector.rbac.events .Values.injector.config }}true{{ end }}
{{- end -}}

{{/* The configuration of the injector. */}}
{{- define "assistant-proxy.injector.config" -}}
{{- $sidecar := .Values.sidecar }}
{{- $certificates := .Values.injector.certificates }}
{{- $requests := $sidecar.resources.requests | default dict }}
{{- $limits := $sidecar.resources.limits | default dict }}
{{- $own := dict
  "port" .Values.injector.port
  "onError" .Values.injector.onError
  "events" .Values.injector.rbac.events
  "image" (include "assistant-proxy.image" .)
  "imagePullPolicy" .Values.image.pullPolicy
  "native" $sidecar.native
  "resources" (dict
    "cpuRequest" ($requests.cpu | default "" | toString)
    "cpuLimit" ($limits.cpu | default "" | toString)
    "memoryRequest" ($requests.memory | default "" | toString)
    "memoryLimit" ($limits.memory | default "" | toString))
  "gracePeriodSeconds" $sidecar.gracePeriodSeconds
  "configMap" $sidecar.configMap
  "secret" $sidecar.secret
  "envSecret" ($sidecar.envSecret | default "")
  "name" (include "assistant-proxy.injector.name" .)
  "namespace" .Release.Namespace
  "certificates" (eq $certificates.source "self" | ternary "self" "files")
  "certificateDays" $certificates.days
  "authorityDays" $certificates.authorityDays
-}}
admin:
  host: '::'
  port: 9090
telemetry:
  logLevel: {{ .Values.injector.logLevel }}
injector:
  {{- toYaml (mergeOverwrite $own .Values.injector.config) | nindent 2 }}
{{- end -}}

{{/* The configuration of the gateway. */}}
{{- define "assistant-proxy.gateway.config" -}}
{{- $keys := list }}
{{- range .Values.gateway.callers.keys }}
{{- $key := dict "name" .name "keyFile" (printf "/var/run/secrets/assistant-proxy-callers/%s" .name) }}
{{- with .identity }}{{ $_ := set $key "identity" . }}{{ end }}
{{- $keys = append $keys $key }}
{{- end }}
{{- $own := dict "auth" (dict "keys" $keys) }}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) (deepCopy .Values.gateway.config) $own) }}
{{- end -}}
