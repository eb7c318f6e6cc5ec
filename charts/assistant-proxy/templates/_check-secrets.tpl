{{/* A ConfigMap is no place for keys: (dict "path" "config" "config" dict). Messages never quote what they are about. */}}
{{- define "assistant-proxy.checkSecrets" -}}
{{- $advice := "it would stand in a ConfigMap. Put it into the Secret, whose entries are files in /var/run/secrets/assistant-proxy, and name the file; or write ${NAME}, and give the variable" }}
{{- $upstream := .config.upstream | default dict }}
{{- if and $upstream.apiKey (not (contains "${" $upstream.apiKey)) }}
{{- fail (printf "%s.upstream.apiKey has a key in it, and %s; secret.apiKey does the former" .path $advice) }}
{{- end }}
{{- range $index, $fallback := $upstream.fallbacks | default list }}
{{- if and $fallback.apiKey (not (contains "${" $fallback.apiKey)) }}
{{- fail (printf "%s.upstream.fallbacks[%d].apiKey has a key in it, and %s" $.path $index $advice) }}
{{- end }}
{{- end }}
{{- range $index, $key := get (.config.auth | default dict) "keys" | default list }}
{{- if and $key.key (not (contains "${" $key.key)) }}
{{- fail (printf "%s.auth.keys[%d].key has a key in it, and %s" $.path $index $advice) }}
{{- end }}
{{- end }}
{{- $hashKey := get (.config.redaction | default dict) "hashKey" | default "" }}
{{- if and $hashKey (not (contains "${" $hashKey)) }}
{{- fail (printf "%s.redaction.hashKey has a key in it, and %s; or use hashKeyFile" .path $advice) }}
{{- end }}
{{- $redisUrl := (.config.store | default dict).redisUrl | default "" }}
{{- if and (contains "@" $redisUrl) (not (contains "${" $redisUrl)) }}
{{- fail (printf "%s.store.redisUrl has a password in it, and %s; secret.redisUrl does the former" .path $advice) }}
{{- end }}
{{- end -}}
