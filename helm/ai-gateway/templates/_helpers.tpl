{{- define "ai-gateway.fullname" -}}
{{- if .Values.controller.fullnameOverride -}}
{{- .Values.controller.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (default "ai-gateway-controller" .Values.controller.nameOverride) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ai-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ai-gateway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "ai-gateway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ai-gateway.serviceAccountName" -}}
{{- if .Values.controller.serviceAccount.create -}}
{{- default (include "ai-gateway.fullname" .) .Values.controller.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.controller.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* Name of cluster-wide objects: two installations must not share them. */ -}}
{{- define "ai-gateway.clusterName" -}}
{{- printf "%s:%s" (include "ai-gateway.serviceAccountName" .) .Release.Namespace -}}
{{- end -}}

{{- define "ai-gateway.webhookConfigurationName" -}}
{{- printf "envoy-ai-gateway-gateway-pod-mutator.%s" .Release.Namespace -}}
{{- end -}}

{{- define "ai-gateway.image" -}}
{{- printf "%s:%s" .image.repository (default .appVersion .image.tag) -}}
{{- end -}}

{{- define "ai-gateway.pullSecretNames" -}}
{{- $names := list -}}
{{- range . -}}{{- $names = append $names .name -}}{{- end -}}
{{- join ";" $names -}}
{{- end -}}

{{- /* The certificate is mounted when somebody else makes it. */ -}}
{{- define "ai-gateway.mountsCertificate" -}}
{{- if or .Values.controller.mutatingWebhook.certManager.enable .Values.controller.mutatingWebhook.mountTlsCertSecret -}}true{{- end -}}
{{- end -}}

{{- /* The webhook configuration names a port of the Service, and the controller listens on the same number: without that every
proxy pod would be refused. */ -}}
{{- define "ai-gateway.checkPorts" -}}
{{- $port := int64 .Values.controller.mutatingWebhook.port -}}
{{- $found := list -}}
{{- range .Values.controller.service.ports -}}
{{- $found = append $found (int64 .port) -}}
{{- if and (eq $port (int64 .port)) (ne $port (int64 .targetPort)) -}}
{{- fail (printf "controller.mutatingWebhook.port is %d, where the controller listens, and targetPort %d of controller.service.ports is not %d: make them equal" $port (int64 .targetPort) $port) -}}
{{- end -}}
{{- end -}}
{{- if not (has $port $found) -}}
{{- fail (printf "controller.mutatingWebhook.port is %d, and controller.service.ports has the ports %s only: add one with this number, or correct it" $port (join ", " $found)) -}}
{{- end -}}
{{- end -}}

{{- /* Otherwise all pods of the cluster would wait for the controller, its own among them. */ -}}
{{- define "ai-gateway.checkSelectors" -}}
{{- with .Values.controller.mutatingWebhook -}}
{{- if and (eq .failurePolicy "Fail") (empty .objectSelector) (empty .namespaceSelector) -}}
{{- fail "controller.mutatingWebhook: without objectSelector and namespaceSelector no pod of the cluster could start while the controller is away, and so not the controller: set one of them, or failurePolicy=Ignore" -}}
{{- end -}}
{{- end -}}
{{- end -}}
