{{/* What the chart's objects are called: the beginning of all their names. Short enough for what is put behind it. */}}
{{- define "assistant-proxy.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The injector knows itself by this name: its Service, webhook configuration and Lease, and its Secret with -tls. */}}
{{- define "assistant-proxy.injector.name" -}}
{{ include "assistant-proxy.fullname" . }}-injector
{{- end -}}

{{- define "assistant-proxy.gateway.name" -}}
{{ include "assistant-proxy.fullname" . }}-gateway
{{- end -}}

{{- define "assistant-proxy.injector.serviceAccount" -}}
{{- if .Values.injector.serviceAccount.create -}}
{{- .Values.injector.serviceAccount.name | default (include "assistant-proxy.injector.name" .) -}}
{{- else -}}
{{- .Values.injector.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "assistant-proxy.gateway.serviceAccount" -}}
{{- if .Values.gateway.serviceAccount.create -}}
{{- .Values.gateway.serviceAccount.name | default (include "assistant-proxy.gateway.name" .) -}}
{{- else -}}
{{- .Values.gateway.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Where the injector's certificate is: a Secret with tls.crt and tls.key. */}}
{{- define "assistant-proxy.injector.tlsSecret" -}}
{{- if eq .Values.injector.certificates.source "secret" -}}
{{- .Values.injector.certificates.secretName -}}
{{- else if eq .Values.injector.certificates.source "cert-manager" -}}
{{- /* cert-manager leaves it behind, and Helm makes no object that is there already. */ -}}
{{ include "assistant-proxy.injector.name" . }}-tls-cert-manager
{{- else -}}
{{ include "assistant-proxy.injector.name" . }}-tls
{{- end -}}
{{- end -}}

{{/* Where the gateway's key for the upstream is. */}}
{{- define "assistant-proxy.gateway.secret" -}}
{{- .Values.gateway.existingSecret | default (include "assistant-proxy.gateway.name" .) -}}
{{- end -}}

{{/* Where the keys of the gateway's callers are. */}}
{{- define "assistant-proxy.gateway.callersSecret" -}}
{{- .Values.gateway.callers.existingSecret | default (printf "%s-callers" (include "assistant-proxy.gateway.name" .)) -}}
{{- end -}}

{{/* The one image, by digest if there is one. */}}
{{- define "assistant-proxy.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The pods of a component, by labels that never change: (dict "root" $ "component" "injector"). */}}
{{- define "assistant-proxy.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* The metadata of an object: (dict "root" $ "component" "injector" "name" ... ["namespace" ...] ["labels" dict] ["annotations" dict] ["clusterScoped" true]). */}}
{{- define "assistant-proxy.metadata" -}}
{{- $labels := dict
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/part-of" "assistant-proxy"
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
-}}
name: {{ .name | quote }}
{{- if not .clusterScoped }}
namespace: {{ .namespace | default .root.Release.Namespace | quote }}
{{- end }}
labels:
  {{- include "assistant-proxy.selector" . | nindent 2 }}
  {{- toYaml (merge (dict) (.labels | default dict) .root.Values.commonLabels $labels) | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
