/** The process under measurement: a whole gateway on a SQLite store. */
import type { GatewayOptions } from '../../src/gateway/server.ts';
import { answerCommands, cpuMicros, residentBytes } from './child.ts';
import { type BenchHouse, openBenchHouse } from './house.ts';

let house: BenchHouse | undefined;

function opened(): BenchHouse {
  if (!house) throw new Error('start first');
  return house;
}

answerCommands<Partial<GatewayOptions>>(
  {
    start: async (options) => {
      house = await openBenchHouse(options);
      return { url: house.gateway.url, folder: house.folder };
    },
    approveAll: async () => {
      const open = await opened().openRequests();
      await Promise.all(open.map((requestId) => opened().approve(requestId)));
      return open.length;
    },
    parked: () => opened().gateway.parked(),
    sessions: () => opened().gateway.sessions().length,
    cpu: cpuMicros,
    resident: residentBytes,
  },
  () => house?.stop(),
);
