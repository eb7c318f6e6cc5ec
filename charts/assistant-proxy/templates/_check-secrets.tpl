{{/* A ConfigMap is no place for keys: (dict "path" "config" "config" dict). Messages never quote what they are about. */}}
{{- define "assistant-proxy.checkSecrets" -}}
{{- $instead := dict
  "upstream.apiKey" "secret.apiKey does the former"
  "upstream.fallbacks[].apiKey" ""
  "store.redisUrl" "secret.redisUrl does the former"
  "auth.keys[].key" ""
  "webhook.url" "it can be in no file, so do the latter"
  "redaction.hashKey" "or use hashKeyFile"
  "drift.adminKey" "or use adminKeyFile"
  "telemetry.otlpHeaders" "or use otlpHeadersFile"
}}
{{- range $key, $hint := $instead }}
{{- include "assistant-proxy.checkSecret" (dict "path" $.path "value" $.config "rest" (splitList "." $key) "hint" $hint) }}
{{- end }}
{{- end -}}

{{/* What is at the rest of a path, `[]` for each item of a list: (dict "path" "config" "value" any "rest" list "hint" text). */}}
{{- define "assistant-proxy.checkSecret" -}}
{{- if and .rest (kindIs "map" .value) }}
{{- $key := first .rest }}
{{- $name := trimSuffix "[]" $key }}
{{- $value := get .value $name }}
{{- $path := printf "%s.%s" .path $name }}
{{- if eq $name $key }}
{{- include "assistant-proxy.checkSecret" (dict "path" $path "value" $value "rest" (rest .rest) "hint" .hint) }}
{{- else }}
{{- range $index, $item := $value | default list }}
{{- include "assistant-proxy.checkSecret" (dict "path" (printf "%s[%d]" $path $index) "value" $item "rest" (rest $.rest) "hint" $.hint) }}
{{- end }}
{{- end }}
{{- else if and (not .rest) .value (include "assistant-proxy.holdsLiteral" .value) }}
{{- $isRedis := hasSuffix ".redisUrl" .path }}
{{- if or (not $isRedis) (contains "@" .value) }}
{{- $found := ternary "a password" "a key" $isRedis }}
{{- $variables := ternary "gateway.envSecret" "sidecar.envSecret" (hasPrefix "gateway." .path) }}
{{- $hint := ternary (printf "; %s" .hint) "" (ne .hint "") }}
{{- fail (printf "%s has %s in it, and it would stand in a ConfigMap. Put it into the Secret, whose entries are files in /var/run/secrets/assistant-proxy, and name the file; or write ${NAME}, without a fallback of its own, and put NAME into a Secret that %s names%s" .path $found $variables $hint) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* "true" if a text has no reference to a variable, or one with a fallback of its own; else empty. $${ is no reference. */}}
{{- define "assistant-proxy.holdsLiteral" -}}
{{- $text := replace "$${" "_" . }}
{{- /* A fallback may hold references, so that those within go first. */}}
{{- $reference := `\$\{[A-Za-z_][A-Za-z0-9_]*(:-)?\}` }}
{{- $within := regexReplaceAllLiteral $reference $text "" }}
{{- $left := regexReplaceAllLiteral $reference $within "" }}
{{- if or (eq $within $text) (contains "${" $left) }}true{{ end }}
{{- end -}}
