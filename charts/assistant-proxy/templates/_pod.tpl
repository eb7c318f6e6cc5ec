{{/* What injector and gateway pods have alike. */}}

{{/* The labels and annotations of a pod: (dict "root" $ "component" ... "values" .Values.injector "checksum" text). */}}
{{- define "assistant-proxy.pod.metadata" -}}
labels:
  {{- include "assistant-proxy.selector" . | nindent 2 }}
  {{- with merge (dict) .values.podLabels .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  {{- /* Who can't read its new configuration keeps the old pods. */}}
  checksum/config: {{ sha256sum .checksum }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Where a pod runs: (dict "root" $ "component" ... "values" .Values.injector). */}}
{{- define "assistant-proxy.pod.scheduling" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
nodeSelector:
  {{- toYaml (merge (dict) .values.nodeSelector (dict "kubernetes.io/os" "linux")) | nindent 2 }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $selector := dict "labelSelector" (dict "matchLabels" (include "assistant-proxy.selector" . | fromYaml)) }}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{ toYaml (merge (dict) . $selector) | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The `restricted` Pod Security Standard, for a pod. */}}
{{- define "assistant-proxy.pod.security" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* The same for a container. */}}
{{- define "assistant-proxy.container.security" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
seccompProfile:
  type: RuntimeDefault
{{- end -}}
