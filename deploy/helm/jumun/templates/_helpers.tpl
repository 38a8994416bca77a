{{/* Names, labels and what a part is made of. A part's own values stand over `defaults`. */}}

{{- define "jumun.services" -}}
order product pay delivery notice customercenter
{{- end }}

{{/* Whether a part is one of them: with a word in it, or empty. */}}
{{- define "jumun.isService" -}}
{{- if has .part (splitList " " (include "jumun.services" .root)) }}yes{{ end }}
{{- end }}

{{/* Who calls whom: the edges of the system, which network and mesh policies let through and no others. */}}
{{- define "jumun.calls" -}}
gateway: [order, product, pay, delivery, notice, customercenter, web]
web: [gateway, order, product, pay, delivery, notice, customercenter]
order: [product, pay]
pay: [order]
customercenter: [order, product, pay, delivery, notice, customercenter]
archive: [customercenter]
test: [gateway]
{{- end }}

{{/* The version of a part, as YAML: its own, or that of all. */}}
{{- define "jumun.version" -}}
{{- (index .root.Values.parts .part | default dict).version | default (pick .root.Values.image "tag" "digest") | toYaml }}
{{- end }}

{{- define "jumun.tag" -}}
{{- (include "jumun.version" . | fromYaml).tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "jumun.image" -}}
{{- $digest := (include "jumun.version" . | fromYaml).digest -}}
{{ .root.Values.image.repository }}{{ if $digest }}@{{ $digest }}{{ else }}:{{ include "jumun.tag" . }}{{ end }}
{{- end }}

{{/* (dict "root" $ "part" "order") */}}
{{- define "jumun.selector" -}}
app.kubernetes.io/name: jumun
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "jumun.labels" -}}
{{ include "jumun.selector" . }}
app.kubernetes.io/part-of: jumun
{{- /* A tag may be twice as long as a label, and begin and end with what a label may not. */}}
app.kubernetes.io/version: {{ regexReplaceAll "^[^A-Za-z0-9]+|[^A-Za-z0-9]+$" (include "jumun.tag" . | trunc 63) "" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The values of a part, as YAML. */}}
{{- define "jumun.values" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values.parts .part | default dict)) | toYaml }}
{{- end }}

{{/* Settings of a part, as YAML: those of all parts, where the other parts are, and its own. */}}
{{- define "jumun.settings" -}}
{{- $settings := dict "HEALTHY_FILE" "/tmp/healthy" }}
{{- range $name := keys .root.Values.parts }}
{{- $_ := set $settings (printf "%s_URL" (upper $name)) (printf "http://%s:8080" $name) }}
{{- end }}
{{- if .root.Values.kafka.brokers }}{{ $_ := set $settings "KAFKA_BROKERS" .root.Values.kafka.brokers }}{{ end }}
{{- if .root.Values.kafka.caSecret }}{{ $_ := merge $settings (dict "KAFKA_TLS" "true" "KAFKA_TLS_CA" "/etc/kafka/ca.crt") }}{{ end }}
{{- if and .root.Values.databases.caSecret (include "jumun.isService" .) }}{{ $_ := set $settings "DATABASE_CA" "/etc/postgresql/ca.crt" }}{{ end }}
{{- $own := (include "jumun.values" . | fromYaml).settings }}
{{- mergeOverwrite $settings (deepCopy .root.Values.settings) $own | toYaml }}
{{- end }}

{{- define "jumun.tokenSecret" -}}
{{ .Values.serviceToken.existingSecret | default "service-token" }}
{{- end }}

{{/*
The credential, in base64, where no Secret with one is named: what is there, or a new one. Kept while the chart is rendered,
so that all who ask for a new one get the same.
*/}}
{{- define "jumun.token" -}}
{{- if not (hasKey . "JumunToken") }}
{{- $there := (lookup "v1" "Secret" .Release.Namespace "service-token").data | default dict }}
{{- $_ := set . "JumunToken" ($there.SERVICE_TOKEN | default (randAlphaNum 48 | b64enc)) }}
{{- end }}
{{- .JumunToken }}
{{- end }}

{{/* Where a service's secrets come from, as environment. */}}
{{- define "jumun.secretEnv" -}}
- name: SERVICE_TOKEN
  valueFrom: {secretKeyRef: {name: {{ include "jumun.tokenSecret" .root }}, key: SERVICE_TOKEN}}
{{- if include "jumun.isService" . }}
- name: {{ upper .part }}__DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ printf .root.Values.databases.secret .part }}, key: {{ .root.Values.databases.key }}}
{{- if not .root.Values.kafka.brokers }}
- name: EVENTS_URL
  valueFrom:
    secretKeyRef: {name: {{ printf .root.Values.databases.secret "events" }}, key: {{ .root.Values.databases.key }}}
{{- end }}
{{- end }}
{{- end }}

{{/* A volume with an authority's certificate, without its key, which CloudNativePG keeps beside it. */}}
{{- define "jumun.authority" -}}
- name: {{ .name }}
  secret: {secretName: {{ .secret }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}

{{/* Changes when a Secret of the part does, as far as the cluster is asked (by helm template it is not). */}}
{{- define "jumun.secretsChecksum" -}}
{{- $values := .root.Values }}
{{- $names := list $values.serviceToken.existingSecret }}
{{- if include "jumun.isService" . }}
{{- $names = concat $names (list $values.kafka.secret $values.kafka.caSecret $values.databases.caSecret (printf $values.databases.secret .part)) }}
{{- if not $values.kafka.brokers }}
{{- $names = append $names (printf $values.databases.secret "events") }}
{{- end }}
{{- end }}
{{- $data := list }}
{{- if not $values.serviceToken.existingSecret }}
{{- $data = append $data (include "jumun.token" .root) }}
{{- end }}
{{- range compact $names }}
{{- $data = append $data ((lookup "v1" "Secret" $.root.Release.Namespace .).data) }}
{{- end }}
{{- $data | toJson | sha256sum }}
{{- end }}

{{/*
Annotations of a pod in a mesh: its sidecar is one of Kubernetes' own kind, which is there before the part and after it. Another
would keep a job from ever ending, and be gone while a part still drains.
*/}}
{{- define "jumun.sidecar" -}}
sidecar.istio.io/nativeSidecar: "true"
{{- end }}

{{/* The `restricted` Pod Security level, and a root that nobody can write to. */}}
{{- define "jumun.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "jumun.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What any container of ours is run with. */}}
{{- define "jumun.container" -}}
image: {{ include "jumun.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "jumun.containerSecurity" . | nindent 2 }}
{{- end }}
