import { type AttachOptions, type Authority, startGateway } from 'antechamber';

/** Who belongs here is decided by your own accounts; what each of their devices may do, still by an owner. */
export function startWithAccounts(authority: Authority, isAccountKey: (key: string) => Promise<boolean>) {
  const authenticate: AttachOptions['authenticate'] = async ({ auth, device }) => {
    // A device that was approved brings the token that it was given; its record is checked later.
    if (device && auth.deviceToken) {
      return { ok: true, credential: 'device-token', deviceToken: auth.deviceToken };
    }
    if (!auth.token) return { ok: false, problem: 'token-missing' };
    if (!(await isAccountKey(auth.token))) return { ok: false, problem: 'token-mismatch' };
    return { ok: true, credential: 'embedder' };
  };
  return startGateway({
    authority,
    port: 0,
    auth: { mode: 'none' },
    authenticate,
    // Devices may ask for these besides those of OpenClaw. `operator.admin` covers every `operator.*`.
    scopes: { operator: ['operator.deploy', 'operator.deploy.production'] },
    methods: {
      'deploy.start': {
        scope: 'operator.deploy',
        handle: ({ session }) => ({ ok: true, payload: { by: session.deviceId } }),
      },
    },
    waiting: { modes: { node: 'hold' } },
  });
}
