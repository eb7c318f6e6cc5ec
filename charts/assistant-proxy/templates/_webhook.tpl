{{/* What the two webhooks have alike: (dict "root" $ "name" ... "namespaceSelector" dict "objectSelector" dict). */}}
{{- define "assistant-proxy.webhook" -}}
{{- $webhook := .root.Values.injector.webhook }}
{{- $excluded := concat (list "kube-system" "kube-public" "kube-node-lease" .root.Release.Namespace) $webhook.excludedNamespaces | uniq }}
{{- $notExcluded := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" $excluded }}
{{- $namespaces := deepCopy .namespaceSelector }}
{{- $_ := set $namespaces "matchExpressions" (append ($namespaces.matchExpressions | default list) $notExcluded) }}
{{- $objects := deepCopy $webhook.objectSelector }}
{{- $_ := set $objects "matchExpressions" (concat ($objects.matchExpressions | default list) (.objectSelector.matchExpressions | default list)) -}}
name: {{ .name }}
admissionReviewVersions: [v1]
# Events, which a dry run does not write.
sideEffects: NoneOnDryRun
failurePolicy: {{ $webhook.failurePolicy }}
timeoutSeconds: {{ $webhook.timeoutSeconds }}
reinvocationPolicy: {{ $webhook.reinvocationPolicy }}
matchPolicy: Equivalent
clientConfig:
  {{- if eq .root.Values.injector.certificates.source "secret" }}
  caBundle: {{ .root.Values.injector.certificates.caBundle | b64enc }}
  {{- end }}
  service:
    name: {{ include "assistant-proxy.injector.name" .root }}
    namespace: {{ .root.Release.Namespace | quote }}
    path: /mutate
    port: 443
rules:
  - apiGroups: ['']
    apiVersions: [v1]
    operations: [CREATE]
    resources: [pods]
    scope: Namespaced
namespaceSelector:
  {{- toYaml $namespaces | nindent 2 }}
objectSelector:
  {{- toYaml $objects | nindent 2 }}
matchConditions:
  # Where the injector is away and pods must wait for it, these need not.
  - name: no-namespace-of-the-cluster
    expression: "!request.namespace.startsWith('kube-')"
  - name: no-annotation-against-it
    expression: >-
      !has(object.metadata.annotations)
      || !('assistant-proxy.io/inject' in object.metadata.annotations)
      || object.metadata.annotations['assistant-proxy.io/inject'] != 'false'
  {{- with $webhook.matchConditions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
