/** The states that say something of a fleet, from the ground up. */
export const FLEET_STATES = [
  'paired',
  'upgradePending',
  'pairingPending',
  'revokedPending',
  'revoked',
] as const;
