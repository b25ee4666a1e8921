import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, BUNDLE, MANAGE, NEEDED } from './ask.ts';
import { makeDeviceKey } from './device-key.ts';
import { EMULATION, Process, Program } from './processes.ts';
import { expectStory, type Figures, narrator, type Setting, searched } from './story.ts';

/** The story against the emulated 2026.2.19. */
export async function tellBefore(setting: Setting): Promise<Figures> {
  const { teller, token } = setting;
  teller.part('1. Before: OpenClaw 2026.2.19, emulated');
  teller.plain(
    'This is an emulation written for this demo: the rules of that version, none of its code. Its commands',
  );
  teller.plain('are played, too: one connect with the scopes that such a command asks for, and one call.');
  const gateway = new Process('the emulation', [EMULATION], { DEMO_TOKEN: token });
  try {
    const url = await gateway.url();
    teller.at(`gateway: listening on ${url}`);
    return await tellOn(setting, gateway, url);
  } finally {
    await gateway.stop();
  }
}

async function tellOn(setting: Setting, gateway: Process, url: string): Promise<Figures> {
  const { teller, folder, token, aloneMs } = setting;
  const keyFile = join(folder, 'before.pem');
  const own = { url, token, device: makeDeviceKey(keyFile) };
  const other = { url, token, device: makeDeviceKey(join(folder, 'other.pem')) };
  await ask(own, null);
  await ask(other, null);
  teller.at(`owner:   two computers are paired, both with ${BUNDLE.join(' ')}`);

  const program = { url, keyFile, token, scopes: NEEDED, onTold: narrator(teller) };
  teller.at('program: starts on the first computer, as in the report');
  const reported = new Program(program);
  await reported
    .until(() => (reported.count('closed') > 0 ? true : undefined))
    .finally(() => reported.stop());
  teller.at('         operator.admin does not cover operator.read there: every scope must be listed');

  teller.command(`openclaw devices rotate ... --scope ${MANAGE.join(' --scope ')}`);
  await ask(other, 'device.token.rotate', { deviceId: own.device.id, scopes: MANAGE });
  const from = gateway.lines.length;
  const running = new Program(program);
  try {
    await pause(aloneMs);
    const refused = await ask(own, 'device.pair.list');
    teller.command('openclaw devices list          (on the same computer)');
    expectStory(!refused.ok, 'the own command line is refused');
    if (!refused.ok) teller.quote(`gateway closed (${refused.code}): ${refused.reason}`);
    teller.at(
      'owner:   it asks for operator.admin, which the rotation took: one more refusal, one more line',
    );
    const list = await ask(other, 'device.pair.list');
    const [request] = list.ok ? list.payload.pending : [];
    teller.command('openclaw devices list          (on the other computer)');
    teller.quote(`${request.requestId}   asks for ${request.scopes.join(' ')}`);
    teller.at(
      'owner:   that id is good for 5 minutes from the first attempt, then the next attempt makes another',
    );
    const askedBefore = running.count('opened');
    teller.command('openclaw devices approve ...   (on the other computer)');
    await ask(other, 'device.pair.approve', { requestId: request.requestId });
    const approvedAtMs = Date.now();
    const hello = await running.hello();
    expectStory(hello.attempt > askedBefore, 'the approval reaches only a later socket');
    const after = await ask(other, 'device.pair.list');
    return {
      withAdmin: reported.count('hello') > 0 ? 'let in' : 'refused',
      attempts: hello.attempt,
      closes: running.count('closed'),
      toldToWait: running.toldToWait,
      logLines: searched(gateway.lines.slice(from)).length,
      requests: list.ok ? list.payload.pending.length : 0,
      ownCommand: refused.ok ? 'works' : 'refused',
      sameSocket: false,
      approvalToHelloMs: hello.atMs - approvedAtMs,
      requestsAfter: after.ok ? after.payload.pending.length : 0,
    };
  } finally {
    await running.stop();
  }
}
