{{- define "jumun-data.labels" -}}
app.kubernetes.io/part-of: jumun
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Data outlive the release: without it, removing the release would remove them. */}}
{{- define "jumun-data.keep" -}}
helm.sh/resource-policy: keep
{{- end }}

{{- define "jumun-data.databaseHost" -}}
{{ .Values.postgresql.name }}{{ if eq .Values.mode "operators" }}-rw{{ end }}.{{ .Release.Namespace }}.svc
{{- end }}

{{- define "jumun-data.brokers" -}}
{{- if eq .Values.mode "operators" -}}
{{ .Values.kafka.name }}-kafka-bootstrap.{{ .Release.Namespace }}.svc:9093
{{- else -}}
{{ .Values.kafka.name }}.{{ .Release.Namespace }}.svc:9092
{{- end }}
{{- end }}

{{- define "jumun-data.maxConnections" -}}
{{- with .Values.postgresql.connections -}}
{{ add (mul (len $.Values.services) .replicas .perReplica) .headroom }}
{{- end }}
{{- end }}

{{/* What a Secret has under a key by now, or a new password. Takes [context, name of the Secret, key]. */}}
{{- define "jumun-data.password" -}}
{{- $context := index . 0 -}}
{{- $there := lookup "v1" "Secret" $context.Release.Namespace (index . 1) -}}
{{- dig "data" (index . 2) "" ($there | default dict) | b64dec | default (randAlphaNum 40) -}}
{{- end }}

{{- define "jumun-data.archives" -}}
{{- with .Values.postgresql.backup }}{{ if and (ne .method "none") .objectStore.destinationPath }}true{{ end }}{{ end }}
{{- end }}

{{- define "jumun-data.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "jumun-data.strimziPod" -}}
runAsNonRoot: true
fsGroup: 0
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* Without a read-only root: Strimzi does not say that its images do with one. */}}
{{- define "jumun-data.strimziContainer" -}}
allowPrivilegeEscalation: false
runAsNonRoot: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* In a mesh, too, these speak for themselves: a sidecar would know neither protocol, and hold up their start and their end. */}}
{{- define "jumun-data.noSidecar" -}}
sidecar.istio.io/inject: "false"
{{- end }}
