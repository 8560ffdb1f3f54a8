{{/* The small objects of a service, each used once for the API and once for the storefront. */}}

{{- define "shop.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
{{- $nodePort := (get .root.Values .name).nodePort }}
spec:
  type: {{ ternary "NodePort" "ClusterIP" (gt (int $nodePort) 0) }}
  selector:
    {{- include "shop.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ include "shop.port" . }}
      targetPort: http
      {{- if gt (int $nodePort) 0 }}
      nodePort: {{ $nodePort }}
      {{- end }}
{{- end }}

{{- define "shop.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
data:
  {{- include "shop.env" . | nindent 2 }}
{{- end }}

{{- define "shop.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
  {{- with (get .root.Values .name).serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}

{{- define "shop.poddisruptionbudget" -}}
{{- $budget := (get .root.Values .name).disruptionBudget -}}
{{- if $budget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  # Not minAvailable: with one replica that would keep a node from ever being drained.
  maxUnavailable: {{ $budget.maxUnavailable }}
  # A pod that is not ready serves nobody and may always go.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "shop.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{- define "shop.horizontalpodautoscaler" -}}
{{- $scaling := (get .root.Values .name).autoscaling -}}
{{- if $scaling.enabled -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "shop.fullname" . }}
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $scaling.cpuPercent }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
{{- end }}
{{- end }}
