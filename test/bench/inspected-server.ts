/** The process under measurement: a whole gateway, with or without somebody who may look inside. */
import { Inspector } from '../../src/inspect/inspector.ts';
import { type InspectorServer, startInspectorServer } from '../../src/inspect/inspector-server.ts';
import { answerCommands, cpuMicros } from './child.ts';
import { type BenchHouse, openBenchHouse } from './house.ts';

let house: BenchHouse | undefined;
let server: InspectorServer | undefined;

interface Start {
  readonly inspected: boolean;
  readonly parked: number;
}

answerCommands<Start>(
  {
    start: async ({ inspected, parked }) => {
      const inspector = inspected ? new Inspector() : undefined;
      house = await openBenchHouse({
        limits: { parkedPerAddress: parked, parked },
        ...(inspector && { inspect: inspector, onStep: inspector.stepped }),
      });
      server = inspector && (await startInspectorServer(inspector));
      return { url: house.gateway.url, socketUrl: server?.socketUrl };
    },
    approveAll: async () => {
      const open = (await house?.openRequests()) ?? [];
      await Promise.all(open.map((requestId) => house?.approve(requestId)));
    },
    cpu: cpuMicros,
  },
  async () => {
    await server?.stop();
    await house?.stop();
  },
);
