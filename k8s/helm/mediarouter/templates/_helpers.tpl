{{- define "mediarouter.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 38 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 38 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* The services in the order in which calls go, with the key of their values. */ -}}
{{- define "mediarouter.services" -}}
gateway: gateway
generation-orchestrator: generationOrchestrator
key-vault: keyVault
media-store: mediaStore
provider-worker: providerWorker
{{- end -}}

{{- define "mediarouter.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "mediarouter.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "mediarouter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ printf "%s@%s" .repository .digest }}
{{- else -}}
{{ printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mediarouter.secret" -}}
{{- required "existingSecret is required: the name of the secret that values.yaml describes" .Values.existingSecret -}}
{{- end -}}

{{- define "mediarouter.claim" -}}
{{- .Values.videos.existingClaim | default (printf "%s-videos" (include "mediarouter.fullname" .)) -}}
{{- end -}}

{{- define "mediarouter.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "mediarouter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* One variable from the release's secret. */ -}}
{{- define "mediarouter.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "mediarouter.secret" .root }}
      key: {{ .name }}
{{- end -}}
