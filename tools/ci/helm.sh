#!/usr/bin/env bash
# Lints the chart and renders it with its default and its test values. Debian has no helm; it is
# built from source where Go is at hand, and the check is left out where it is not.
. "$(dirname "$0")/../lib.sh"
HELM_VERSION=v3.18.6
helm=$ROOT/.tools/helm/$HELM_VERSION/helm
chart=$ROOT/k8s/helm/mediarouter

if [ ! -x "$helm" ]; then
  command -v go >/dev/null || {
    echo "    skipped: neither helm $HELM_VERSION nor Go is here"
    exit 0
  }
  mkdir -p "$(dirname "$helm")"
  GOBIN=$(dirname "$helm") GOFLAGS=-modcacherw go install "helm.sh/helm/v3/cmd/helm@$HELM_VERSION"
fi

"$helm" lint --strict --quiet --kube-version 1.31.0 "$chart" -f "$chart/ci/values.yaml"
for values in "$chart"/ci/*.yaml; do
  "$helm" template test "$chart" --kube-version 1.31.0 -f "$values" >/dev/null
  echo "    renders with ${values#"$ROOT/"}"
done
# The schema must refuse what it does not know.
if "$helm" template test "$chart" --kube-version 1.31.0 -f "$chart/ci/values.yaml" --set gateway.replica=2 \
  >/dev/null 2>&1; then
  die "the chart accepts a misspelt value"
fi
