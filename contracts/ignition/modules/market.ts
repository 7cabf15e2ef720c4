/**
 * A whole market as an Ignition module: `Stakes`, `Quorums`, `Escrow`, `Disputes`, one after the other, so that they take
 * four nonces of the deployer in this order. `disputes` is where the fourth will be, as `predictAddresses` says; its
 * constructor refuses if that was wrong. `scripts/deploy` runs it with all checks around.
 */
import { buildModule } from '@nomicfoundation/hardhat-ignition/modules'

export default buildModule('Market', (m) => {
  const token = m.getParameter('token')
  const guardian = m.getParameter('guardian')
  const stakes = m.contract('Stakes', [token, m.getParameter('disputes'), m.getParameter('unbondingDelay'), guardian])
  const quorums = m.contract('Quorums', [stakes, m.getParameter('minValidatorStake')], { after: [stakes] })
  const escrow = m.contract('Escrow', [token, stakes, quorums, guardian], { after: [quorums] })
  const windows = [m.getParameter('appealWindow'), m.getParameter('rulingWindow')]
  const disputes = m.contract('Disputes', [escrow, ...windows, m.getParameter('dailySlashCap')], { after: [escrow] })
  return { stakes, quorums, escrow, disputes }
})
