# Node 24 runs the TypeScript sources as they are. An older system Node only serves to fetch it.

readonly NODE_VERSION=24.21.0
readonly NODE_MAJOR=24

is_new_enough() { [ "$("$1" -p 'Number(process.versions.node.split(".")[0])' 2>/dev/null || echo 0)" -ge "$NODE_MAJOR" ]; }

# Puts Node 24 first on PATH; npm, a script for `env node`, then runs on it too.
use_node() {
  local bin=$ROOT/.tools/node/node_modules/node/bin
  if is_new_enough node; then return; fi
  if ! is_new_enough "$bin/node"; then
    command -v npm >/dev/null || stop_unavailable "there is no Node >= $NODE_MAJOR here, and no npm to fetch it with" 'apt-get install -y npm'
    mkdir -p "$ROOT/.tools/node"
    # The package's own install script picks the build for this platform, so scripts are allowed for this one.
    announce "Node $NODE_VERSION into .tools/node" \
      npm install --prefix "$ROOT/.tools/node" --no-save --ignore-scripts=false "node@$NODE_VERSION"
    is_new_enough "$bin/node" || stop_unavailable "the Node just fetched into .tools/node does not run here" "$bin/node --version"
  fi
  export PATH="$bin:$PATH"
}
