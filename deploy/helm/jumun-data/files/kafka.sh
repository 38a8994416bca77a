#!/bin/sh
# Starts a Kafka that is broker and controller, on $DATA, which it prepares if it is not there yet.
set -eu
set -- -cp "$LIBS/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true
if [ ! -f "$DATA/meta.properties" ]; then
  # 16 bytes; one that begins with a hyphen would be taken for an option.
  id=$(head -c 16 /dev/urandom | base64 | tr '+/=' 'Aa\n' | head -n 1)
  java "$@" -Xmx128m kafka.tools.StorageTool format --standalone --ignore-formatted --cluster-id "$id" --config "$CONFIG"
fi
exec java "$@" -Xms"$HEAP" -Xmx"$HEAP" -XX:+ExitOnOutOfMemoryError kafka.Kafka "$CONFIG"
