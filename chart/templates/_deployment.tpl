{{- define "shop.deployment" -}}
{{- $values := get .root.Values .name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  minReadySeconds: {{ $values.rollout.minReadySeconds }}
  progressDeadlineSeconds: {{ $values.rollout.progressDeadlineSeconds }}
  revisionHistoryLimit: {{ $values.rollout.revisionHistoryLimit }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: {{ $values.rollout.maxSurge }}
  selector:
    matchLabels:
      {{- include "shop.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "shop.selector" . | nindent 8 }}
      annotations:
        # A new configuration is a new release of this service, and of this one only.
        checksum/env: {{ include "shop.env" . | sha256sum | trunc 16 | quote }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ include "shop.metricsPort" . | quote }}
    spec:
      serviceAccountName: {{ include "shop.fullname" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with $values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # Time to sleep, to drain, to answer what is in flight, and ten seconds for everything else.
      terminationGracePeriodSeconds: {{ add $values.shutdown.preStopSeconds $values.shutdown.drainSeconds $values.shutdown.graceSeconds 10 }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {{ .name }}
          image: {{ include "shop.image" . }}
          imagePullPolicy: {{ $values.imagePullPolicy }}
          # An image may hold both services; this pod is one of them.
          args: [shop, serve, {{ .name }}]
          ports:
            - name: http
              containerPort: {{ include "shop.port" . }}
            - name: metrics
              containerPort: {{ include "shop.metricsPort" . }}
          # What only the pod itself knows; /version tells it.
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
          envFrom:
            - configMapRef:
                name: {{ include "shop.fullname" . }}
            {{- if and (eq .name "api") .root.Values.databaseSecret }}
            - secretRef:
                name: {{ .root.Values.databaseSecret }}
            {{- end }}
          startupProbe:
            httpGet:
              path: /livez
              port: http
            periodSeconds: 1
            timeoutSeconds: 2
            failureThreshold: 60
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 2
            # The API waits 5 s for a database that does not answer; a probe that gives up earlier learns no reason.
            timeoutSeconds: 6
            failureThreshold: 2
          livenessProbe:
            httpGet:
              path: /livez
              port: http
            periodSeconds: {{ $values.liveness.periodSeconds }}
            timeoutSeconds: 5
            failureThreshold: {{ $values.liveness.failureThreshold }}
          {{- if $values.shutdown.preStopSeconds }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ $values.shutdown.preStopSeconds }}
          {{- end }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "shop.selector" $ | nindent 14 }}
          # Counts the pods of one revision: during a roll the old ones must not push the new ones together.
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
