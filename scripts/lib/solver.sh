# z3: the model checker's solver, which contracts/test/formal.test.ts asks. Only tests need it.

ensure_solver() {
  if command -v z3 >/dev/null; then return; fi
  install_packages z3
}
