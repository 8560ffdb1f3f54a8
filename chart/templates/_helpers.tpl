{{/* Every helper here takes (dict "root" $ "name" "api"): the chart's scope and which service. */}}

{{- define "shop.fullname" -}}
{{ printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* These can never change for a Deployment that exists. */}}
{{- define "shop.selector" -}}
app.kubernetes.io/name: shop
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{/* No chart version and no release among them: they would change every object at every deploy. */}}
{{- define "shop.labels" -}}
{{ include "shop.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "shop.port" -}}
{{ get (dict "api" 8080 "storefront" 3000) .name }}
{{- end }}

{{/* Of no Service and no Ingress: whoever collects metrics asks the pods. */}}
{{- define "shop.metricsPort" -}}
9090
{{- end }}

{{- define "shop.image" -}}
{{ required (printf "%s.image: the service's image, by digest" .name) (get .root.Values .name).image }}
{{- end }}

{{/* sha256:…, or nothing for a reference by tag. */}}
{{- define "shop.digest" -}}
{{ regexFind "sha256:[0-9a-f]{64}$" (include "shop.image" .) }}
{{- end }}

{{/* What X-Release says: the first twelve digits of this service's own digest, so that it changes with it and only then. */}}
{{- define "shop.release" -}}
{{- $digest := include "shop.digest" . -}}
{{- if $digest }}{{ $digest | trimPrefix "sha256:" | trunc 12 }}{{ else }}{{ include "shop.image" . | splitList ":" | last }}{{ end -}}
{{- end }}

{{/* The service's environment as a ConfigMap holds it. */}}
{{- define "shop.env" -}}
{{- $values := get .root.Values .name -}}
{{- $env := dict "RELEASE" (include "shop.release" .) "IMAGE_DIGEST" (include "shop.digest" .) -}}
{{- $_ := set $env "DRAIN_SECONDS" (toString $values.shutdown.drainSeconds) -}}
{{- $_ := set $env "GRACE_SECONDS" (toString $values.shutdown.graceSeconds) -}}
{{- $_ := set $env "TRUSTED_PROXIES" "private" -}}
{{- $_ := set $env "METRICS_PORT" (include "shop.metricsPort" .) -}}
{{- if $values.fault }}
{{- if not .root.Values.faultsAllowed }}{{ fail (printf "%s.fault is %s: a release that is bad on purpose needs faultsAllowed: true as well" .name $values.fault) }}{{ end -}}
{{- $_ := set $env "FAULT" $values.fault -}}
{{- $_ := set $env "ALLOW_FAULTS" "1" -}}
{{- end -}}
{{- if eq .name "storefront" }}{{ $_ := set $env "API" (printf "http://%s:8080" (include "shop.fullname" (dict "root" .root "name" "api"))) }}{{ end -}}
{{- range $key, $value := $values.env }}{{ $_ := set $env $key (toString $value) }}{{ end -}}
{{ toYaml $env }}
{{- end }}
