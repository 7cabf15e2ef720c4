# Installed packages and compiled contracts. Each is redone only when the hash of what it is made from has changed.

is_stamped() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

install_dependencies() {
  local stamp=$ROOT/node_modules/.assay-stamp wanted
  wanted=$(hash_of package-lock.json)
  if is_stamped "$stamp" "$wanted"; then return; fi
  # A tree that somebody has just brought up to date with `npm install` is not torn down: others may be using it.
  node scripts/is-installed.ts || announce 'packages by the lock file: npm ci' npm ci
  printf '%s' "$wanted" >"$stamp"
}

build_contracts() {
  # The stamp lies among what the compiler writes: cleaning those away also asks for a new build.
  local stamp=$ROOT/contracts/artifacts/.assay-stamp wanted inputs=(contracts/src contracts/package.json)
  local extra
  for extra in contracts/hardhat.config.ts contracts/scripts; do
    if [ -e "$extra" ]; then inputs+=("$extra"); fi
  done
  wanted=$(hash_of "${inputs[@]}")
  if is_stamped "$stamp" "$wanted"; then return; fi
  announce 'contracts: npm run build -w contracts' npm run build -w contracts
  mkdir -p "$(dirname "$stamp")"
  printf '%s' "$wanted" >"$stamp"
}
