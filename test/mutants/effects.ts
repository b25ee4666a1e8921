/** The actions of both machines that the runtime carries out. Every other one assigns to the context. */
export const EFFECTS: ReadonlySet<string> = new Set([
  'reply',
  'announce',
  'verifyProof',
  'askAuthority',
  'deliverHello',
  'park',
  'refuse',
  'applyGrant',
  'tellResolved',
  'endSession',
]);
