{{/* Rules that the NetworkPolicies have alike. */}}

{{- define "assistant-proxy.networkPolicy.metrics" -}}
- ports:
    - port: ap-admin
      protocol: TCP
  from:
    {{- toYaml .Values.networkPolicy.metricsFrom | nindent 4 }}
{{- end -}}

{{- define "assistant-proxy.networkPolicy.dns" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end -}}
